"""Messages to a neighbourhood team answered within a day: rows in, states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Limit, Rule
from tests.spec import check, rule


def a_day(hours: int = 24, **definition: str) -> Rule:
    return rule("message_answered", {"": Limit(hours, "hours")}, 100, **definition)


def test_states() -> None:
    check(
        """
        messages
        message_id     | kind   | received_at         | auto_reply_at | responded_at               | reply_needed | duplicate_of | => state | reason | elapsed_seconds
        at_once        | public | 12:00:00            |               | 2026-01-14 12:00:00        | true         |              | met      |        | 0.0
        on_the_limit   | public | 12:00:00            |               | 2026-01-15 12:00:00        | true         |              | met      |        | 86400.0
        just_outside   | public | 12:00:00            |               | 2026-01-15 12:00:00.000001 | true         |              | missed   |        | 86400.000001
        need_not_said  | public | 12:00:00            |               | 2026-01-16 12:00:00        |              |              | missed   |        | 172800.0
        never          | public | 12:00:00            |               |                            |              |              | missed   |        |
        automatic_only | public | 12:00:00            | 12:00:01      |                            |              |              | missed   |        |
        runs_until_now | public | 2026-01-19 06:00:00 |               |                            |              |              | pending  |        |
        ran_out        | public | 2026-01-19 05:59:59 |               |                            |              |              | missed   |        |
        answered_first | public | 12:00:00            |               | 2026-01-14 11:59:59        |              |              | unknown  |        |
        a_test         | test   | 12:00:00            |               |                            |              | at_once      | excluded | test |
        again          | public | 12:00:00            |               |                            | false        | at_once      | excluded | duplicate |
        no_reply       | public | 12:00:00            |               |                            | false        |              | excluded | no_reply_needed |
        no_reply_given | public | 12:00:00            |               | 2026-01-14 13:00:00        | false        |              | excluded | no_reply_needed |
        impossible     | test   | 12:00:00            |               | 2026-01-14 11:59:59        |              |              | excluded | test |
        """,
        a_day(),
    )


@pytest.mark.parametrize(
    ("received", "responded"),
    [("2026-03-28 12:00:00", "2026-03-29 13:00:00"), ("2025-10-25 12:00:00", "2025-10-26 11:00:00")],
)
def test_24_hours_are_elapsed_time_across_a_clock_change(received: str, responded: str) -> None:
    check(
        f"""
        messages
        message_id | received_at | responded_at        | => state | elapsed_seconds
        in_time    | {received}  | {responded}         | met      | 86400.0
        late       | {received}  | {responded}.000001  | missed   | 86400.000001
        """,
        a_day(),
        datetime(2026, 4, 20, tzinfo=UTC),
    )


def test_the_exact_limit_is_outside_when_the_limit_is_under() -> None:
    check(
        """
        messages
        message_id   | received_at         | responded_at        | => state
        on_the_limit | 12:00:00            | 2026-01-15 12:00:00 | missed
        until_now    | 2026-01-19 06:00:00 |                     | missed
        """,
        a_day(limit="under"),
    )


def test_an_automatic_reply_can_be_a_response() -> None:
    check(
        """
        messages
        message_id      | received_at | auto_reply_at | responded_at        | => state | elapsed_seconds
        automatic       | 12:00:00    | 12:00:01      |                     | met      | 1.0
        then_a_person   | 12:00:00    | 12:00:01      | 2026-01-16 12:00:00 | met      | 1.0
        after_a_person  | 12:00:00    | 12:00:09      | 2026-01-14 12:00:05 | met      | 5.0
        before_it_came  | 12:00:00    | 11:59:59      | 2026-01-14 12:00:05 | unknown  |
        """,
        a_day(auto_reply="a_response"),
    )


def test_the_clock_can_start_when_the_message_is_opened() -> None:
    check(
        """
        messages
        message_id   | received_at | opened_at           | responded_at        | => state | clock_started_at    | local_day
        opened_late  | 12:00:00    | 2026-01-16 09:00:00 | 2026-01-17 09:00:00 | met      | 2026-01-16 09:00:00 | 2026-01-16
        never_opened | 12:00:00    |                     |                     | pending  |                     | 2026-01-14
        not_recorded | 12:00:00    |                     | 2026-01-14 13:00:00 | unknown  |                     | 2026-01-14
        """,
        a_day(message_clock="opened"),
    )


def test_every_message_can_be_asked_for() -> None:
    check(
        """
        messages
        message_id | kind   | received_at | reply_needed | duplicate_of | => state | reason
        no_reply   | public | 12:00:00    | false        |              | missed   |
        again      | public | 12:00:00    | false        | no_reply     | excluded | duplicate
        a_test     | test   | 12:00:00    | false        |              | excluded | test
        """,
        a_day(population="every"),
    )


def test_72_hours() -> None:
    check(
        """
        messages
        message_id | received_at | responded_at        | => state
        in_three   | 12:00:00    | 2026-01-17 12:00:00 | met
        later      | 12:00:00    | 2026-01-17 12:00:01 | missed
        """,
        a_day(72),
    )


def test_a_column_that_is_not_delivered_cannot_be_judged() -> None:
    spec = """
        messages
        message_id | kind   | received_at | responded_at | => state   | unjudgeable
        public     | public | 12:00:00    |              | unknown    | True
        a_test     | test   | 12:00:00    |              | excluded   | True
        """
    check(spec, a_day(), lacks={"messages": ["messages.responded_at"]})
    check(spec, a_day(message_clock="opened"), lacks={"messages": ["messages.opened_at"]})
    check(
        spec.replace("unknown ", "missed ").replace("True", "False"),
        a_day(),
        lacks={"messages": ["messages.opened_at"]},
    )
