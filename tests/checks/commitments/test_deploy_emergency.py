"""Time to send the first unit to an emergency: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule


def sent(**definition: str) -> Rule:
    return rule("deploy_emergency", None, None, **definition)


def test_states_without_a_limit() -> None:
    check(
        """
        incidents
        incident_id     | received_at | dispatched_at   | arrived_at | cancelled_at | closed_at | => state | reason | elapsed_seconds | due_at
        sent            | 12:00:00    | 12:01:30        |            |              |           | timed    |           | 90.0 |
        at_once         | 12:00:00    | 12:00:00        | 12:05:00   |              | 12:30:00  | timed    |           | 0.0  |
        hours_later     | 12:00:00    | 18:00:00        |            |              | 19:00:00  | timed    |           | 21600.0 |
        not_sent_yet    | 12:00:00    |                 |            |              |           | pending  |           |      |
        never_recorded  | 12:00:00    |                 | 12:10:00   |              | 13:00:00  | unknown  |           |      |
        sent_before     | 12:00:00    | 11:59:59.999999 |            |              |           | unknown  |           |      |
        cancelled       | 12:00:00    |                 |            | 15:00:00     | 15:00:00  | excluded | cancelled |      |
        cancelled_first | 12:00:00    | 12:05:00        |            | 12:04:00     |           | excluded | cancelled |      |
        cancelled_as_sent | 12:00:00  | 12:05:00        |            | 12:05:00     |           | timed    |           | 300.0 |
        cancelled_after | 12:00:00    | 12:05:00        |            | 12:06:00     |           | timed    |           | 300.0 |
        """,
        sent(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | received_at | dispatched_at | => state | reason
        public      | public  |              | 12:00:00    | 12:01:00      | timed    |
        partner     | partner |              | 12:00:00    | 12:01:00      | timed    |
        officer     | officer |              | 12:00:00    | 12:01:00      | excluded | officer_initiated
        test        | test    | i1           | 12:00:00    | 12:01:00      | excluded | test
        duplicate   | officer | i1           | 12:00:00    | 12:01:00      | excluded | duplicate

        incidents
        incident_id | grade_first | received_at | dispatched_at
        priority    | priority    | 12:00:00    | 12:01:00
        """,
        sent(),
    )


def test_grade() -> None:
    spec = """
        incidents
        incident_id | grade_first | grade_final | received_at | dispatched_at | => state
        kept        | emergency   |             | 12:00:00    | 12:01:00      | timed
        {case}      | {graded}    | 12:00:00    | 12:01:00    | timed

        incidents
        incident_id | grade_first | grade_final | received_at | dispatched_at
        {other}     | {regraded}  | 12:00:00    | 12:01:00
        """
    up, down = "priority | emergency", "emergency | priority"
    check(spec.format(case="down", graded=down, other="up", regraded=up), sent(grade="first_set"))
    check(spec.format(case="up", graded=up, other="down", regraded=down), sent(grade="final"))


def test_a_standard_may_set_a_limit() -> None:
    check(
        """
        incidents
        incident_id        | received_at | dispatched_at   | cancelled_at    | closed_at | => state | reason
        on_the_limit       | 12:00:00    | 12:02:00        |                 |           | met      |
        just_outside       | 12:00:00    | 12:02:00.000001 |                 |           | missed   |
        cancelled_at_limit | 12:00:00    |                 | 12:02:00        |           | excluded | cancelled
        cancelled_late     | 12:00:00    |                 | 12:02:00.000001 |           | missed   |
        not_sent_yet       | 12:00:00    |                 |                 |           | missed   |
        never_recorded     | 12:00:00    |                 |                 | 13:00:00  | unknown  |
        """,
        rule("deploy_emergency", {"": Limit(2, "minutes")}),
    )


def test_nothing_after_the_moment_of_judging_is_known() -> None:
    check(
        """
        incidents
        incident_id | received_at | dispatched_at | cancelled_at | => state
        sent_now    | 12:00:00    | 12:10:00      |              | timed
        sent_later  | 12:00:00    | 12:10:00.000001 |            | pending
        off_later   | 12:00:00    |               | 12:11:00     | pending
        """,
        sent(),
        datetime(2026, 1, 14, 12, 10, tzinfo=UTC),
    )


def test_clock_changes_do_not_touch_elapsed_minutes() -> None:
    check(
        """
        incidents
        incident_id     | received_at               | dispatched_at             | => state | elapsed_seconds | local_day
        into_winter     | 2025-10-26T01:59:00+01:00 | 2025-10-26T01:01:00+00:00 | timed    | 120.0           | 2025-10-26
        same_wall_clock | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:30:00+00:00 | timed    | 3600.0          | 2025-10-26
        """,
        sent(),
    )
    check(
        """
        incidents
        incident_id | received_at         | dispatched_at       | => state | elapsed_seconds | local_day
        into_summer | 2026-03-29 00:59:00 | 2026-03-29 02:01:00 | timed    | 120.0           | 2026-03-29
        """,
        sent(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(("column", "definition"), [("dispatched_at", {}), ("grade_final", {"grade": "final"})])
def test_a_column_not_delivered_cannot_be_judged(column: str, definition: dict[str, str]) -> None:
    spec = """
        incidents
        incident_id | received_at | dispatched_at | => state | unjudgeable
        incident    | 12:00:00    | 12:01:00      | {state}
        """
    lacks = {"incidents": [f"incidents.{column}", "incidents.arrived_at", "incidents.created_at"]}
    check(spec.format(state="unknown | True"), sent(**definition), lacks=lacks)
    if definition:
        check(spec.format(state="timed | False"), sent(), lacks=lacks)
