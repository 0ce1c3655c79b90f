"""What was agreed with a dissatisfied person done by the date agreed: rows in, states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Rule
from tests.spec import check, rule


def as_agreed(**definition: str) -> Rule:
    return rule("plan_kept", {}, 100, **definition)


def test_states() -> None:
    check(
        """
        dissatisfactions
        complaint_id   | reported_at         | plan_agreed_at      | plan_due_at         | plan_done_at               | duplicate_of | closed_at           | => state | reason
        early          | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 | 2026-01-15 09:00:00        |              |                     | met      |
        to_the_dot     | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 | 2026-01-16 17:00:00        |              |                     | met      |
        just_late      | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 | 2026-01-16 17:00:00.000001 |              |                     | missed   |
        never          | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 |                            |              |                     | missed   |
        due_now        | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-20 06:00:00 |                            |              |                     | pending  |
        still_time     | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-02-20 17:00:00 |                            |              |                     | pending  |
        closed_without | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 |                            |              | 2026-01-17 10:00:00 | unknown  |
        done_first     | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 | 2026-01-05 12:00:00        |              |                     | unknown  |
        due_first      | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-05 17:00:00 | 2026-01-07 12:00:00        |              |                     | unknown  |
        again          | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 |                            | early        |                     | excluded | duplicate
        """,
        as_agreed(),
    )


def test_without_a_plan_agreed_there_is_no_case() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at | plan_agreed_at | plan_due_at         | plan_done_at | => state

        dissatisfactions
        complaint_id | reported_at | plan_agreed_at | plan_due_at         | plan_done_at
        no_plan      | 10:00:00    |                |                     |
        not_agreed   | 10:00:00    |                | 2026-01-16 17:00:00 |
        """,
        as_agreed(),
    )


def test_a_plan_without_the_time_it_is_due_is_not_dropped() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | plan_agreed_at      | plan_due_at | plan_done_at        | closed_at           | => state | local_day
        done         | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 |             | 2026-01-07 12:00:00 |                     | unknown  | 2026-01-06
        closed       | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 |             |                     | 2026-01-17 10:00:00 | unknown  | 2026-01-06
        open         | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 |             |                     |                     | pending  | 2026-01-06
        """,
        as_agreed(),
    )


def test_the_case_belongs_to_the_local_day_it_is_due_across_a_clock_change() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | plan_agreed_at      | plan_due_at               | plan_done_at              | => state | local_day
        summer       | 2026-03-20 10:00:00 | 2026-03-21 10:00:00 | 2026-03-29T23:30:00+00:00 | 2026-03-29T23:30:00+00:00 | met      | 2026-03-30
        winter       | 2026-03-20 10:00:00 | 2026-03-21 10:00:00 | 2026-03-28T23:30:00+00:00 | 2026-03-28T23:30:01+00:00 | missed   | 2026-03-28
        """,
        as_agreed(),
        datetime(2026, 4, 20, tzinfo=UTC),
    )


def test_the_exact_time_is_late_when_the_limit_is_under() -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at         | plan_agreed_at      | plan_due_at         | plan_done_at        | => state
        to_the_dot   | 2026-01-05 10:00:00 | 2026-01-06 10:00:00 | 2026-01-16 17:00:00 | 2026-01-16 17:00:00 | missed
        """,
        as_agreed(limit="under"),
    )


@pytest.mark.parametrize("column", ["plan_agreed_at", "plan_due_at", "plan_done_at"])
def test_a_column_that_is_not_delivered_cannot_be_judged(column: str) -> None:
    check(
        """
        dissatisfactions
        complaint_id | reported_at | => state | unjudgeable
        one          | 10:00:00    | unknown  | True
        """,
        as_agreed(),
        lacks={"dissatisfactions": [f"dissatisfactions.{column}"]},
    )
