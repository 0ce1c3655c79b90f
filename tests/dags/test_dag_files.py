"""The DAG files: all of them import, cheaply, and say what Airflow has to know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

DAGS = Path(__file__).parents[2] / "dags"
EXPECTED = {"monthly", "nightly", "watch"}

_LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
heavy = [name for name in ("great_expectations", "duckdb", "pandas", "deltalake", "slack_sdk") if name in sys.modules]
print("ANSWER" + json.dumps({
    "errors": {path: text.splitlines()[-1] for path, text in bag.import_errors.items()},
    "heavy": heavy,
    "dags": {dag.dag_id: {"max_active_runs": dag.max_active_runs, "catchup": dag.catchup, "tasks": {
        task.task_id: {"retries": task.retries, "timeout": task.execution_timeout is not None,
            "rule": str(task.trigger_rule), "after": sorted(task.upstream_task_ids)}
        for task in dag.tasks}} for dag in bag.dags.values()},
}))
"""


def _looked_at(home: Path) -> dict[str, dict[str, object]]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(DAGS)], env=environment, capture_output=True, text=True, timeout=120
    )
    answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert answers, done.stderr[-2000:]
    return json.loads(answers[-1].removeprefix("ANSWER"))


def test_every_dag_file_imports_and_says_what_airflow_needs(tmp_path: Path) -> None:
    seen = _looked_at(tmp_path)
    assert seen["errors"] == {}
    assert set(seen["dags"]) == EXPECTED
    assert seen["heavy"] == [], "parsing a DAG file must not import what only its tasks need"
    nightly = seen["dags"]["nightly"]
    assert nightly["max_active_runs"] == 1
    assert nightly["catchup"] is False
    tasks = nightly["tasks"]
    assert set(tasks) == {"admit", "forces", "judge", "record", "announce", "publish", "all_is_well"}
    assert all(task["retries"] >= 1 and task["timeout"] for task in tasks.values())
    assert tasks["judge"]["after"] == ["admit", "forces"]
    assert "judge" in tasks["record"]["after"]
    assert tasks["record"]["rule"].lower().endswith("all_done"), "one force that fails does not stop the rest"
    assert "record" in tasks["announce"]["after"]
    assert "announce" in tasks["publish"]["after"]
    assert set(tasks["all_is_well"]["after"]) >= {"judge", "publish"}, "the last task is red with any force"
    assert tasks["all_is_well"]["rule"].lower().endswith("none_failed")
    monthly = seen["dags"]["monthly"]
    assert monthly["catchup"] is False
    assert set(monthly["tasks"]) == {"nights", "ask_registrar", "sign", "publish"}
    assert set(monthly["tasks"]["sign"]["after"]) == {"nights", "ask_registrar"}
    assert monthly["tasks"]["publish"]["after"] == ["sign"], "nothing is published that nobody signed"
    watch = seen["dags"]["watch"]
    assert watch["max_active_runs"] == 1 and watch["catchup"] is False
    assert watch["tasks"]["look"]["timeout"] and watch["tasks"]["look"]["retries"] == 0


def test_dag_files_stay_short_and_only_they_are_looked_at() -> None:
    dag_files = {path.stem for path in DAGS.glob("*.py") if "@dag(" in path.read_text("utf-8")}
    assert dag_files == EXPECTED
    wanted = [
        line.removeprefix("!") for line in (DAGS / ".airflowignore").read_text("utf-8").splitlines() if line[0] == "!"
    ]
    assert {Path(name).stem for name in wanted} == EXPECTED
    for stem in dag_files:
        assert len((DAGS / f"{stem}.py").read_text("utf-8").splitlines()) <= 60, stem
