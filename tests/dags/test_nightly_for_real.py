"""The DAG `nightly`, run by Airflow itself, with one force's rows damaged in the lake: the other force is recorded,
operations hear of the failure, and of the digest that is overdue; OpenLineage is told what was read and written."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import airflow_processes
from tests.airflow_processes import free_port, running
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge
from tests.slack_server import SlackServer

CHANNEL, OPERATIONS = "C0123456789", "C000OPERATE"
Event = dict[str, Any]
EVENTS = "lineage.jsonl"
STANDARDS = ["policing_pledge_2008", "national_response_standards_2026"]


def environment(home: Path, pledge: Pledge, slack: SlackServer, port: int = 0) -> dict[str, str]:
    return airflow_processes.environment(
        home,
        port,
        AIRFLOW_TEST_WITH_DEADLINE="1",  # the night fails: only a run that succeeds cannot have one here
        AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(
            {"type": "file", "log_file_path": str(home / EVENTS), "append": True}
        ),
        PLEDGE_INPUT=str(pledge.input),
        PLEDGE_LAKE=str(pledge.lake),
        PLEDGE_STORE=pledge.store,
        PLEDGE_NIGHTLY_STANDARDS=" ".join(STANDARDS),
        PLEDGE_SLACK_TOKEN=slack.token,
        PLEDGE_SLACK_URL=slack.url,
        PLEDGE_SLACK_CHANNEL=CHANNEL,
        PLEDGE_SLACK_OPERATIONS_CHANNEL=OPERATIONS,
    )


@dataclass(frozen=True)
class Night:
    """What a night by Airflow left; `said` is what `airflow dags test` printed."""

    home: Path
    pledge: Pledge
    slack: SlackServer
    said: str
    code: int


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Two forces ring; on the second night the rows of one cannot be read."""
    folder = tmp_path_factory.mktemp("night")
    pledge, home = Pledge(folder / "pledge"), folder / "airflow"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch, SlackServer(channels=(CHANNEL, OPERATIONS)) as slack:
        for name in [name for name in os.environ if name.startswith("PLEDGE_")]:
            patch.delenv(name)
        ringing = [call(force, "2026-03-03 05:59:55", None, force=force) for force in ("norfolk", "suffolk")]
        write(pledge.input, "calls", ringing)
        assert pledge.run("2026-03-03T06:00:00Z").code == 0
        assert pledge.states("answer_999") == {"norfolk": "pending", "suffolk": "pending"}
        for file in (pledge.lake / "calls").glob("force=norfolk/*/*.parquet"):
            file.write_bytes(b"PAR1 damaged")
        refused = incident("i-refused", "2026-03-03 09:10:00", force="suffolk", grade_first="urgent")
        write(pledge.input, "incidents", [incident("i1", "2026-03-03 09:00:00", force="suffolk"), refused])
        assert airflow(home, pledge, slack, "db", "migrate").returncode == 0
        done = airflow(home, pledge, slack, "dags", "test", "nightly", "2026-03-04T06:00:00+00:00")
        yield Night(home, pledge, slack, done.stdout + done.stderr, done.returncode)


def airflow(home: Path, pledge: Pledge, slack: SlackServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return airflow_processes.airflow(home, environment(home, pledge, slack), *arguments)


def test_one_force_fails_and_the_other_is_recorded(night: Night) -> None:
    pledge = night.pledge
    assert "its bytes are not those its run sealed" in night.said, night.said[-3000:]
    assert night.code == 1, "the DAG run is red"
    assert "state=failed" in night.said, night.said[-3000:]
    assert pledge.states("answer_999") == {"norfolk": "pending", "suffolk": "missed"}
    runs = {row["as_at"]: row["status"] for row in pledge.rows("runs")}
    assert runs == {"2026-03-03T06:00:00Z": "done", "2026-03-04T06:00:00Z": "done"}
    judged_by = {row["as_at"]: json.loads(row["standards"]) for row in pledge.rows("runs")}
    assert judged_by["2026-03-04T06:00:00Z"] == STANDARDS
    for standard in STANDARDS:
        figure = pledge.figure("answer_999", "day", "2026-03-03", force="suffolk", standard=standard)
        assert figure["missed"] == 1
    assert {row["force"] for row in pledge.rows("breaches")} == {"suffolk"}
    assert (pledge.folder / "published" / "verdicts-2026.csv").is_file()


def test_a_task_that_failed_is_told_to_operations_alone(night: Night) -> None:
    failures = [each["text"] for each in night.slack.posted(OPERATIONS) if "judge failed" in each["text"]]
    assert len(failures) == 1 and failures[0].startswith("Pipeline: judge failed for norfolk"), failures
    assert "its bytes are not those its run sealed" in failures[0] and "Traceback" not in failures[0]
    digest = [each["text"] for each in night.slack.posted(CHANNEL)]
    assert len(digest) == 1 and "Pipeline" not in digest[0], "a failure of the pipeline is no news of a promise"


def lineage(night: Night, task: str, ending: str = "COMPLETE") -> Event:
    """The event by which a task ended, as a lineage server reads it."""
    events = map(json.loads, (night.home / EVENTS).read_text("utf-8").splitlines())
    [event] = [each for each in events if (each["job"]["name"], each["eventType"]) == (f"nightly.{task}", ending)]
    return event


def by_name(datasets: list[Event]) -> dict[str, Event]:
    return {Path(each["name"]).name.removeprefix("pledge.sqlite."): each for each in datasets}


def test_every_task_starts_and_ends_in_openlineage(night: Night) -> None:
    told: dict[tuple[str, str], list[str]] = {}
    for line in (night.home / EVENTS).read_text("utf-8").splitlines():
        event = json.loads(line)
        told.setdefault((event["job"]["name"], event["run"]["runId"]), []).append(event["eventType"])
    kinds = sorted((name, *sorted(each)) for (name, _), each in told.items() if "." in name)
    well = [(f"nightly.{task}", "COMPLETE", "START") for task in ("admit", "announce", "forces", "publish", "record")]
    judged = [("nightly.judge", "COMPLETE", "START"), ("nightly.judge", "FAIL", "START")]
    assert kinds == sorted([*well, *judged])


def test_openlineage_hears_what_was_delivered_and_how_good_it_was(night: Night) -> None:
    event = lineage(night, "admit")
    [delivered], [log] = event["inputs"], event["outputs"]  # the calls had come before
    assert (delivered["namespace"], delivered["name"]) == ("file", str(night.pledge.input / "incidents.csv"))
    assert delivered["inputFacets"]["dataQualityMetrics"]["rowCount"] == 2
    said = {each["name"]: each for each in delivered["inputFacets"]["dataQualityAssertions"]["assertions"]}
    assert (said["rows_quarantined"]["success"], said["rows_quarantined"]["actual"]) == (False, "1")
    assert said["delivery_fitness"]["success"]
    [refused] = [each for name, each in said.items() if name.endswith("(value_set:grade_first)")]
    assert (refused["success"], refused["column"]) == (False, "grade_first")
    assert log["name"] == str(night.pledge.lake / "incidents")
    assert log["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert log["facets"]["version"]["datasetVersion"] == str(night.pledge.versions()["incidents"])
    assert "arrived_at" in {each["name"] for each in log["facets"]["schema"]["fields"]}
    assert "i-refused" not in json.dumps(event), "no reference of a record is told"


def test_openlineage_leads_from_the_logs_to_the_verdicts(night: Night) -> None:
    judged, recorded, published = (lineage(night, task) for task in ("judge", "record", "publish"))
    assert set(by_name(judged["inputs"])) == {"calls", "incidents"}
    assert set(by_name(judged["outputs"])) == {"cases"}
    read = by_name(recorded["inputs"])
    assert set(read) == {"calls", "incidents", "cases"}
    assert read["cases"]["facets"]["version"]["datasetVersion"] == str(night.pledge.versions()["cases"])
    verdicts = by_name(recorded["outputs"])["verdicts"]
    run = night.pledge.rows("runs")[-1]["run_id"]
    added = [row for row in night.pledge.rows("verdicts") if row["run_id"] == run]
    assert verdicts["outputFacets"]["outputStatistics"]["rowCount"] == len(added)
    figures = by_name(published["inputs"])["verdicts"]
    assert (figures["namespace"], figures["name"]) == (verdicts["namespace"], verdicts["name"])
    said = figures["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert any("(answer_999)" in each["name"] for each in said)
    assert set(by_name(published["outputs"])) >= {"commitments-2026.csv", "verdicts-2026.csv"}


def test_the_deadline_of_the_digest_is_met_by_airflows_scheduler(night: Night) -> None:
    """The run's deadline is long past and today's digest was not said: the scheduler has the callback run."""
    if not _is_after_half_past_six():
        pytest.skip("today's digest is not due yet")
    port = free_port()
    home, ours = night.home, environment(night.home, night.pledge, night.slack, port)
    with running(home, ours, "api-server", "--port", str(port)), running(home, ours, "scheduler"):
        late = time.monotonic() + 120
        while time.monotonic() < late and not (told := _overdue(night)):
            time.sleep(0.5)
    assert len(told) == 1 and "No run has got as far as announcing it" in told[0]


def _overdue(night: Night) -> list[str]:
    return [each["text"] for each in night.slack.posted(OPERATIONS) if "is absent" in each["text"].splitlines()[0]]


def _is_after_half_past_six() -> bool:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    local = datetime.now(ZoneInfo("Europe/London"))
    return (local.hour, local.minute) >= (6, 30)
