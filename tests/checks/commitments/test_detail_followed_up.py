"""The fuller answer sent when it was promised: rows in, states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Rule
from tests.spec import check, rule


def as_promised(**definition: str) -> Rule:
    return rule("detail_followed_up", {}, 100, **definition)


def test_states() -> None:
    check(
        """
        messages
        message_id   | kind   | received_at | responded_at | detail_promised_for | detail_sent_at             | reply_needed | duplicate_of | => state | reason | due_at
        early        | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 | 2026-01-15 09:00:00        |              |              | met      |        | 2026-01-16 17:00:00
        to_the_dot   | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 | 2026-01-16 17:00:00        |              |              | met      |        | 2026-01-16 17:00:00
        just_late    | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 | 2026-01-16 17:00:00.000001 |              |              | missed   |        | 2026-01-16 17:00:00
        never        | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 |                            |              |              | missed   |        | 2026-01-16 17:00:00
        promised_now | public | 12:00:00    | 13:00:00     | 2026-01-20 06:00:00 |                            |              |              | pending  |        | 2026-01-20 06:00:00
        still_time   | public | 12:00:00    | 13:00:00     | 2026-02-20 17:00:00 |                            |              |              | pending  |        | 2026-02-20 17:00:00
        backwards    | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 | 2026-01-14 11:59:59        |              |              | unknown  |        | 2026-01-16 17:00:00
        promised_ago | public | 12:00:00    | 13:00:00     | 2026-01-13 17:00:00 | 2026-01-16 09:00:00        |              |              | unknown  |        | 2026-01-13 17:00:00
        a_promise    | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 |                            | false        |              | missed   |        | 2026-01-16 17:00:00
        a_test       | test   | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 |                            |              | early        | excluded | test | 2026-01-16 17:00:00
        again        | public | 12:00:00    | 13:00:00     | 2026-01-16 17:00:00 |                            |              | early        | excluded | duplicate | 2026-01-16 17:00:00
        """,
        as_promised(),
    )


def test_a_message_that_promised_nothing_is_no_case() -> None:
    check(
        """
        messages
        message_id | received_at | responded_at | detail_promised_for | detail_sent_at      | => state

        messages
        message_id | received_at | responded_at | detail_promised_for | detail_sent_at
        settled    | 12:00:00    | 13:00:00     |                     |
        unasked    | 12:00:00    | 13:00:00     |                     | 2026-01-15 09:00:00
        """,
        as_promised(),
    )


def test_the_case_belongs_to_the_local_day_it_was_promised_for_across_a_clock_change() -> None:
    check(
        """
        messages
        message_id | received_at         | detail_promised_for       | detail_sent_at            | => state | local_day  | due_at
        summer     | 2026-03-27 12:00:00 | 2026-03-29T23:30:00+00:00 | 2026-03-29T23:30:00+00:00 | met      | 2026-03-30 | 2026-03-29 23:30:00
        winter     | 2026-03-27 12:00:00 | 2026-03-28T23:30:00+00:00 | 2026-03-28T23:30:01+00:00 | missed   | 2026-03-28 | 2026-03-28 23:30:00
        """,
        as_promised(),
        datetime(2026, 4, 20, tzinfo=UTC),
    )


def test_the_exact_time_is_late_when_the_limit_is_under() -> None:
    check(
        """
        messages
        message_id | received_at | detail_promised_for | detail_sent_at             | => state
        to_the_dot | 12:00:00    | 2026-01-16 17:00:00 | 2026-01-16 17:00:00        | missed
        before     | 12:00:00    | 2026-01-16 17:00:00 | 2026-01-16 16:59:59.999999 | met
        """,
        as_promised(limit="under"),
    )


def test_a_column_that_is_not_delivered_cannot_be_judged() -> None:
    spec = """
        messages
        message_id | received_at | detail_promised_for | detail_sent_at      | => state | unjudgeable
        promised   | 12:00:00    | 2026-01-16 17:00:00 |                     | unknown  | True
        nothing    | 12:00:00    |                     | 2026-01-16 17:00:00 | unknown  | True
        """
    check(spec, as_promised(), lacks={"messages": ["messages.detail_sent_at"]})
    check(spec, as_promised(), lacks={"messages": ["messages.detail_promised_for"]})
