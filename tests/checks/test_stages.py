"""Where the delay is: the stages of attendance over rows whose times are known."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from checks.database import connect
from checks.judging import Window, prepare
from checks.stages import STAGES, stages
from tests.spec import AS_AT, FORCE, ZONE, delivered, tables

WHOLE = Window(AS_AT)


def found(folder: Path, text: str, window: Window = WHOLE) -> dict[tuple[Any, ...], dict[str, Any]]:
    logs = tables(text)[0]
    con = connect(threads=1)
    prepare(con, window, {FORCE: ZONE}, {log: [delivered(folder, log, rows)] for log, rows in logs.items()})
    rows = stages(con)
    con.close()
    return {(row["measure"], row["area"], row["month"], row["stage"]): row for row in rows}


JANUARY = date(2026, 1, 1)
TWO = """
calls
call_id | received_at | answered_at
c1      | 12:00:00    | 12:00:20

incidents
incident_id | call_id | area | received_at | created_at | dispatched_at | arrived_at
i1          | c1      | A    | 12:00:00    | 12:02:00   | 12:10:00      | 12:15:00
i2          |         | B    | 13:00:00    | 13:01:00   | 13:05:00      | 13:20:00
"""


def test_every_stage_by_hand(tmp_path: Path) -> None:
    rows = found(tmp_path, TWO)
    force = {stage: rows["attend_emergency", "", JANUARY, stage] for stage in STAGES}
    assert {stage: row["n"] for stage, row in force.items()} == {"answer": 1, "grade": 2, "dispatch": 2, "travel": 2}
    means = {"answer": 20.0, "grade": 80.0, "dispatch": 360.0, "travel": 600.0}
    assert {stage: row["mean_seconds"] for stage, row in force.items()} == means
    assert {stage: row["share"] for stage, row in force.items()} == {
        stage: pytest.approx(mean / sum(means.values())) for stage, mean in means.items()
    }
    assert [stage for stage, row in force.items() if row["costs_most"]] == ["travel"]
    assert (force["dispatch"]["p50_seconds"], force["dispatch"]["p90_seconds"]) == (360.0, 456.0)


def test_the_call_is_not_counted_twice(tmp_path: Path) -> None:
    """The incident began with its call: answering took 20 of the 120 seconds until it was created."""
    rows = found(tmp_path, TWO)
    assert rows["attend_emergency", "A", JANUARY, "grade"]["mean_seconds"] == 100.0
    total = sum(rows["attend_emergency", "A", JANUARY, stage]["mean_seconds"] for stage in STAGES)
    assert total == 15 * 60


def test_areas_have_their_own_longest_stage(tmp_path: Path) -> None:
    rows = found(tmp_path, TWO)
    assert rows["attend_emergency", "A", JANUARY, "dispatch"]["costs_most"]
    assert rows["attend_emergency", "B", JANUARY, "travel"]["costs_most"]
    assert ("attend_emergency", "B", JANUARY, "answer") not in rows


def test_what_ends_before_it_begins_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = found(
        tmp_path,
        """
        incidents
        incident_id | received_at | created_at | dispatched_at | arrived_at
        i1          | 12:00:00    | 12:01:00   | 12:00:30      | 12:10:30
        i2          | 13:00:00    | 13:01:00   | 13:03:00      | 13:10:00
        i3          | 14:00:00    |            | 14:03:00      | 14:10:00
        """,
    )
    dispatch = rows["attend_emergency", "", JANUARY, "dispatch"]
    assert (dispatch["n"], dispatch["left_out"], dispatch["mean_seconds"]) == (1, 1, 120.0)
    travel = rows["attend_emergency", "", JANUARY, "travel"]
    assert (travel["n"], travel["left_out"]) == (3, 0)


def test_only_attended_incidents_of_a_promise_count(tmp_path: Path) -> None:
    rows = found(
        tmp_path,
        """
        incidents
        incident_id | origin  | grade_first | vulnerable | duplicate_of | received_at | created_at | arrived_at
        kept        | public  | priority    | true       |              | 12:00:00    | 12:01:00   | 12:10:00
        open        | public  | priority    | true       |              | 12:00:00    | 12:01:00   |
        test        | test    | priority    | true       |              | 12:00:00    | 12:01:00   | 12:10:00
        officer     | officer | priority    | true       |              | 12:00:00    | 12:01:00   | 12:10:00
        again       | public  | priority    | true       | kept         | 12:00:00    | 12:01:00   | 12:10:00
        none        | public  | priority    | false      |              | 12:00:00    | 12:01:00   | 12:10:00
        advice      | public  | resolution_without_deployment | true |  | 12:00:00    | 12:01:00   | 12:10:00
        """,
    )
    assert {key[0] for key in rows} == {"attend_vulnerable"}
    assert rows["attend_vulnerable", "", JANUARY, "grade"]["n"] == 1


def test_months_are_local(tmp_path: Path) -> None:
    """Half past midnight on the first of July in London is still June in UTC."""
    rows = found(
        tmp_path,
        """
        incidents
        incident_id | received_at         | created_at          | arrived_at
        i1          | 2025-07-01 00:30:00 | 2025-07-01 00:31:00 | 2025-07-01 00:40:00
        """,
    )
    assert {key[2] for key in rows} == {date(2025, 7, 1)}


def test_the_window_bounds_it(tmp_path: Path) -> None:
    day_after = Window(AS_AT, date(2026, 1, 15), date(2026, 1, 16))
    assert found(tmp_path, TWO, day_after) == {}


def test_no_incident_no_stage(tmp_path: Path) -> None:
    con = connect(threads=1)
    prepare(con, Window(AS_AT), {FORCE: ZONE}, {})
    assert stages(con) == []
