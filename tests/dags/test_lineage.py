"""What a night by Airflow tells OpenLineage: a local file gets the events, read back as a lineage server would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from dags.lineage import place
from tests.dags.test_nightly_for_real import AIRFLOW, environment
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge
from tests.slack_server import SlackServer

Event = dict[str, Any]
TASKS = {"admit", "forces", "judge", "record", "announce", "publish", "all_is_well"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pledge, dict[str, list[Event]]]:
    """One night of one force, and the events of each task."""
    folder = tmp_path_factory.mktemp("lineage")
    pledge, home, events = Pledge(folder / "pledge"), folder / "airflow", folder / "events.jsonl"
    home.mkdir()
    broken = call("broken", "2026-03-02 08:10:00", 5, line="998")
    write(pledge.input, "calls", [*(call(f"c{n}", f"2026-03-02 0{n}:00:00", 5 + n) for n in range(9)), broken])
    write(pledge.input, "incidents", [incident("i1", "2026-03-02 09:00:00")])
    with SlackServer() as slack:
        ours = {name: value for name, value in environment(home, pledge, slack).items() if "SLACK" not in name}
    ours.pop("AIRFLOW_TEST_WITH_DEADLINE")
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    ours |= {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport), "AIRFLOW__OPENLINEAGE__NAMESPACE": "pledge"}
    night = ("dags", "test", "nightly", "2026-03-03T06:00:00+00:00")
    for arguments in (("db", "migrate"), night):
        done = subprocess.run([AIRFLOW, *arguments], env=ours, capture_output=True, text=True, timeout=280, cwd=home)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    found: dict[str, list[Event]] = defaultdict(list)
    for line in events.read_text("utf-8").splitlines():
        event = json.loads(line)
        found[event["job"]["name"]].append(event)
    return pledge, found


def completed(told: tuple[Pledge, dict[str, list[Event]]], task: str) -> Event:
    [event] = [event for event in told[1][f"nightly.{task}"] if event["eventType"] == "COMPLETE"]
    return event


def named(datasets: list[Event]) -> dict[str, Event]:
    return {Path(each["name"]).name.removeprefix("pledge.sqlite."): each for each in datasets}


def test_every_task_starts_and_completes_as_one_run_of_the_dag(told: tuple[Pledge, dict[str, list[Event]]]) -> None:
    events = told[1]
    assert {name.partition(".")[2] for name in events} >= TASKS
    for task in TASKS:
        kinds = [event["eventType"] for event in events[f"nightly.{task}"]]
        assert sorted(kinds) == ["COMPLETE", "START"], task
        assert len({event["run"]["runId"] for event in events[f"nightly.{task}"]}) == 1
    parents = {completed(told, task)["run"]["facets"]["parent"]["run"]["runId"] for task in TASKS}
    assert len(parents) == 1


def test_what_was_delivered_and_how_good_it_was(told: tuple[Pledge, dict[str, list[Event]]]) -> None:
    pledge, event = told[0], completed(told, "admit")
    read, written = named(event["inputs"]), named(event["outputs"])
    assert set(read) == {"calls.csv", "incidents.csv"} and set(written) >= {"calls", "incidents"}
    calls = read["calls.csv"]
    assert (calls["namespace"], calls["name"]) == ("file", str(pledge.input / "calls.csv"))
    assert calls["inputFacets"]["dataQualityMetrics"]["rowCount"] == 10
    said = {each["name"]: each for each in calls["inputFacets"]["dataQualityAssertions"]["assertions"]}
    assert (said["rows_quarantined"]["success"], said["rows_quarantined"]["actual"]) == (False, "1")
    assert said["delivery_fitness"]["success"]
    [refused] = [each for name, each in said.items() if name.endswith("(value_set:line)")]
    assert (refused["success"], refused["column"]) == (False, "line")
    assert written["calls"]["outputFacets"]["outputStatistics"]["rowCount"] == 9
    assert written["calls"]["facets"]["version"]["datasetVersion"] == str(pledge.versions()["calls"])
    assert "answered_at" in {each["name"] for each in written["calls"]["facets"]["schema"]["fields"]}
    assert "broken" not in json.dumps(event), "no reference of a record leaves the house"


def test_from_the_logs_to_the_cases_to_the_verdicts(told: tuple[Pledge, dict[str, list[Event]]]) -> None:
    pledge = told[0]
    judged, recorded, published = (completed(told, task) for task in ("judge", "record", "publish"))
    assert {"calls", "incidents"} <= set(named(judged["inputs"]))
    assert set(named(judged["outputs"])) == {"cases"}
    assert {"calls", "cases"} <= set(named(recorded["inputs"]))
    version = named(recorded["inputs"])["cases"]["facets"]["version"]["datasetVersion"]
    assert version == str(pledge.versions()["cases"])
    verdicts = named(recorded["outputs"])["verdicts"]
    assert verdicts["outputFacets"]["outputStatistics"]["rowCount"] == len(pledge.rows("verdicts"))
    figures = named(published["inputs"])["verdicts"]
    assert (figures["namespace"], figures["name"]) == (verdicts["namespace"], verdicts["name"])
    said = figures["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert any("answer_999" in each["name"] for each in said)
    assert set(named(published["outputs"])) == {"commitments.csv", "verdicts.csv"}


def test_where_a_dataset_is() -> None:
    assert place("/data/lake/calls") == ("file", "/data/lake/calls")
    assert place("s3://bucket/lake/calls") == ("s3://bucket", "lake/calls")
    assert place("https://user:secret@calls.example/api")[0] == "https://user:***@calls.example"


_NOT_CONFIGURED = """
import sys
from dags.lineage_task import is_configured
assert not is_configured()
print(sorted(name for name in sys.modules if name.startswith(("openlineage", "dags.lineage"))))
"""


def test_without_a_transport_nothing_is_loaded(tmp_path: Path) -> None:
    with SlackServer() as slack:
        ours = environment(tmp_path, Pledge(tmp_path / "pledge"), slack)
    done = subprocess.run([sys.executable, "-c", _NOT_CONFIGURED], env=ours, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['dags.lineage_task']"
