"""`airflow backfill create` of the nightly DAG with Airflow's own scheduler: past nights, in order, told to nobody."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.errors import UsageError
from dags.airflow_steps import _backfilled, _name
from tests import airflow_processes
from tests.airflow_processes import free_port, running
from tests.journey.logs import call, later, write
from tests.journey.pledge import Pledge
from tests.journey.test_journey_killed import end_state
from tests.slack_server import SlackServer

CHANNEL, OPERATIONS = "C0123456789", "C000OPERATE"
REASON = "the export of March was corrected"
NIGHTS = ("2026-03-03T05:00:00Z", "2026-03-04T05:00:00Z")


@dataclass(frozen=True)
class Scheduler:
    """Airflow's scheduler and API server, over a store of its own and a Slack that writes down what it is told."""

    home: Path
    environment: dict[str, str]
    pledge: Pledge
    slack: SlackServer

    def backfill(self, to_date: str, *more: str) -> list[tuple[Any, ...]]:
        """Begin a backfill from 3 March on and wait for its end; gives (logical date, state) of every DAG run."""
        conf = json.dumps({"reason": REASON})
        days = ("--from-date", "2026-03-03", "--to-date", to_date, "--max-active-runs", "1", "--dag-run-conf", conf)
        begun = self.airflow("backfill", "create", "--dag-id", "nightly", *days, *more)
        assert begun.returncode == 0, begun.stdout + begun.stderr
        late = time.monotonic() + 240
        while any(state not in ("success", "failed") for _, state in self.runs()):
            assert time.monotonic() < late, self.told()
            time.sleep(0.3)
        return self.runs()

    def airflow(self, *arguments: str) -> Any:
        return airflow_processes.airflow(self.home, self.environment, *arguments)

    def runs(self) -> list[tuple[Any, ...]]:
        return self.asked("select logical_date, state from dag_run order by start_date")

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / "airflow.db", timeout=30)) as conn:
            return conn.execute(query).fetchall()

    def told(self) -> str:
        tasks = self.asked("select run_id, task_id, map_index, state, try_number from task_instance")
        logs = sorted((self.home / "logs").rglob("*.log"))
        parts = [(self.home / "scheduler.log"), *logs]
        return f"{tasks}\n" + "\n".join(path.read_text("utf-8", "replace")[-1500:] for path in parts)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    folder, port = tmp_path_factory.mktemp("backfill"), free_port()
    pledge, home = Pledge(folder / "pledge"), folder / "airflow"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch, SlackServer(channels=(CHANNEL, OPERATIONS)) as slack:
        for name in [name for name in os.environ if name.startswith("PLEDGE_")]:
            patch.delenv(name)
        ours = airflow_processes.environment(
            home,
            port,
            AIRFLOW__API__WORKERS="1",
            AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
            AIRFLOW__CORE__PARALLELISM="2",
            AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE="False",  # only the nights of this test
            PLEDGE_INPUT=str(pledge.input),
            PLEDGE_LAKE=str(pledge.lake),
            PLEDGE_STORE=pledge.store,
            PLEDGE_SLACK_TOKEN=slack.token,
            PLEDGE_SLACK_URL=slack.url,
            PLEDGE_SLACK_CHANNEL=CHANNEL,
            PLEDGE_SLACK_OPERATIONS_CHANNEL=OPERATIONS,
        )
        for command in (("db", "migrate"), ("dags", "reserialize")):
            done = airflow_processes.airflow(home, ours, *command)
            assert done.returncode == 0, done.stderr
        with running(home, ours, "api-server", "--port", str(port)), running(home, ours, "scheduler"):
            yield Scheduler(home, ours, pledge, slack)


def calls(day: str, seconds: float) -> list[dict[str, str]]:
    return [call(f"{day}/{n}", later(f"{day} 08:00:00", 300 * n), seconds) for n in range(40)]


def test_two_past_nights_as_by_two_runs(scheduler: Scheduler, tmp_path: Path) -> None:
    alone, ours = Pledge(tmp_path / "alone"), scheduler.pledge
    # A month of kept days: only beside them is the missed one news, which is what is to be muted.
    kept = [f"2026-02-{day:02}" for day in range(1, 29)] + ["2026-03-01"]
    rows = [*(row for day in kept for row in calls(day, 5)), *calls("2026-03-02", 60)]
    for pledge in (ours, alone):
        write(pledge.input, "calls", rows)
    for night in NIGHTS:
        assert alone.run(night).code == 0

    ended = scheduler.backfill("2026-03-05")

    assert [(day[:13], state) for day, state in ended] == [
        ("2026-03-03 05", "success"),
        ("2026-03-04 05", "success"),
    ], scheduler.told()
    assert [row["as_at"] for row in ours.rows("runs")] == list(NIGHTS), "one after the other"
    assert without_announcements(ours) == without_announcements(alone)
    assert {json.loads(row["input_key"])["reason"] for row in ours.rows("runs")} == {REASON}
    assert scheduler.slack.posted(CHANNEL) == []
    # Operations may hear that today's digest is absent, which it is: the DAG run's deadline is long past.
    announced = [row for row in ours.tables()["announcements"] if row["channel"] != OPERATIONS]
    assert {row["state"] for row in announced} == {"suppressed"}
    muted = {str(row["period_start"]) for row in announced if row["measure"] and row["reason"] == f"backfill: {REASON}"}
    assert muted == {"2026-03-02"}


def without_announcements(pledge: Pledge) -> dict[str, Any]:
    return {name: rows for name, rows in end_state(pledge).items() if name not in ("announcements", "alert_health")}


@pytest.mark.parametrize("conf", [None, {}, {"reason": " "}])
def test_a_backfill_without_a_reason_is_refused(conf: dict[str, str] | None) -> None:
    run = SimpleNamespace(run_type="backfill", run_id="backfill__2026", clear_number=0, conf=conf)
    with pytest.raises(UsageError, match="no reason is given"):
        _backfilled(run)
    run.run_type = "scheduled"
    assert _backfilled(run) == {}


def test_a_night_that_is_cleared_by_a_backfill_is_another_run() -> None:
    night = SimpleNamespace(run_type="scheduled", run_id="scheduled__2026", clear_number=0)
    again = SimpleNamespace(run_type="backfill", run_id="scheduled__2026", clear_number=1)
    assert _name(night) == "scheduled__2026" != _name(again)
    again.run_type = "scheduled"
    assert _name(again) == _name(night), "a night whose task is cleared is the same night"
