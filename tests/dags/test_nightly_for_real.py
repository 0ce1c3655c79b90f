"""The DAG `nightly`, run by Airflow itself, with one force's rows damaged in the lake: the other force is recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge

DAGS = Path(__file__).parents[2] / "dags"
STANDARDS = ["policing_pledge_2008", "national_response_standards_2026"]


def airflow(home: Path, pledge: Pledge, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "PLEDGE_"))}
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "0",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "PLEDGE_INPUT": str(pledge.input),
        "PLEDGE_LAKE": str(pledge.lake),
        "PLEDGE_STORE": pledge.store,
        "PLEDGE_NIGHTLY_STANDARDS": " ".join(STANDARDS),
    }
    binary = Path(sys.executable).with_name("airflow")
    return subprocess.run(
        [str(binary), *arguments], env=environment, capture_output=True, text=True, timeout=280, cwd=home
    )


def test_one_force_fails_and_the_other_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PLEDGE_")]:
        monkeypatch.delenv(name)
    pledge, home = Pledge(tmp_path / "pledge"), tmp_path / "airflow"
    home.mkdir()
    ringing = [call(force, "2026-03-03 05:59:55", None, force=force) for force in ("norfolk", "suffolk")]
    write(pledge.input, "calls", ringing)
    assert pledge.run("2026-03-03T06:00:00Z").code == 0
    assert pledge.states("answer_999") == {"norfolk": "pending", "suffolk": "pending"}
    for file in (pledge.lake / "calls").glob("force=norfolk/*/*.parquet"):
        file.write_bytes(b"PAR1 damaged")

    assert airflow(home, pledge, "db", "migrate").returncode == 0
    done = airflow(home, pledge, "dags", "test", "nightly", "2026-03-04T06:00:00+00:00")
    told = done.stdout + done.stderr
    assert "a file of norfolk cannot be read" in told, told[-3000:]
    assert done.returncode == 1, "the DAG run is red"
    assert "state=failed" in told, told[-3000:]
    assert pledge.states("answer_999") == {"norfolk": "pending", "suffolk": "missed"}
    runs = {row["as_at"]: row["status"] for row in pledge.rows("runs")}
    assert runs == {"2026-03-03T06:00:00Z": "done", "2026-03-04T06:00:00Z": "done"}
    judged_by = {row["as_at"]: json.loads(row["standards"]) for row in pledge.rows("runs")}
    assert judged_by["2026-03-04T06:00:00Z"] == STANDARDS
    for standard in STANDARDS:
        figure = pledge.figure("answer_999", "day", "2026-03-03", force="suffolk", standard=standard)
        assert figure["missed"] == 1
    assert {row["force"] for row in pledge.rows("breaches")} == {"suffolk"}
    assert (tmp_path / "pledge" / "published" / "verdicts.csv").is_file()
