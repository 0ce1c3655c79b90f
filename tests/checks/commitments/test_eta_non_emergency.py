"""Callers told when a non-emergency visit will be: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Rule
from tests.spec import check, rule


def told(**definition: str) -> Rule:
    return rule("eta_non_emergency", None, 100, **definition)


def test_states() -> None:
    check(
        """
        incidents
        incident_id         | grade_first | eta_given | received_at | arrived_at | cancelled_at    | closed_at | => state | reason
        given               | scheduled   | true      | 12:00:00    | 12:10:00   |                 | 13:00:00  | met      |
        given_and_open      | scheduled   | true      | 12:00:00    |            |                 |           | met      |
        given_then_cancelled | scheduled   | true     | 12:00:00    |            | 12:05:00        | 12:05:00  | met      |
        arrived_without     | scheduled   | false     | 12:00:00    | 12:10:00   |                 |           | missed   |
        arrived_unrecorded  | scheduled   |           | 12:00:00    | 12:10:00   |                 |           | missed   |
        closed_without      | scheduled   |           | 12:00:00    |            |                 | 13:00:00  | missed   |
        open_without        | scheduled   | false     | 12:00:00    |            |                 |           | pending  |
        open_unrecorded     | scheduled   |           | 12:00:00    |            |                 |           | pending  |
        cancelled           | scheduled   |           | 12:00:00    |            | 12:05:00        | 12:05:00  | excluded | cancelled
        cancelled_open      | scheduled   | false     | 12:00:00    |            | 12:05:00        |           | excluded | cancelled
        cancelled_on_arrival | scheduled   |          | 12:00:00    | 12:10:00   | 12:10:00        |           | excluded | cancelled
        cancelled_after     | scheduled   |           | 12:00:00    | 12:10:00   | 12:10:00.000001 |           | missed   |
        closed_before_there | scheduled   |           | 12:00:00    | 12:30:00   | 12:20:00        | 12:10:00  | missed   |
        cancelled_closed    | scheduled   |           | 12:00:00    |            | 13:00:00.000001 | 13:00:00  | missed   |
        """,
        told(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | grade_first | vulnerable | neighbourhood_priority | eta_given | received_at | => state | reason
        priority    | public  |              | priority    |            |                        | true      | 12:00:00    | met      |
        vulnerable  | partner |              | priority    | true       |                        | true      | 12:00:00    | met      |
        agreed      | public  |              | scheduled   | false      | true                   | true      | 12:00:00    | met      |
        appointment | public  |              | scheduled   |            | false                  | true      | 12:00:00    | met      |
        officer     | officer |              | priority    |            |                        | true      | 12:00:00    | excluded | officer_initiated
        test        | test    | i1           | priority    |            |                        |           | 12:00:00    | excluded | test
        duplicate   | officer | i1           | priority    |            |                        |           | 12:00:00    | excluded | duplicate

        incidents
        incident_id | grade_first                   | vulnerable | eta_given | received_at
        emergency   | emergency                     |            | true      | 12:00:00
        advice      | resolution_without_deployment | true       | true      | 12:00:00
        """,
        told(),
    )


def test_grade() -> None:
    spec = """
        incidents
        incident_id | grade_first | grade_final | eta_given | received_at | => state
        kept        | scheduled   |             | true      | 12:00:00    | met
        {case}      | {graded}    | true        | 12:00:00  | met

        incidents
        incident_id | grade_first | grade_final | eta_given | received_at
        {other}     | {regraded}  | true        | 12:00:00
        """
    up, down = "priority | emergency", "resolution_without_deployment | scheduled"
    check(spec.format(case="up", graded=up, other="down", regraded=down), told(grade="first_set"))
    check(spec.format(case="down", graded=down, other="up", regraded=up), told(grade="final"))


def test_nothing_after_the_moment_of_judging_is_known() -> None:
    check(
        """
        incidents
        incident_id     | grade_first | received_at | arrived_at      | cancelled_at | closed_at | => state | reason
        arrives_now     | scheduled   | 12:00:00    | 12:10:00        |              |           | missed   |
        arrives_later   | scheduled   | 12:00:00    | 12:10:00.000001 |              |           | pending  |
        closes_later    | scheduled   | 12:00:00    |                 |              | 12:30:00  | pending  |
        cancelled_now   | scheduled   | 12:00:00    |                 | 12:10:00     | 12:30:00  | excluded | cancelled
        cancelled_later | scheduled   | 12:00:00    |                 | 12:11:00     |           | pending  |
        """,
        told(),
        datetime(2026, 1, 14, 12, 10, tzinfo=UTC),
    )


def test_the_hour_the_clocks_go_back_keeps_its_order() -> None:
    check(
        """
        incidents
        incident_id     | grade_first | received_at               | arrived_at                | cancelled_at              | => state | reason | local_day
        cancelled_first | scheduled   | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:10:00+00:00 | 2025-10-26T01:50:00+01:00 | excluded | cancelled | 2025-10-26
        cancelled_after | scheduled   | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:10:00+00:00 | missed   |           | 2025-10-26
        before_midnight | scheduled   | 2025-10-25T23:59:59+01:00 | 2025-10-26T00:10:00+01:00 |                           | missed   |           | 2025-10-25
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
        incident    | scheduled   | public | true      | 12:00:00    | 13:00:00  | {state}
        a_test      | scheduled   | test   | true      | 12:00:00    | 13:00:00  | excluded | test | {flag}
        """
    lacks = {"incidents": [f"incidents.{column}", "incidents.dispatched_at", "incidents.cancelled_at"]}
    check(spec.format(state="unknown | | True", flag="True"), told(**definition), lacks=lacks)
    if definition:
        check(spec.format(state="met | | False", flag="False"), told(), lacks=lacks)
