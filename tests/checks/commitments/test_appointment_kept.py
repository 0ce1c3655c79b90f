"""Appointments kept on time: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule


def kept(**definition: str) -> Rule:
    return rule("appointment_kept", {"": Limit(15, "minutes")}, 90, **definition)


def test_states() -> None:
    check(
        """
        incidents
        incident_id        | received_at | appointment_at      | appointment_kept_at | arrived_at | cancelled_at    | closed_at | => state | reason | elapsed_seconds
        on_time            | 09:00:00    | 12:00:00            | 12:00:00            |            |                 | 13:00:00  | met      |        | 0.0
        on_the_limit       | 09:00:00    | 12:00:00            | 12:15:00            |            |                 | 13:00:00  | met      |        | 900.0
        just_outside       | 09:00:00    | 12:00:00            | 12:15:00.000001     |            |                 | 13:00:00  | missed   |        | 900.000001
        early              | 09:00:00    | 12:00:00            | 11:30:00            |            |                 |           | met      |        | -1800.0
        as_received        | 09:00:00    | 12:00:00            | 09:00:00            |            |                 |           | met      |        | -10800.0
        before_received    | 09:00:00    | 12:00:00            | 08:59:59.999999     |            |                 |           | unknown  |        |
        visit_not_noted    | 09:00:00    | 12:00:00            |                     | 12:05:00   |                 | 13:00:00  | unknown  |        |
        nobody_came        | 09:00:00    | 12:00:00            |                     |            |                 |           | missed   |        |
        not_yet            | 09:00:00    | 2026-01-25 12:00:00 |                     |            |                 |           | pending  |        |
        closed_ahead       | 09:00:00    | 2026-01-25 12:00:00 |                     |            |                 | 10:00:00  | unknown  |        |
        cancelled          | 09:00:00    | 12:00:00            |                     |            | 11:00:00        |           | excluded | cancelled |
        cancelled_at_limit | 09:00:00    | 12:00:00            |                     |            | 12:15:00        |           | excluded | cancelled |
        cancelled_late     | 09:00:00    | 12:00:00            |                     |            | 12:15:00.000001 |           | missed   |        |
        cancelled_first    | 09:00:00    | 12:00:00            | 12:30:00            |            | 12:20:00        |           | missed   |        |
        cancelled_after    | 09:00:00    | 12:00:00            | 12:05:00            |            | 12:06:00        |           | met      |        | 300.0
        """,
        kept(),
    )


def test_population_is_every_appointment_whatever_its_grade() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | grade_first                   | vulnerable | appointment_requested_later | received_at | appointment_at | appointment_kept_at | => state | reason
        scheduled   | public  |              | scheduled                     |            |       | 09:00:00    | 12:00:00       | 12:05:00            | met      |
        priority    | partner |              | priority                      | true       |       | 09:00:00    | 12:00:00       | 12:05:00            | met      |
        emergency   | public  |              | emergency                     |            |       | 09:00:00    | 12:00:00       | 12:05:00            | met      |
        advice      | public  |              | resolution_without_deployment |            |       | 09:00:00    | 12:00:00       | 12:05:00            | met      |
        asked_later | public  |              | scheduled                     |            | true  | 09:00:00    | 12:00:00       | 12:20:00            | missed   |
        officer     | officer |              | scheduled                     |            |       | 09:00:00    | 12:00:00       | 12:05:00            | excluded | officer_initiated
        duplicate   | officer | i1           | scheduled                     |            |       | 09:00:00    | 12:00:00       | 12:05:00            | excluded | duplicate
        test        | test    | i1           | scheduled                     |            |       | 09:00:00    | 12:00:00       | 12:05:00            | excluded | test

        incidents
        incident_id    | grade_first | received_at | appointment_kept_at
        no_appointment | scheduled   | 09:00:00    | 12:05:00
        """,
        kept(),
    )


def test_judged_around_the_appointment() -> None:
    spec = """
        incidents
        incident_id     | received_at | appointment_at  | appointment_kept_at | cancelled_at | => state
        not_yet_due     | 09:00:00    | 12:00:00.000001 |                     |              | pending
        due_this_moment | 09:00:00    | 12:00:00        |                     |              | {edge}
        just_over       | 09:00:00    | 11:59:59.999999 |                     |              | missed
        still_ahead     | 09:00:00    | 15:00:00        | 15:05:00            |              | pending
        cancelled_later | 09:00:00    | 15:00:00        |                     | 14:00:00     | pending
        """
    at_the_limit = datetime(2026, 1, 14, 12, 15, tzinfo=UTC)
    check(spec.format(edge="pending"), kept(), at_the_limit)
    check(spec.format(edge="missed"), kept(limit="under"), at_the_limit)


def test_limit_under() -> None:
    check(
        """
        incidents
        incident_id        | received_at | appointment_at | appointment_kept_at | cancelled_at | => state
        just_inside        | 09:00:00    | 12:00:00       | 12:14:59.999999     |              | met
        on_the_limit       | 09:00:00    | 12:00:00       | 12:15:00            |              | missed
        cancelled_at_limit | 09:00:00    | 12:00:00       |                     | 12:15:00     | missed
        """,
        kept(limit="under"),
    )


def test_a_case_belongs_to_the_local_day_of_its_appointment() -> None:
    check(
        """
        incidents
        incident_id | received_at         | appointment_at            | appointment_kept_at       | => state | local_day
        tomorrow    | 2026-01-14 20:00:00 | 2026-01-15 09:00:00       | 2026-01-15 09:05:00       | met      | 2026-01-15
        summer      | 2025-06-30 12:00:00 | 2025-06-30T23:00:00+00:00 | 2025-06-30T23:10:00+00:00 | met      | 2025-07-01
        """,
        kept(),
    )


def test_clock_changes_do_not_touch_elapsed_minutes() -> None:
    check(
        """
        incidents
        incident_id     | received_at         | appointment_at            | appointment_kept_at       | => state | elapsed_seconds
        into_winter     | 2025-10-25 09:00:00 | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:05:00+00:00 | met      | 900.0
        late_in_winter  | 2025-10-25 09:00:00 | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:05:01+00:00 | missed   | 901.0
        same_wall_clock | 2025-10-25 09:00:00 | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:30:00+00:00 | missed   | 3600.0
        """,
        kept(),
    )
    check(
        """
        incidents
        incident_id    | received_at         | appointment_at      | appointment_kept_at | => state | elapsed_seconds
        into_summer    | 2026-03-28 09:00:00 | 2026-03-29 00:50:00 | 2026-03-29 02:05:00 | met      | 900.0
        late_in_summer | 2026-03-28 09:00:00 | 2026-03-29 00:50:00 | 2026-03-29 02:05:01 | missed   | 901.0
        """,
        kept(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("column", "state"), [("appointment_kept_at", "unknown | True"), ("arrived_at", "met | False")]
)
def test_a_column_not_delivered_cannot_be_judged(column: str, state: str) -> None:
    spec = """
        incidents
        incident_id | received_at | appointment_at | appointment_kept_at | => state | unjudgeable
        incident    | 09:00:00    | 12:00:00       | 12:05:00            | {state}
        """
    check(spec.format(state=state), kept(), lacks={"incidents": [f"incidents.{column}"]})
