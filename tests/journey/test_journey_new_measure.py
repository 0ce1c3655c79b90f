"""An eleventh measure: one SQL file, one test, one line of a standard, and nothing else is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journey.logs import call, write

ROOT = Path(__file__).parents[2]
PARTS = ("checks", "connectors", "dags", "expectations", "tests")
NAME = "answer_switchboard"

SQL = """\
-- answer_switchboard: switchboard calls answered in time
-- Commitment:  6
-- Promise:     Answer calls to the switchboard as promptly as any other.
-- Case:        A call through the switchboard that was presented to the force.
-- Clock:       Received to answered by a person.
-- Limit:       20 seconds.
-- Leaves out:  Test, phantom and dropped calls; calls abandoned inside the limit.
-- Needs:       calls.received_at, calls.answered_at, calls.abandoned_at
-- Switches:    limit = within | under; abandoned = short_excluded | answered_only | all_offered
-- Source:      The force's own service standard.
select * from answering where line = 'switchboard'
"""

TEST = '''\
"""Switchboard calls answered in time: rows in, states out; the last one is on the morning the clocks change."""

from __future__ import annotations

import pytest

from checks.standard import Limit
from tests.checks.oracle.calls import answer_non_emergency
from tests.checks.oracle.states import Asked, Judged, Row
from tests.spec import check, rule

LIMIT = {"": Limit(20, "seconds")}
LIMITS = (LIMIT, {})
LIKELY = {"line": "switchboard"}


def oracle(call: Row, asked: Asked) -> Judged | None:
    return answer_non_emergency(call, asked) if call["line"] == "switchboard" else None


def test_states() -> None:
    check(
        """
        calls
        call_id  | line        | received_at               | answered_at               | ended_at | => state
        on_time  | switchboard | 12:00:00                  | 12:00:20                  |          | met
        late     | switchboard | 12:00:00                  | 12:00:20.000001           |          | missed
        lost     | switchboard | 12:00:00                  |                           | 12:09:00 | unknown
        in_march | switchboard | 2025-03-30T00:59:50+00:00 | 2025-03-30T02:00:05+01:00 |          | met

        calls
        call_id | line | received_at | answered_at
        other   | 101  | 12:00:00    | 12:00:05
        """,
        rule("answer_switchboard", LIMIT),
    )


@pytest.mark.parametrize(
    ("switch", "value", "state"),
    [
        ("limit", "under", "missed"),
        ("abandoned", "answered_only", "met"),
        ("abandoned", "all_offered", "met"),
        ("unknown", "as_missed", "met"),
    ],
)
def test_switches(switch: str, value: str, state: str) -> None:
    check(
        f"""
        calls
        call_id | line        | received_at | answered_at | => state
        a       | switchboard | 12:00:00    | 12:00:20    | {state}
        """,
        rule("answer_switchboard", LIMIT, **{switch: value}),
    )
'''

STANDARD = """\
name: switchboard_standard
title: Switchboard standard
publisher: Norfolk Constabulary
source: Invented for a test
in_force: {from: 2026-01-01}
measures:
"""
LINE = (
    "  - {measure: answer_switchboard, limit: 20 seconds, target: 90 %, target_source: Ours, minimum_n: 2, "
    "definition: {limit: within, abandoned: short_excluded}, source: Page 1}\n"
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code with the three additions."""
    copy = tmp_path_factory.mktemp("repository")
    for part in PARTS:
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "checks" / "commitments" / f"{NAME}.sql").write_text(SQL)
    (copy / "tests" / "checks" / "commitments" / f"test_{NAME}.py").write_text(TEST)
    (copy / "standards").mkdir()
    (copy / "standards" / "2026-01-01_switchboard.yaml").write_text(STANDARD + LINE)
    return copy


def python(repository: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLEDGE_", "PYTEST_"))}
    environment = kept | {"PYTHONPATH": str(repository), "PLEDGE_STANDARDS": str(repository / "standards"), **more}
    return subprocess.run(
        [sys.executable, *arguments], cwd=repository, env=environment, capture_output=True, text=True, timeout=280
    )


def pledge(repository: Path, *arguments: str) -> str:
    done = python(repository, "-c", "from dags.cli import main; main()", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_judged(repository: Path, tmp_path: Path) -> None:
    seconds = (5, 20, 19, 21)
    calls = [call(f"c{n}", f"2026-03-01 10:0{n}:00", s, line="switchboard") for n, s in enumerate(seconds)]
    write(tmp_path, "calls", calls)
    places = (
        "--lake",
        str(tmp_path / "lake"),
        "--store",
        f"sqlite:///{tmp_path / 'pledge.sqlite'}",
        "--format",
        "json",
    )
    judged = ("--input", str(tmp_path), "--as-at", "2026-04-01T06:00:00Z", "--standard", "switchboard_standard")
    rows = json.loads(pledge(repository, "run", *judged, *places))
    figures = {(r["force"], r["period"]): r for r in rows if r["measure"] == NAME and not r["area"]}
    month = figures["norfolk", "month"]
    told = [month[name] for name in ("commitment", "cases", "met", "missed", "target", "verdict")]
    assert told == [6, 4, 3, 1, 0.9, "missed"]
    recorded = json.loads(pledge(repository, "sensitivity", "--recorded", "--measure", NAME, *places))
    assert {row["definition"]["limit"]: row["met"] for row in recorded if row["changed"] in ("", "limit")} == {
        "within": 3, "under": 2,
    }  # fmt: skip


def test_it_passes_the_tests_every_measure_passes(repository: Path) -> None:
    tests = [f"tests/checks/commitments/test_{NAME}.py", "tests/checks/test_completeness.py"]
    more = "tests/checks/test_oracle_properties.py"
    done = python(repository, "-m", "pytest", *tests, more, "-k", f"{NAME} or switches or states", "-p", "no:randomly",
                  PLEDGE_ORACLE_EXAMPLES="3")  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_readme_says_these_steps() -> None:
    said = (ROOT / "README.md").read_text("utf-8").split("## Add a measure")[1].split("\n## ")[0]
    for place in ("checks/commitments/", "tests/checks/commitments/", "PLEDGE_STANDARDS"):
        assert place in said
    assert len([line for line in said.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")]) == 3
