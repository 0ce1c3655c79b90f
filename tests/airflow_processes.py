"""Airflow's own processes for tests: an environment of their own, started and ended whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

DAGS = Path(__file__).parents[1] / "dags"
AIRFLOW = str(Path(sys.executable).with_name("airflow"))


def environment(home: Path, port: int = 0, **more: str) -> dict[str, str]:
    """The environment of an Airflow that lives in `home` and knows nothing of the one of whoever runs the tests."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW_", "PLEDGE_")) and not name.lower().endswith("_proxy")
    }
    return ours | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "0",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{port}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of this test and of nothing else beside it",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        **more,
    }


def airflow(home: Path, ours: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run([AIRFLOW, *arguments], env=ours, capture_output=True, text=True, timeout=280, cwd=home)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(home: Path, ours: Mapping[str, str], *arguments: str, name: str = "") -> Iterator[Path]:
    """A part of Airflow as a process group of its own, ended whatever happens; yields the file of what it says."""
    said = home / f"{name or arguments[0]}.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [AIRFLOW, *arguments], env=ours, cwd=home, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield said
        finally:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, sign)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(5)
