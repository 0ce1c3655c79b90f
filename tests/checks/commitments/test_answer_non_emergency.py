"""Non-emergency calls answered promptly: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Limit, Rule
from tests.spec import check, rule


def thirty_seconds(**definition: str) -> Rule:
    return rule("answer_non_emergency", {"": Limit(30, "seconds")}, 90, **definition)


def test_states() -> None:
    check(
        """
        calls
        call_id          | line        | received_at | answered_at     | abandoned_at    | ended_at | => state | reason
        on_the_limit     | 101         | 12:00:00    | 12:00:30        |                 |          | met      |
        just_outside     | 101         | 12:00:00    | 12:00:30.000001 |                 |          | missed   |
        switchboard      | switchboard | 12:00:00    | 12:00:29.999999 |                 |          | met      |
        hung_up_at_limit | switchboard | 12:00:00    |                 | 12:00:30        |          | excluded | short_abandoned
        hung_up_late     | 101         | 12:00:00    |                 | 12:00:30.000001 |          | missed   |
        hung_up_after    | 101         | 12:00:00    | 12:00:20        | 12:00:40        |          | met      |
        ended_only       | 101         | 12:00:00    |                 |                 | 12:00:20 | unknown  |
        answered_before  | 101         | 12:00:00    | 11:59:59        |                 |          | unknown  |
        still_ringing    | 101         | 12:00:00    |                 |                 |          | missed   |
        """,
        thirty_seconds(),
    )


def test_population() -> None:
    check(
        """
        calls
        call_id | line        | kind    | received_at | answered_at | => state | reason
        silent  | 101         | silent  | 12:00:00    | 12:00:05    | met      |
        test    | 101         | test    | 12:00:00    | 12:00:05    | excluded | test
        phantom | switchboard | phantom | 12:00:00    |             | excluded | phantom
        dropped | 101         | dropped | 12:00:00    |             | excluded | dropped

        calls
        call_id   | line | received_at | answered_at
        emergency | 999  | 12:00:00    | 12:00:05
        """,
        thirty_seconds(),
    )


def test_judged_while_the_phone_rings() -> None:
    spec = """
        calls
        call_id         | line | received_at     | answered_at | => state
        not_yet_due     | 101  | 12:00:00.000001 |             | pending
        due_this_moment | 101  | 12:00:00        |             | {edge}
        just_over       | 101  | 11:59:59.999999 |             | missed
        answered_later  | 101  | 12:00:10        | 12:00:31    | pending
        """
    at_the_limit = datetime(2026, 1, 14, 12, 0, 30, tzinfo=UTC)
    check(spec.format(edge="pending"), thirty_seconds(), at_the_limit)
    check(spec.format(edge="missed"), thirty_seconds(limit="under"), at_the_limit)


def test_limit_under() -> None:
    check(
        """
        calls
        call_id          | line | received_at | answered_at     | abandoned_at | => state | reason
        just_inside      | 101  | 12:00:00    | 12:00:29.999999 |              | met      |
        on_the_limit     | 101  | 12:00:00    | 12:00:30        |              | missed   |
        hung_up_at_limit | 101  | 12:00:00    |                 | 12:00:30     | missed   |
        """,
        thirty_seconds(limit="under"),
    )


def test_abandoned_calls() -> None:
    spec = """
        calls
        call_id  | line | received_at | answered_at | abandoned_at | => state | reason
        answered | 101  | 12:00:00    | 12:00:25    |              | met      |
        short    | 101  | 12:00:00    |             | 12:00:25     | {short}
        late     | 101  | 12:00:00    |             | 12:00:45     | {late}
        """
    left_out = "excluded | short_abandoned"
    for abandoned, short, late in (
        ("short_excluded", left_out, "missed"),
        ("answered_only", left_out, left_out),
        ("all_offered", "missed", "missed"),
    ):
        check(spec.format(short=short, late=late), thirty_seconds(abandoned=abandoned))


def test_clock_changes_do_not_touch_elapsed_seconds() -> None:
    check(
        """
        calls
        call_id         | line | received_at               | answered_at               | => state | elapsed_seconds
        into_winter     | 101  | 2025-10-26T01:59:45+01:00 | 2025-10-26T01:00:15+00:00 | met      | 30.0
        late_in_winter  | 101  | 2025-10-26T01:59:45+01:00 | 2025-10-26T01:00:16+00:00 | missed   | 31.0
        same_wall_clock | 101  | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:30:10+00:00 | missed   | 3610.0
        """,
        thirty_seconds(),
    )
    check(
        """
        calls
        call_id        | line | received_at         | answered_at         | => state | elapsed_seconds
        into_summer    | 101  | 2026-03-29 00:59:45 | 2026-03-29 02:00:15 | met      | 30.0
        late_in_summer | 101  | 2026-03-29 00:59:45 | 2026-03-29 02:00:16 | missed   | 31.0
        """,
        thirty_seconds(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


def test_a_column_not_delivered_cannot_be_judged() -> None:
    spec = """
        calls
        call_id | line | received_at | answered_at | => state | unjudgeable
        a_call  | 101  | 12:00:00    | 12:00:05    | {state}
        """
    for needed in ("answered_at", "abandoned_at"):
        check(spec.format(state="unknown | True"), thirty_seconds(), lacks={"calls": [f"calls.{needed}"]})
    check(spec.format(state="met | False"), thirty_seconds(), lacks={"calls": ["calls.dialled_at", "calls.ended_at"]})
