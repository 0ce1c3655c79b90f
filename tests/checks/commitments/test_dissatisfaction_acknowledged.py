"""Dissatisfaction acknowledged within a day: rows in, states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Limit, Rule
from tests.spec import check, rule


def a_day(**definition: str) -> Rule:
    return rule("dissatisfaction_acknowledged", {"": Limit(24, "hours")}, 100, **definition)


def test_states() -> None:
    check(
        """
        dissatisfactions
        complaint_id   | reported_at         | acknowledged_at            | duplicate_of | closed_at           | => state | reason | elapsed_seconds
        at_once        | 12:00:00            | 2026-01-14 12:00:00        |              |                     | met      |        | 0.0
        on_the_limit   | 12:00:00            | 2026-01-15 12:00:00        |              |                     | met      |        | 86400.0
        just_outside   | 12:00:00            | 2026-01-15 12:00:00.000001 |              |                     | missed   |        | 86400.000001
        never          | 12:00:00            |                            |              |                     | missed   |        |
        runs_until_now | 2026-01-19 06:00:00 |                            |              |                     | pending  |        |
        ran_out        | 2026-01-19 05:59:59 |                            |              |                     | missed   |        |
        closed_without | 12:00:00            |                            |              | 2026-01-14 13:00:00 | unknown  |        |
        after_closing  | 12:00:00            | 2026-01-14 14:00:00        |              | 2026-01-14 13:00:00 | met      |        | 7200.0
        backwards      | 12:00:00            | 2026-01-14 11:59:59        |              |                     | unknown  |        |
        again          | 12:00:00            | 2026-01-14 11:59:59        | at_once      |                     | excluded | duplicate |
        """,
        a_day(),
    )


def test_24_hours_are_elapsed_time_across_a_clock_change() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | acknowledged_at     | => state | elapsed_seconds
        spring       | 2026-03-28 12:00:00 | 2026-03-29 13:00:00 | met      | 86400.0
        spring_late  | 2026-03-28 12:00:00 | 2026-03-29 13:00:01 | missed   | 86401.0
        autumn       | 2025-10-25 12:00:00 | 2025-10-26 11:00:00 | met      | 86400.0
        autumn_late  | 2025-10-25 12:00:00 | 2025-10-26 11:00:01 | missed   | 86401.0
        """,
        a_day(),
        datetime(2026, 4, 20, tzinfo=UTC),
    )


def test_the_clock_can_start_when_the_force_became_aware() -> None:
    check(
        """
        dissatisfactions
        complaint_id | became_aware_at     | reported_at | acknowledged_at     | closed_at           | => state | local_day
        aware_before | 2026-01-13 10:00:00 | 12:00:00    | 2026-01-14 12:00:00 |                     | missed   | 2026-01-13
        as_reported  | 2026-01-14 12:00:00 | 12:00:00    | 2026-01-15 12:00:00 |                     | met      | 2026-01-14
        not_recorded |                     | 12:00:00    | 2026-01-15 12:00:00 |                     | unknown  | 2026-01-14
        not_yet      |                     | 12:00:00    |                     |                     | pending  | 2026-01-14
        closed       |                     | 12:00:00    |                     | 2026-01-15 12:00:00 | unknown  | 2026-01-14
        """,
        a_day(dissatisfaction_clock="became_aware"),
    )


def test_the_exact_limit_is_outside_when_the_limit_is_under() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at | acknowledged_at     | => state
        on_the_limit | 12:00:00    | 2026-01-15 12:00:00 | missed
        """,
        a_day(limit="under"),
    )


def test_a_column_that_is_not_delivered_cannot_be_judged() -> None:
    spec = """
        dissatisfactions
        complaint_id | reported_at | acknowledged_at | => state | unjudgeable
        one          | 12:00:00    |                 | unknown  | True
        """
    check(spec, a_day(), lacks={"dissatisfactions": ["dissatisfactions.acknowledged_at"]})
    became_aware = {"dissatisfactions": ["dissatisfactions.became_aware_at"]}
    check(spec, a_day(dissatisfaction_clock="became_aware"), lacks=became_aware)
    check(spec.replace("unknown", "missed").replace("True", "False"), a_day(), lacks=became_aware)
