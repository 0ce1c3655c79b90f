"""How dissatisfaction will be handled talked over with the person: rows in, states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Limit, Rule
from tests.spec import check, rule

# 28 days after 1 January, 10:00, are over on 29 January, 10:00.
AS_AT = datetime(2026, 2, 10, 6, tzinfo=UTC)


def four_weeks(**definition: str) -> Rule:
    return rule("handling_discussed", {"": Limit(28, "days")}, 100, **definition)


def test_states() -> None:
    check(
        """
        dissatisfactions
        complaint_id   | reported_at         | handling_discussed_at      | duplicate_of | closed_at           | => state | reason
        at_once        | 2026-01-01 10:00:00 | 2026-01-01 10:00:00        |              |                     | met      |
        on_the_limit   | 2026-01-01 10:00:00 | 2026-01-29 10:00:00        |              |                     | met      |
        just_outside   | 2026-01-01 10:00:00 | 2026-01-29 10:00:00.000001 |              |                     | missed   |
        never          | 2026-01-01 10:00:00 |                            |              |                     | missed   |
        runs_until_now | 2026-01-13 06:00:00 |                            |              |                     | pending  |
        ran_out        | 2026-01-13 05:59:59 |                            |              |                     | missed   |
        as_it_closed   | 2026-01-01 10:00:00 | 2026-01-05 10:00:00        |              | 2026-01-05 10:00:00 | met      |
        after_closing  | 2026-01-01 10:00:00 | 2026-01-05 10:00:01        |              | 2026-01-05 10:00:00 | missed   |
        closed_without | 2026-02-08 10:00:00 |                            |              | 2026-02-09 10:00:00 | missed   |
        backwards      | 2026-01-01 10:00:00 | 2025-12-31 10:00:00        |              |                     | unknown  |
        closed_before  | 2026-01-01 10:00:00 | 2026-01-02 10:00:00        |              | 2025-12-31 10:00:00 | unknown  |
        again          | 2026-01-01 10:00:00 |                            | at_once      |                     | excluded | duplicate
        """,
        four_weeks(),
        AS_AT,
    )


def test_28_days_are_local_days_across_a_clock_change() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | handling_discussed_at | => state | due_at              | elapsed_seconds
        spring       | 2026-03-10 10:00:00 | 2026-04-07 10:00:00   | met      | 2026-04-07 09:00:00 | 2415600.0
        spring_late  | 2026-03-10 10:00:00 | 2026-04-07 10:00:01   | missed   | 2026-04-07 09:00:00 | 2415601.0
        autumn       | 2025-10-10 10:00:00 | 2025-11-07 10:00:00   | met      | 2025-11-07 10:00:00 | 2422800.0
        """,
        four_weeks(),
        datetime(2026, 4, 20, tzinfo=UTC),
    )


def test_the_clock_can_start_when_the_force_became_aware() -> None:
    check(
        """
        dissatisfactions
        complaint_id | became_aware_at     | reported_at         | handling_discussed_at | closed_at           | => state | local_day
        aware_before | 2025-12-31 10:00:00 | 2026-01-01 10:00:00 | 2026-01-29 10:00:00   |                     | missed   | 2025-12-31
        as_reported  | 2026-01-01 10:00:00 | 2026-01-01 10:00:00 | 2026-01-29 10:00:00   |                     | met      | 2026-01-01
        not_recorded |                     | 2026-01-01 10:00:00 | 2026-01-29 10:00:00   |                     | unknown  | 2026-01-01
        not_yet      |                     | 2026-01-01 10:00:00 |                       |                     | pending  | 2026-01-01
        closed       |                     | 2026-01-01 10:00:00 |                       | 2026-01-02 10:00:00 | unknown  | 2026-01-01
        """,
        four_weeks(dissatisfaction_clock="became_aware"),
        AS_AT,
    )


def test_the_exact_limit_is_outside_when_the_limit_is_under() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | handling_discussed_at | => state
        on_the_limit | 2026-01-01 10:00:00 | 2026-01-29 10:00:00   | missed
        """,
        four_weeks(limit="under"),
        AS_AT,
    )


def test_a_column_that_is_not_delivered_cannot_be_judged() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | handling_discussed_at | => state | unjudgeable
        one          | 2026-01-01 10:00:00 |                       | unknown  | True
        """,
        four_weeks(),
        AS_AT,
        lacks={"dissatisfactions": ["dissatisfactions.handling_discussed_at"]},
    )
