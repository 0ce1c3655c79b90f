"""What `pledge doctor` asks Airflow, in a process of its own: do the DAGs import, where does it look for them?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dags.doctor import OK, WARN, WRONG, Line, Patient

DAGS = Path(__file__).parent
WAIT_SECONDS = 60
ASK = """
import json, sys
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
otel = conf.getboolean("metrics", "otel_on", fallback=False)
print("ANSWER" + json.dumps({
    "folder": conf.get("core", "dags_folder"),
    "errors": {path: text.strip().splitlines()[-1] for path, text in bag.import_errors.items()},
    "deadlines": {dag.dag_id: bool(dag.deadline) for dag in bag.dags.values()},
    "metrics": "OpenTelemetry" if otel else "StatsD" if conf.getboolean("metrics", "statsd_on", fallback=False) else "",
}))
"""


def _airflow(patient: Patient) -> Iterator[Line]:
    if not _is_set_up(patient):
        found = "not set up here (neither AIRFLOW_HOME nor AIRFLOW__… is set)"
        yield Line(OK, "airflow", f"{found}; `pledge run` needs none")
        return
    answer = _asked(patient)
    if answer is None:
        yield Line(WRONG, "airflow", "it does not say how it is set up", "Say `airflow info` to see why.")
        return
    yield from _told(answer, patient)


def _is_set_up(patient: Patient) -> bool:
    return any(name == "AIRFLOW_HOME" or name.startswith("AIRFLOW__") for name in patient.environ)


def _asked(patient: Patient) -> dict[str, Any] | None:
    try:
        done = subprocess.run(
            [sys.executable, "-c", ASK, str(DAGS)],
            env={**patient.environ},
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    return json.loads(answers[-1].removeprefix("ANSWER")) if answers else None


def _told(answer: dict[str, Any], patient: Patient) -> Iterator[Line]:
    for path, error in answer["errors"].items():
        yield Line(WRONG, "airflow", f"{Path(path).name} does not import: {error}", "Mend what it says.")
    if not answer["errors"]:
        yield Line(OK, "airflow", f"the DAGs {', '.join(sorted(answer['deadlines']))} import")
    if Path(answer["folder"]).resolve() != DAGS.resolve():
        mend = f"Set AIRFLOW__CORE__DAGS_FOLDER={DAGS}, unless a bundle has it."
        yield Line(WARN, "airflow", f"it looks for DAGs in {answer['folder']}", mend)
    if answer["deadlines"].get("nightly") and not patient.settings.slack_operations_channel:
        found = "a night that is late by 06:30 is told to nobody"
        yield Line(WARN, "airflow", found, "Set PLEDGE_SLACK_OPERATIONS_CHANNEL.")
    if not (patient.settings.input or patient.settings.nightly_sources):
        found = "the nightly DAG has nothing to read"
        yield Line(WRONG, "airflow", found, "Set PLEDGE_INPUT or PLEDGE_NIGHTLY_SOURCES.")
    if patient.environ.get("AIRFLOW__CORE__EXECUTOR") == "SequentialExecutor":
        yield Line(WARN, "airflow", "its executor runs one task at a time", "Use LocalExecutor or Celery.")
    metrics = answer["metrics"]
    yield Line(OK, "airflow", f"metrics go to {metrics}" if metrics else "metrics are sent nowhere (README, Metrics)")


CHECKS = (("airflow", _airflow),)
