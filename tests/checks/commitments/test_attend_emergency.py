"""Emergencies reached in time: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule

LIMITS = {"urban": Limit(15, "minutes"), "rural": Limit(20, "minutes")}


def attended(**definition: str) -> Rule:
    return rule("attend_emergency", LIMITS, 90, **definition)


def test_states() -> None:
    check(
        """
        incidents
        incident_id      | setting_first | received_at | arrived_at      | cancelled_at    | closed_at | => state | reason | elapsed_seconds
        in_town          | urban         | 12:00:00    | 12:15:00        |                 | 13:00:00  | met      |        | 900.0
        in_town_late     | urban         | 12:00:00    | 12:15:00.000001 |                 | 13:00:00  | missed   |        | 900.000001
        in_the_country   | rural         | 12:00:00    | 12:20:00        |                 |           | met      |        | 1200.0
        in_country_late  | rural         | 12:00:00    | 12:20:00.000001 |                 |           | missed   |        | 1200.000001
        on_the_spot      | urban         | 12:00:00    | 12:00:00        |                 |           | met      |        | 0.0
        cancelled        | urban         | 12:00:00    |                 | 12:05:00        | 12:05:00  | excluded | cancelled |
        cancelled_at_limit | urban       | 12:00:00    |                 | 12:15:00        | 12:15:00  | excluded | cancelled |
        cancelled_late   | urban         | 12:00:00    |                 | 12:15:00.000001 | 12:16:00  | missed   |        |
        cancelled_rural  | rural         | 12:00:00    |                 | 12:15:00.000001 | 12:16:00  | excluded | cancelled |
        cancelled_first  | urban         | 12:00:00    | 12:10:00        | 12:09:59        |           | excluded | cancelled |
        cancelled_after  | urban         | 12:00:00    | 12:10:00        | 12:10:01        |           | met      |        | 600.0
        cancelled_as_arrived | urban     | 12:00:00    | 12:10:00        | 12:10:00        |           | met      |        | 600.0
        late_and_cancelled | urban       | 12:00:00    | 12:40:00        | 12:30:00        |           | missed   |        |
        no_arrival       | urban         | 12:00:00    |                 |                 | 12:10:00  | unknown  |        |
        no_arrival_late  | urban         | 12:00:00    |                 |                 | 13:00:00  | unknown  |        |
        arrived_before   | urban         | 12:00:00    | 11:59:59.999999 |                 | 13:00:00  | unknown  |        |
        still_open       | urban         | 12:00:00    |                 |                 |           | missed   |        |
        """,
        attended(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | vulnerable | neighbourhood_priority | received_at | arrived_at | => state | reason
        public      | public  |              |            |                        | 12:00:00    | 12:10:00   | met      |
        partner     | partner |              |            |                        | 12:00:00    | 12:10:00   | met      |
        vulnerable  | public  |              | true       | true                   | 12:00:00    | 12:10:00   | met      |
        officer     | officer |              |            |                        | 12:00:00    | 12:10:00   | excluded | officer_initiated
        test        | test    |              |            |                        | 12:00:00    | 12:10:00   | excluded | test
        duplicate   | public  | i1           |            |                        | 12:00:00    | 12:10:00   | excluded | duplicate
        test_twice  | test    | i1           |            |                        | 12:00:00    |            | excluded | test
        officers    | officer | i1           |            |                        | 12:00:00    |            | excluded | duplicate
        absurd      | officer |              |            |                        | 12:00:00    | 11:00:00   | excluded | officer_initiated

        incidents
        incident_id | grade_first                 | grade_final | received_at | arrived_at
        priority    | priority                    | emergency   | 12:00:00    | 12:10:00
        scheduled   | scheduled                   |             | 12:00:00    | 12:10:00
        advice      | resolution_without_deployment |           | 12:00:00    | 12:10:00
        """,
        attended(),
    )


def test_judged_while_the_unit_is_on_its_way() -> None:
    spec = """
        incidents
        incident_id     | setting_first | received_at     | arrived_at | cancelled_at | closed_at | => state
        not_yet_due     | urban         | 12:00:00.000001 |            |              |           | pending
        due_this_moment | urban         | 12:00:00        |            |              |           | {edge}
        just_over       | urban         | 11:59:59.999999 |            |              |           | missed
        longer_in_rural | rural         | 11:59:59.999999 |            |              |           | pending
        arrives_later   | urban         | 12:05:00        | 12:16:00   |              | 12:30:00  | pending
        cancelled_later | urban         | 12:05:00        |            | 12:16:00     | 12:16:00  | pending
        """
    at_the_limit = datetime(2026, 1, 14, 12, 15, tzinfo=UTC)
    check(spec.format(edge="pending"), attended(), at_the_limit)
    check(spec.format(edge="missed"), attended(limit="under"), at_the_limit)


def test_limit_under() -> None:
    check(
        """
        incidents
        incident_id        | received_at | arrived_at      | cancelled_at    | => state | reason
        just_inside        | 12:00:00    | 12:14:59.999999 |                 | met      |
        on_the_limit       | 12:00:00    | 12:15:00        |                 | missed   |
        cancelled          | 12:00:00    |                 | 12:14:59.999999 | excluded | cancelled
        cancelled_at_limit | 12:00:00    |                 | 12:15:00        | missed   |
        """,
        attended(limit="under"),
    )


CLOCKS = """
    incidents
    incident_id   | received_at | created_at | dispatched_at | arrived_at | cancelled_at | closed_at | => state | reason | elapsed_seconds
    slow_to_send  | 12:00:00    | 12:02:00   | 12:05:00      | 12:18:00   |              | 13:00:00  | {slow_to_send}
    never_sent    | 12:00:00    | 12:02:00   |               | 12:10:00   |              | 13:00:00  | {never_sent}
    never_created | 12:00:00    |            | 12:05:00      | 12:10:00   |              | 13:00:00  | {never_created}
    nothing_known | 12:00:00    |            |               |            |              | 13:00:00  | unknown  |        |
    called_off    | 12:00:00    |            |               |            | 12:30:00     | 13:00:00  | {called_off}
    backwards     | 12:00:00    | 12:11:00   | 12:12:00      | 12:10:00   |              | 13:00:00  | {backwards}
    """


def test_clock_starts_when_received() -> None:
    check(
        CLOCKS.format(
            slow_to_send="missed | | 1080.0",
            never_sent="met | | 600.0",
            never_created="met | | 600.0",
            called_off="missed",
            backwards="met | | 600.0",
        ),
        attended(clock_start="received"),
    )


def test_clock_starts_when_created() -> None:
    check(
        CLOCKS.format(
            slow_to_send="missed | | 960.0",
            never_sent="met | | 480.0",
            never_created="unknown",
            called_off="excluded | cancelled",
            backwards="unknown",
        ),
        attended(clock_start="created"),
    )


def test_clock_starts_when_dispatched() -> None:
    check(
        CLOCKS.format(
            slow_to_send="met | | 780.0",
            never_sent="unknown",
            never_created="met | | 300.0",
            called_off="excluded | cancelled",
            backwards="unknown",
        ),
        attended(clock_start="dispatched"),
    )


@pytest.mark.parametrize("clock", ["created", "dispatched"])
def test_a_clock_that_has_not_started_is_pending_while_the_record_is_open(clock: str) -> None:
    check(
        """
        incidents
        incident_id | received_at | arrived_at | => state | local_day
        waiting     | 12:00:00    |            | pending  | 2026-01-14
        there       | 12:00:00    | 12:10:00   | unknown  | 2026-01-14
        """,
        attended(clock_start=clock),
    )


GRADES = """
    incidents
    incident_id | grade_first | grade_final | received_at | arrived_at | => state
    always      | emergency   | emergency   | 12:00:00    | 12:10:00   | met
    never_final | emergency   |             | 12:00:00    | 12:10:00   | met
    {case}      | emergency   |             | 12:00:00    | 12:20:00   | missed

    incidents
    incident_id | grade_first | grade_final | received_at | arrived_at
    {other}
    """


def test_grade_first_set() -> None:
    spec = GRADES.format(case="slow", other="upgraded | priority | emergency | 12:00:00 | 12:10:00")
    check(spec, attended(grade="first_set"))


def test_grade_final() -> None:
    spec = GRADES.format(case="slow", other="downgraded | emergency | priority | 12:00:00 | 12:10:00")
    check(spec, attended(grade="final"))
    check(
        """
        incidents
        incident_id | grade_first | grade_final | received_at | arrived_at | => state
        upgraded    | scheduled   | emergency   | 12:00:00    | 12:10:00   | met
        """,
        attended(grade="final"),
    )


SETTINGS = """
    incidents
    incident_id | setting_first | setting_final | received_at | arrived_at | => state
    country     | rural         | urban         | 12:00:00    | 12:18:00   | {country}
    town        | urban         | rural         | 12:00:00    | 12:18:00   | {town}
    kept_town   | urban         |               | 12:00:00    | 12:18:00   | missed
    kept_rural  | rural         |               | 12:00:00    | 12:18:00   | met
    """


def test_setting() -> None:
    check(SETTINGS.format(country="met", town="missed"), attended(setting="first_set"))
    check(SETTINGS.format(country="missed", town="met"), attended(setting="final"))


def test_clock_changes_do_not_touch_elapsed_minutes() -> None:
    check(
        """
        incidents
        incident_id    | received_at               | arrived_at                | => state | elapsed_seconds | local_day
        into_winter    | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:05:00+00:00 | met      | 900.0           | 2025-10-26
        late_in_winter | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:05:01+00:00 | missed   | 901.0           | 2025-10-26
        an_hour_more   | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:50:00+00:00 | missed   | 3600.0          | 2025-10-26
        """,
        attended(),
    )
    check(
        """
        incidents
        incident_id    | received_at         | arrived_at          | => state | elapsed_seconds
        into_summer    | 2026-03-29 00:50:00 | 2026-03-29 02:05:00 | met      | 900.0
        late_in_summer | 2026-03-29 00:50:00 | 2026-03-29 02:05:01 | missed   | 901.0
        """,
        attended(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("column", "definition"),
    [
        ("arrived_at", {}),
        ("created_at", {"clock_start": "created"}),
        ("dispatched_at", {"clock_start": "dispatched"}),
        ("grade_final", {"grade": "final"}),
        ("setting_final", {"setting": "final"}),
    ],
)
def test_a_column_not_delivered_cannot_be_judged(column: str, definition: dict[str, str]) -> None:
    spec = """
        incidents
        incident_id | origin | received_at | arrived_at | => state | reason | unjudgeable
        incident    | public | 12:00:00    | 12:10:00   | {incident}
        a_test      | test   | 12:00:00    | 12:10:00   | excluded | test   | {a_test}
        """
    lacks = {"incidents": [f"incidents.{column}"]}
    check(spec.format(incident="unknown | | True", a_test="True"), attended(**definition), lacks=lacks)
    if definition:
        check(spec.format(incident="met | | False", a_test="False"), attended(), lacks=lacks)


def test_columns_the_promise_does_not_need_may_be_missing() -> None:
    check(
        """
        incidents
        incident_id | received_at | arrived_at | => state | unjudgeable
        incident    | 12:00:00    | 12:10:00   | met      | False
        """,
        attended(),
        lacks={"incidents": ["incidents.cancelled_at", "incidents.closed_at", "incidents.vulnerable"]},
    )


def test_a_standard_with_one_limit_holds_for_both_settings() -> None:
    check(
        """
        incidents
        incident_id | setting_first | received_at | arrived_at | => state
        town        | urban         | 12:00:00    | 12:18:00   | met
        country     | rural         | 12:00:00    | 12:18:01   | missed
        """,
        rule("attend_emergency", {"": Limit(18, "minutes")}),
    )
