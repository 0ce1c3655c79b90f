"""Vulnerable callers reached within the hour: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule


def within_the_hour(**definition: str) -> Rule:
    return rule("attend_vulnerable", {"": Limit(60, "minutes")}, 90, **definition)


def test_states() -> None:
    check(
        """
        incidents
        incident_id        | grade_first | vulnerable | received_at | arrived_at      | cancelled_at    | closed_at | => state | reason | elapsed_seconds
        on_the_limit       | priority    | true | 12:00:00    | 13:00:00        |                 | 14:00:00  | met      |        | 3600.0
        just_outside       | scheduled   | true | 12:00:00    | 13:00:00.000001 |                 | 14:00:00  | missed   |        | 3600.000001
        cancelled          | priority    | true | 12:00:00    |                 | 12:30:00        | 12:30:00  | excluded | cancelled |
        cancelled_at_limit | priority    | true | 12:00:00    |                 | 13:00:00        | 13:00:00  | excluded | cancelled |
        cancelled_late     | priority    | true | 12:00:00    |                 | 13:00:00.000001 | 13:01:00  | missed   |        |
        cancelled_after    | priority    | true | 12:00:00    | 12:30:00        | 12:31:00        |           | met      |        | 1800.0
        no_arrival         | priority    | true | 12:00:00    |                 |                 | 14:00:00  | unknown  |        |
        arrived_before     | priority    | true | 12:00:00    | 11:59:59        |                 | 14:00:00  | unknown  |        |
        still_open         | priority    | true | 12:00:00    |                 |                 |           | missed   |        |
        """,
        within_the_hour(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | grade_first | vulnerable | neighbourhood_priority | received_at | arrived_at | => state | reason
        priority    | public  |              | priority    | true       |                        | 12:00:00    | 12:30:00   | met      |
        scheduled   | partner |              | scheduled   | true       | false                  | 12:00:00    | 12:30:00   | met      |
        both        | public  |              | scheduled   | true       | true                   | 12:00:00    | 12:30:00   | met      |
        officer     | officer |              | priority    | true       |                        | 12:00:00    | 12:30:00   | excluded | officer_initiated
        test        | test    | i1           | priority    | true       |                        | 12:00:00    | 12:30:00   | excluded | test
        duplicate   | officer | i1           | priority    | true       |                        | 12:00:00    | 12:30:00   | excluded | duplicate

        incidents
        incident_id | grade_first                   | vulnerable | neighbourhood_priority | received_at | arrived_at
        emergency   | emergency                     | true       |                        | 12:00:00    | 12:30:00
        advice      | resolution_without_deployment | true       |                        | 12:00:00    | 12:30:00
        not         | priority                      | false      | true                   | 12:00:00    | 12:30:00
        not_known   | priority                      |            |                        | 12:00:00    | 12:30:00
        """,
        within_the_hour(),
    )


def test_grade() -> None:
    spec = """
        incidents
        incident_id | grade_first | grade_final | vulnerable | received_at | arrived_at | => state
        kept        | priority    |             | true | 12:00:00    | 12:30:00   | met
        {case}      | {graded}    | true | 12:00:00    | 12:30:00   | met

        incidents
        incident_id | grade_first | grade_final | vulnerable | received_at | arrived_at
        {other}     | {regraded}  | true | 12:00:00    | 12:30:00
        """
    up, down = "priority | emergency", "emergency | scheduled"
    check(spec.format(case="up", graded=up, other="down", regraded=down), within_the_hour(grade="first_set"))
    check(spec.format(case="down", graded=down, other="up", regraded=up), within_the_hour(grade="final"))


def test_judged_while_the_unit_is_on_its_way() -> None:
    spec = """
        incidents
        incident_id     | grade_first | vulnerable | received_at     | arrived_at | => state
        not_yet_due     | priority    | true | 12:00:00.000001 |            | pending
        due_this_moment | priority    | true | 12:00:00        |            | {edge}
        just_over       | priority    | true | 11:59:59.999999 |            | missed
        arrives_later   | priority    | true | 12:30:00        | 13:45:00   | pending
        """
    at_the_limit = datetime(2026, 1, 14, 13, tzinfo=UTC)
    check(spec.format(edge="pending"), within_the_hour(), at_the_limit)
    check(spec.format(edge="missed"), within_the_hour(limit="under"), at_the_limit)


def test_limit_under() -> None:
    check(
        """
        incidents
        incident_id        | grade_first | vulnerable | received_at | arrived_at      | cancelled_at | => state | reason
        just_inside        | priority    | true | 12:00:00    | 12:59:59.999999 |              | met      |
        on_the_limit       | priority    | true | 12:00:00    | 13:00:00        |              | missed   |
        cancelled_at_limit | priority    | true | 12:00:00    |                 | 13:00:00     | missed   |
        """,
        within_the_hour(limit="under"),
    )


CLOCKS = """
    incidents
    incident_id   | grade_first | vulnerable | received_at | created_at | dispatched_at | arrived_at | cancelled_at | closed_at | => state | reason | elapsed_seconds
    slow_to_send  | priority    | true | 12:00:00    | 12:02:00   | 12:45:00      | 13:30:00   |              |           | {slow_to_send}
    never_sent    | priority    | true | 12:00:00    | 12:02:00   |               | 12:30:00   |              |           | {never_sent}
    never_created | priority    | true | 12:00:00    |            | 12:20:00      | 12:30:00   |              |           | {never_created}
    nothing_known | priority    | true | 12:00:00    |            |               |            |              | 15:00:00  | unknown
    called_off    | priority    | true | 12:00:00    |            |               |            | 14:00:00     | 15:00:00  | {called_off}
    waiting       | priority    | true | 12:00:00    |            |               |            |              |           | {waiting}
    """


def test_clock_start() -> None:
    for clock, slow_to_send, never_sent, never_created, called_off, waiting in (
        ("received", "missed | | 5400.0", "met | | 1800.0", "met | | 1800.0", "missed", "missed"),
        ("created", "missed | | 5280.0", "met | | 1680.0", "unknown", "excluded | cancelled", "pending"),
        ("dispatched", "met | | 2700.0", "unknown", "met | | 600.0", "excluded | cancelled", "pending"),
    ):
        spec = CLOCKS.format(
            slow_to_send=slow_to_send,
            never_sent=never_sent,
            never_created=never_created,
            called_off=called_off,
            waiting=waiting,
        )
        check(spec, within_the_hour(clock_start=clock))


def test_clock_changes_do_not_touch_elapsed_minutes() -> None:
    check(
        """
        incidents
        incident_id     | grade_first | vulnerable | received_at               | arrived_at                | => state | elapsed_seconds | local_day
        same_wall_clock | priority    | true | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:30:00+00:00 | met      | 3600.0          | 2025-10-26
        late_in_winter  | priority    | true | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:30:01+00:00 | missed   | 3601.0          | 2025-10-26
        """,
        within_the_hour(),
    )
    check(
        """
        incidents
        incident_id     | grade_first | vulnerable | received_at         | arrived_at          | => state | elapsed_seconds
        two_hours_later | priority    | true | 2026-03-29 00:30:00 | 2026-03-29 02:30:00 | met      | 3600.0
        late_in_summer  | priority    | true | 2026-03-29 00:30:00 | 2026-03-29 02:30:01 | missed   | 3601.0
        """,
        within_the_hour(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("column", "definition"),
    [
        ("arrived_at", {}),
        ("created_at", {"clock_start": "created"}),
        ("dispatched_at", {"clock_start": "dispatched"}),
        ("grade_final", {"grade": "final"}),
    ],
)
def test_a_column_not_delivered_cannot_be_judged(column: str, definition: dict[str, str]) -> None:
    spec = """
        incidents
        incident_id | grade_first | vulnerable | received_at | arrived_at | => state | unjudgeable
        incident    | priority    | true | 12:00:00    | 12:10:00   | {state}
        """
    lacks = {"incidents": [f"incidents.{column}", "incidents.setting_final"]}
    check(spec.format(state="unknown | True"), within_the_hour(**definition), lacks=lacks)
    if definition:
        check(spec.format(state="met | False"), within_the_hour(), lacks=lacks)
