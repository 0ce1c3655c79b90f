"""An appointment within 48 hours: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule


def offered(**definition: str) -> Rule:
    return rule("appointment_offered", {"": Limit(48, "hours")}, 90, **definition)


def test_states() -> None:
    check(
        """
        incidents
        incident_id        | grade_first | received_at | appointment_at             | arrived_at          | cancelled_at               | closed_at | => state | reason | elapsed_seconds
        on_the_limit       | scheduled   | 12:00:00    | 2026-01-16 12:00:00        |                     |                            |           | met      |           | 172800.0
        just_outside       | scheduled   | 12:00:00    | 2026-01-16 12:00:00.000001 |                     |                            |           | missed   |           | 172800.000001
        after_as_at        | scheduled   | 12:00:00    | 2026-02-01 12:00:00        |                     |                            |           | missed   |           | 1555200.0
        at_once            | scheduled   | 12:00:00    | 12:00:00                   |                     |                            |           | met      |           | 0.0
        attended_without   | scheduled   | 12:00:00    |                            | 2026-01-16 12:00:00 |                            |           | met      |           | 172800.0
        attended_too_late  | scheduled   | 12:00:00    |                            | 2026-01-16 12:00:01 |                            |           | missed   |           | 172801.0
        late_but_visited   | scheduled   | 12:00:00    | 2026-01-18 12:00:00        | 2026-01-15 12:00:00 |                            |           | missed   |           | 345600.0
        neither            | scheduled   | 12:00:00    |                            |                     |                            | 2026-01-15 12:00:00 | unknown  |           |
        neither_and_open   | scheduled   | 12:00:00    |                            |                     |                            |           | missed   |           |
        appointed_before   | scheduled   | 12:00:00    | 11:59:59                   |                     |                            |           | unknown  |           |
        attended_before    | scheduled   | 12:00:00    |                            | 11:59:59            |                            |           | unknown  |           |
        cancelled          | scheduled   | 12:00:00    |                            |                     | 2026-01-15 12:00:00        |           | excluded | cancelled |
        cancelled_first    | scheduled   | 12:00:00    | 2026-01-16 09:00:00        |                     | 2026-01-15 12:00:00        |           | excluded | cancelled |
        cancelled_at_limit | scheduled   | 12:00:00    | 2026-01-19 09:00:00        |                     | 2026-01-16 12:00:00        |           | excluded | cancelled |
        cancelled_late     | scheduled   | 12:00:00    | 2026-01-19 09:00:00        |                     | 2026-01-16 12:00:00.000001 |           | missed   |           |
        cancelled_after    | scheduled   | 12:00:00    | 2026-01-15 09:00:00        |                     | 2026-01-15 10:00:00        |           | met      |           | 75600.0
        """,
        offered(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | grade_first | vulnerable | neighbourhood_priority | appointment_requested_later | received_at | appointment_at      | => state | reason
        plain       | public  |              | scheduled   |            |                        |            | 12:00:00    | 2026-01-15 12:00:00 | met      |
        said_no     | partner |              | scheduled   | false      | false                  | false      | 12:00:00    | 2026-01-15 12:00:00 | met      |
        asked_later | public  |              | scheduled   |            |                        | true       | 12:00:00    | 2026-01-19 12:00:00 | excluded | caller_asked_later
        asked_yet_soon | public |             | scheduled   |            |                        | true       | 12:00:00    | 2026-01-15 12:00:00 | excluded | caller_asked_later
        absurd      | public  |              | scheduled   |            |                        | true       | 12:00:00    | 11:00:00            | excluded | caller_asked_later
        officer     | officer |              | scheduled   |            |                        | true       | 12:00:00    |                     | excluded | officer_initiated
        duplicate   | officer | i1           | scheduled   |            |                        | true       | 12:00:00    |                     | excluded | duplicate
        test        | test    | i1           | scheduled   |            |                        | true       | 12:00:00    |                     | excluded | test

        incidents
        incident_id | grade_first                   | vulnerable | neighbourhood_priority | received_at | appointment_at
        emergency   | emergency                     |            |                        | 12:00:00    | 2026-01-15 12:00:00
        priority    | priority                      |            |                        | 12:00:00    | 2026-01-15 12:00:00
        advice      | resolution_without_deployment |            |                        | 12:00:00    | 2026-01-15 12:00:00
        vulnerable  | scheduled                     | true       |                        | 12:00:00    | 2026-01-15 12:00:00
        agreed      | scheduled                     | false      | true                   | 12:00:00    | 2026-01-15 12:00:00
        """,
        offered(),
    )


def test_a_cancelled_one_that_the_caller_wanted_later_says_so_first() -> None:
    check(
        """
        incidents
        incident_id | grade_first | appointment_requested_later | received_at | cancelled_at | => state | reason
        both        | scheduled   | true                        | 12:00:00    | 12:30:00     | excluded | caller_asked_later
        """,
        offered(),
    )


def test_judged_before_the_appointment() -> None:
    spec = """
        incidents
        incident_id     | grade_first | received_at         | appointment_at      | arrived_at          | cancelled_at        | => state
        not_yet_due     | scheduled   | 12:00:00.000001     |                     |                     |                     | pending
        due_this_moment | scheduled   | 12:00:00            |                     |                     |                     | {edge}
        just_over       | scheduled   | 11:59:59.999999     |                     |                     |                     | missed
        known_ahead     | scheduled   | 2026-01-16 09:00:00 | 2026-01-18 09:00:00 |                     |                     | {known}
        known_too_late  | scheduled   | 2026-01-16 09:00:00 | 2026-01-18 09:00:01 |                     |                     | missed
        attends_later   | scheduled   | 2026-01-16 09:00:00 |                     | 2026-01-16 13:00:00 |                     | pending
        cancelled_later | scheduled   | 2026-01-16 09:00:00 | 2026-01-17 09:00:00 |                     | 2026-01-16 13:00:00 | met
        """
    at_the_limit = datetime(2026, 1, 16, 12, tzinfo=UTC)
    check(spec.format(edge="pending", known="met"), offered(), at_the_limit)
    check(spec.format(edge="missed", known="missed"), offered(limit="under"), at_the_limit)


def test_limit_under() -> None:
    check(
        """
        incidents
        incident_id        | grade_first | received_at | appointment_at             | cancelled_at        | => state | reason
        just_inside        | scheduled   | 12:00:00    | 2026-01-16 11:59:59.999999 |                     | met      |
        on_the_limit       | scheduled   | 12:00:00    | 2026-01-16 12:00:00        |                     | missed   |
        cancelled_at_limit | scheduled   | 12:00:00    |                            | 2026-01-16 12:00:00 | missed   |
        """,
        offered(limit="under"),
    )


def test_grade() -> None:
    spec = """
        incidents
        incident_id | grade_first | grade_final | received_at | appointment_at      | => state
        kept        | scheduled   |             | 12:00:00    | 2026-01-15 12:00:00 | met
        {case}      | {graded}    | 12:00:00    | 2026-01-15 12:00:00 | met

        incidents
        incident_id | grade_first | grade_final | received_at | appointment_at
        {other}     | {regraded}  | 12:00:00    | 2026-01-15 12:00:00
        """
    up, down = "scheduled | priority", "priority | scheduled"
    check(spec.format(case="up", graded=up, other="down", regraded=down), offered(grade="first_set"))
    check(spec.format(case="down", graded=down, other="up", regraded=up), offered(grade="final"))


def test_48_hours_are_elapsed_hours_across_a_clock_change() -> None:
    check(
        """
        incidents
        incident_id        | grade_first | received_at         | appointment_at      | => state | elapsed_seconds | local_day
        an_hour_earlier    | scheduled   | 2025-10-25 12:00:00 | 2025-10-27 11:00:00 | met      | 172800.0        | 2025-10-25
        same_hour_too_late | scheduled   | 2025-10-25 12:00:00 | 2025-10-27 12:00:00 | missed   | 176400.0        | 2025-10-25
        """,
        offered(),
    )
    check(
        """
        incidents
        incident_id   | grade_first | received_at         | appointment_at      | => state | elapsed_seconds
        an_hour_later | scheduled   | 2026-03-28 12:00:00 | 2026-03-30 13:00:00 | met      | 172800.0
        too_late      | scheduled   | 2026-03-28 12:00:00 | 2026-03-30 13:00:01 | missed   | 172801.0
        """,
        offered(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("column", "definition"),
    [
        ("appointment_at", {}),
        ("vulnerable", {}),
        ("neighbourhood_priority", {}),
        ("grade_final", {"grade": "final"}),
    ],
)
def test_a_column_not_delivered_cannot_be_judged(column: str, definition: dict[str, str]) -> None:
    spec = """
        incidents
        incident_id | grade_first | received_at | arrived_at | => state | unjudgeable
        incident    | scheduled   | 12:00:00    | 12:30:00   | {state}
        """
    lacks = {"incidents": [f"incidents.{column}", "incidents.created_at"]}
    check(spec.format(state="unknown | True"), offered(**definition), lacks=lacks)
    if definition:
        check(spec.format(state="met | False"), offered(), lacks=lacks)
