"""`make containers`: the image is built, the services become healthy, and a night in them finds what one process finds.

Needs an engine with Compose 2, the images of docker/compose.yaml and a package index; takes twenty minutes.
In the second night the queue of tasks is lost while a worker judges: Airflow queues what waited in it again after ten.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.airflow_processes import free_port
from tests.journey.pledge import Pledge
from tests.journey.test_journey_celery import FIRST_NIGHT, SECOND_NIGHT, figures, ring, until

pytestmark = pytest.mark.skipif(not os.environ.get("CONTAINERS"), reason="needs an engine: make containers")

ROOT = Path(__file__).parents[2]
NOT_OF_THE_BUILD = shutil.ignore_patterns(".*", "__pycache__", "secrets", "input", "tests")
ONLY_THESE_NIGHTS = """
services:
  airflow-scheduler: {environment: {AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE: "False"}}
"""
LONG_RUNNING = (
    "airflow-api",
    "airflow-dag-processor",
    "airflow-scheduler",
    "airflow-triggerer",
    "airflow-worker",
    "site",
)


@dataclass(frozen=True)
class Containers:
    """The project of Compose in `folder`; its site answers on `site_port`."""

    folder: Path
    site_port: int

    @property
    def input(self) -> Path:
        return self.folder / "docker" / "input"

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        files = ("--file", "docker/compose.yaml", "--file", "docker/of-the-test.yaml")
        command = ["docker", "compose", *files, "--project-name", "pledge-tried", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return done.stdout

    def inside(self, service: str, *command: str) -> str:
        return self.compose("exec", "--no-TTY", service, *command)

    def rows(self, command: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.inside("airflow-worker", "pledge", command, "--format", "json"))
        return found

    def site(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.site_port}/", timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def asked(self, query: str) -> str:
        return self.inside(
            "postgres", "psql", "--username", "postgres", "--tuples-only", "--no-align", "airflow", "-c", query
        )

    def night(self, logical_date: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        run = f"night_{logical_date[:10]}"
        trigger = ("airflow", "dags", "trigger", "nightly", "--run-id", run, "--logical-date", logical_date)
        self.inside("airflow-scheduler", *trigger)
        meanwhile()
        query = f"select state from dag_run where run_id = '{run}'"
        until(lambda: self.asked(query).strip() in ("success", "failed"), 900)
        tasks = self.asked(f"select task_id, map_index, state, try_number from task_instance where run_id = '{run}'")
        assert self.asked(query).strip() == "success", tasks


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    folder = tmp_path_factory.mktemp("containers") / "clone"
    shutil.copytree(ROOT, folder, ignore=NOT_OF_THE_BUILD)
    shutil.copy(ROOT / ".dockerignore", folder)
    subprocess.run(["docker/make-secrets.sh"], cwd=folder, check=True, capture_output=True)
    tried = Containers(folder, free_port())
    example = (ROOT / "docker" / ".env.example").read_text("utf-8")
    ports = f"AIRFLOW_PORT={free_port()}\nSITE_PORT={tried.site_port}\nIMAGE_VERSION=0.1.0-tried\n"
    (folder / "docker" / ".env").write_text(example + ports)
    (folder / "docker" / "of-the-test.yaml").write_text(ONLY_THESE_NIGHTS)
    tried.input.mkdir()
    try:
        tried.compose("up", "--build", "--detach", "--wait", "--wait-timeout", "600", seconds=1800)
        yield tried
    finally:
        tried.compose("down", "--volumes", "--timeout", "5")


def test_a_night_in_containers(containers: Containers, tmp_path: Path) -> None:
    for service in LONG_RUNNING:
        assert containers.inside(service, "id", "-u").strip() == "50000"
        with pytest.raises(AssertionError, match="Read-only file system"):
            containers.inside(service, "touch", "/opt/policing-pledge/written")
    assert containers.site() == 503

    alone = Pledge(tmp_path / "alone")
    ring(alone, 3, date(2026, 3, 3))
    shutil.copytree(alone.input, containers.input, dirs_exist_ok=True)
    containers.inside("airflow-scheduler", "airflow", "dags", "unpause", "nightly")
    containers.night(FIRST_NIGHT)
    assert alone.run(FIRST_NIGHT).code in (0, 1)
    assert figures(containers) == figures(alone)
    assert containers.site() == 200

    ring(alone, 4, date(2026, 3, 4))
    shutil.copytree(alone.input, containers.input, dirs_exist_ok=True)

    def lose_the_queue() -> None:
        judging = "select count(*) from task_instance where task_id = 'judge' and state = 'running'"
        until(lambda: int(containers.asked(judging)), 300)
        containers.compose("kill", "valkey")
        time.sleep(5)
        containers.compose("up", "--detach", "valkey")

    containers.night(SECOND_NIGHT, lose_the_queue)
    assert alone.run(SECOND_NIGHT).code in (0, 1)
    assert figures(containers) == figures(alone)
    assert "The chain holds" in containers.inside("airflow-worker", "pledge", "verify")

    told = containers.compose("logs", "--no-color")
    secrets = [path for path in (containers.folder / "docker" / "secrets").iterdir() if path.read_text()]
    assert secrets
    assert [path.name for path in secrets if path.read_text() in told] == []
    assert "Traceback" not in containers.compose("logs", "--no-color", "site")
