"""Callers told when help will arrive at an emergency: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Rule
from tests.spec import check, rule


def told(**definition: str) -> Rule:
    return rule("eta_emergency", None, 100, **definition)


def test_states() -> None:
    check(
        """
        incidents
        incident_id         | grade_first | eta_given | received_at | arrived_at | cancelled_at    | closed_at | => state | reason
        given               | emergency   | true      | 12:00:00    | 12:10:00   |                 | 13:00:00  | met      |
        given_and_open      | emergency   | true      | 12:00:00    |            |                 |           | met      |
        given_then_cancelled | emergency   | true     | 12:00:00    |            | 12:05:00        | 12:05:00  | met      |
        arrived_without     | emergency   | false     | 12:00:00    | 12:10:00   |                 |           | missed   |
        arrived_unrecorded  | emergency   |           | 12:00:00    | 12:10:00   |                 |           | missed   |
        closed_without      | emergency   |           | 12:00:00    |            |                 | 13:00:00  | missed   |
        open_without        | emergency   | false     | 12:00:00    |            |                 |           | pending  |
        open_unrecorded     | emergency   |           | 12:00:00    |            |                 |           | pending  |
        cancelled           | emergency   |           | 12:00:00    |            | 12:05:00        | 12:05:00  | excluded | cancelled
        cancelled_open      | emergency   | false     | 12:00:00    |            | 12:05:00        |           | excluded | cancelled
        cancelled_on_arrival | emergency   |          | 12:00:00    | 12:10:00   | 12:10:00        |           | excluded | cancelled
        cancelled_after     | emergency   |           | 12:00:00    | 12:10:00   | 12:10:00.000001 |           | missed   |
        closed_before_there | emergency   |           | 12:00:00    | 12:30:00   | 12:20:00        | 12:10:00  | missed   |
        cancelled_closed    | emergency   |           | 12:00:00    |            | 13:00:00.000001 | 13:00:00  | missed   |
        """,
        told(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | vulnerable | eta_given | received_at | => state | reason
        public      | public  |              |            | true      | 12:00:00    | met      |
        vulnerable  | partner |              | true       | true      | 12:00:00    | met      |
        officer     | officer |              |            | true      | 12:00:00    | excluded | officer_initiated
        test        | test    | i1           |            |           | 12:00:00    | excluded | test
        duplicate   | officer | i1           |            |           | 12:00:00    | excluded | duplicate

        incidents
        incident_id | grade_first                   | eta_given | received_at
        priority    | priority                      | true      | 12:00:00
        advice      | resolution_without_deployment | true      | 12:00:00
        """,
        told(),
    )


def test_grade() -> None:
    spec = """
        incidents
        incident_id | grade_first | grade_final | eta_given | received_at | => state
        kept        | emergency   |             | true      | 12:00:00    | met
        {case}      | {graded}    | true        | 12:00:00  | met

        incidents
        incident_id | grade_first | grade_final | eta_given | received_at
        {other}     | {regraded}  | true        | 12:00:00
        """
    up, down = "priority | emergency", "emergency | priority"
    check(spec.format(case="down", graded=down, other="up", regraded=up), told(grade="first_set"))
    check(spec.format(case="up", graded=up, other="down", regraded=down), told(grade="final"))


def test_nothing_after_the_moment_of_judging_is_known() -> None:
    check(
        """
        incidents
        incident_id     | grade_first | received_at | arrived_at      | cancelled_at | closed_at | => state | reason
        arrives_now     | emergency   | 12:00:00    | 12:10:00        |              |           | missed   |
        arrives_later   | emergency   | 12:00:00    | 12:10:00.000001 |              |           | pending  |
        closes_later    | emergency   | 12:00:00    |                 |              | 12:30:00  | pending  |
        cancelled_now   | emergency   | 12:00:00    |                 | 12:10:00     | 12:30:00  | excluded | cancelled
        cancelled_later | emergency   | 12:00:00    |                 | 12:11:00     |           | pending  |
        """,
        told(),
        datetime(2026, 1, 14, 12, 10, tzinfo=UTC),
    )


def test_the_hour_the_clocks_go_back_keeps_its_order() -> None:
    check(
        """
        incidents
        incident_id     | grade_first | received_at               | arrived_at                | cancelled_at              | => state | reason | local_day
        cancelled_first | emergency   | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:10:00+00:00 | 2025-10-26T01:50:00+01:00 | excluded | cancelled | 2025-10-26
        cancelled_after | emergency   | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:10:00+00:00 | missed   |           | 2025-10-26
        before_midnight | emergency   | 2025-10-25T23:59:59+01:00 | 2025-10-26T00:10:00+01:00 |                           | missed   |           | 2025-10-25
        """,
        told(),
    )


@pytest.mark.parametrize(
    ("column", "definition"), [("eta_given", {}), ("arrived_at", {}), ("grade_final", {"grade": "final"})]
)
def test_a_column_not_delivered_cannot_be_judged(column: str, definition: dict[str, str]) -> None:
    spec = """
        incidents
        incident_id | grade_first | origin | eta_given | received_at | closed_at | => state | reason | unjudgeable
        incident    | emergency   | public | true      | 12:00:00    | 13:00:00  | {state}
        a_test      | emergency   | test   | true      | 12:00:00    | 13:00:00  | excluded | test | {flag}
        """
    lacks = {"incidents": [f"incidents.{column}", "incidents.dispatched_at", "incidents.cancelled_at"]}
    check(spec.format(state="unknown | | True", flag="True"), told(**definition), lacks=lacks)
    if definition:
        check(spec.format(state="met | | False", flag="False"), told(), lacks=lacks)
