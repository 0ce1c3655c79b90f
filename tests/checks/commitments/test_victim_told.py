"""Victims told of what happens in their case: events in, states out; working days and bank holidays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from checks.commitment import measures
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, prepare
from checks.standard import Limit, Rule
from tests.spec import FORCE, ZONE, check, delivered, rule, tables

# 14 January 2026 is a Wednesday: five working days end with Wednesday 21, one with Thursday 15.
AS_AT = datetime(2026, 1, 21, 18, tzinfo=UTC)


def told(**definition: str) -> Rule:
    limits = {"": Limit(5, "working_days"), "enhanced": Limit(1, "working_days")}
    return rule("victim_told", limits, 100, **definition)


def test_states() -> None:
    check(
        """
        victim_events
        event_id     | crime_id  | happened_at         | told_at                    | => state | reason
        at_once      | usual     | 10:00:00            | 2026-01-14 10:00:00        | met      |
        fifth_day    | usual     | 2026-01-12 10:00:00 | 2026-01-19 23:59:59.999999 | met      |
        sixth_day    | usual     | 2026-01-12 10:00:00 | 2026-01-20 00:00:00        | missed   |
        never        | usual     | 2026-01-12 10:00:00 |                            | missed   |
        last_day     | usual     | 10:00:00            |                            | pending  |
        enhanced     | enhanced  | 10:00:00            | 2026-01-15 23:59:59.999999 | met      |
        enhanced_no  | enhanced  | 10:00:00            | 2026-01-16 00:00:00        | missed   |
        not_said     | not_said  | 10:00:00            | 2026-01-16 00:00:00        | met      |
        unheard_of   | elsewhere | 10:00:00            | 2026-01-16 00:00:00        | met      |
        backwards    | usual     | 10:00:00            | 2026-01-14 09:59:59        | unknown  |
        declined     | declined  | 10:00:00            |                            | excluded | declined
        told_anyway  | declined  | 2026-01-05 10:00:00 | 2026-01-06 10:00:00        | met      |
        declined_late | declined | 2026-01-05 10:00:00 |                            | missed   |
        shut         | shut      | 10:00:00            | 2026-01-20 10:00:00        | met      |

        victim_cases
        crime_id | opened_at           | enhanced_rights | updates_declined_at | closed_at
        usual    | 2026-01-01 10:00:00 | false           |                     |
        enhanced | 2026-01-01 10:00:00 | true            |                     |
        not_said | 2026-01-01 10:00:00 |                 |                     |
        declined | 2026-01-01 10:00:00 | false           | 2026-01-13 10:00:00 |
        shut     | 2026-01-01 10:00:00 | false           |                     | 2026-01-14 11:00:00
        """,
        told(),
        AS_AT,
    )


@pytest.mark.parametrize(
    ("happened", "due"),
    [
        ("2026-01-16 23:30:00", "2026-01-23 23:59:59.999999"),  # Friday
        ("2026-01-17 10:00:00", "2026-01-23 23:59:59.999999"),  # Saturday
        ("2026-01-18 10:00:00", "2026-01-23 23:59:59.999999"),  # Sunday
        ("2026-03-27 10:00:00", "2026-04-03 22:59:59.999999"),  # the clocks go forward on the Sunday
        ("2025-10-24 10:00:00", "2025-10-31 23:59:59.999999"),  # and back
    ],
)
def test_weekends_and_clock_changes(happened: str, due: str) -> None:
    check(
        f"""
        victim_events
        event_id | crime_id | happened_at | => due_at
        event    | c        | {happened}  | {due}
        """,
        told(),
        datetime(2026, 6, 1, tzinfo=UTC),
    )


def due_at(happened: str, holidays: Sequence[tuple[str, date]], folder: Path) -> str:
    logs, _ = tables(f"victim_events\nevent_id | crime_id | happened_at\nevent | c | {happened}")
    con = connect(threads=1)
    files = {"victim_events": [delivered(folder, "victim_events", logs["victim_events"])]}
    prepare(con, Window(datetime(2026, 6, 1, tzinfo=UTC)), {FORCE: ZONE}, files, bank_holidays=holidays)
    one = told()
    judge(con, measures()["victim_told"], [AppliedRule(one, FORCE, one.definition)])
    (found,) = con.sql("select due_at::date from facts").fetchall()
    con.close()
    return str(found[0])


def test_bank_holidays_of_the_force_do_not_count(tmp_path: Path) -> None:
    good_friday, easter_monday = date(2026, 4, 3), date(2026, 4, 6)
    england = [(FORCE, good_friday), (FORCE, easter_monday)]
    elsewhere = [("police-scotland", good_friday)]
    assert due_at("2026-04-01 10:00:00", england, tmp_path / "a") == "2026-04-10"
    assert due_at("2026-04-01 10:00:00", elsewhere, tmp_path / "b") == "2026-04-08"
    # One on a weekend takes nothing away, nor does one named twice.
    assert (
        due_at("2026-04-01 10:00:00", [*england, *england, (FORCE, date(2026, 4, 4))], tmp_path / "c") == "2026-04-10"
    )
    assert due_at("2026-04-03 10:00:00", england, tmp_path / "d") == "2026-04-13"


def test_the_last_microsecond_is_outside_when_the_limit_is_under() -> None:
    check(
        """
        victim_events
        event_id | crime_id | happened_at         | told_at                    | => state
        last     | usual    | 2026-01-12 10:00:00 | 2026-01-19 23:59:59.999999 | missed
        before   | usual    | 2026-01-12 10:00:00 | 2026-01-19 23:59:59.999998 | met
        """,
        told(limit="under"),
        AS_AT,
    )


@pytest.mark.parametrize("column", ["victim_events.told_at", "victim_cases.enhanced_rights"])
def test_a_column_that_is_not_delivered_cannot_be_judged(column: str) -> None:
    check(
        """
        victim_events
        event_id | crime_id | happened_at | => state | unjudgeable
        event    | c        | 10:00:00    | unknown  | True

        victim_cases
        crime_id | opened_at
        c        | 2026-01-01 10:00:00
        """,
        told(),
        AS_AT,
        lacks={column.partition(".")[0]: [column]},
    )
