"""999 calls answered in time: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Limit, Rule
from tests.spec import check, rule


def ten_seconds(**definition: str) -> Rule:
    return rule("answer_999", {"": Limit(10, "seconds")}, 90, **definition)


def test_states() -> None:
    check(
        """
        calls
        call_id          | received_at     | answered_at     | abandoned_at | ended_at | => state | reason | elapsed_seconds
        at_once          | 12:00:00        | 12:00:00        |              |          | met      |        | 0.0
        just_inside      | 12:00:00        | 12:00:09.999999 |              |          | met      |        | 9.999999
        on_the_limit     | 12:00:00        | 12:00:10        |              |          | met      |        | 10.0
        just_outside     | 12:00:00        | 12:00:10.000001 |              |          | missed   |        | 10.000001
        past_midnight    | 23:59:55        | 2026-01-15 00:00:06 |          |          | missed   |        | 11.0
        hung_up_short    | 12:00:00        |                 | 12:00:09     | 12:00:09 | excluded | short_abandoned |
        hung_up_at_limit | 12:00:00        |                 | 12:00:10     | 12:00:10 | excluded | short_abandoned |
        hung_up_late     | 12:00:00        |                 | 12:00:10.000001 |       | missed   |        |
        hung_up_after    | 12:00:00        | 12:00:08        | 12:00:09     |          | met      |        | 8.0
        hung_up_before   | 12:00:00        | 12:00:09        | 12:00:08     |          | excluded | short_abandoned |
        hung_up_as_answered | 12:00:00     | 12:00:09        | 12:00:09     |          | met      |        | 9.0
        late_both        | 12:00:00        | 12:00:30        | 12:00:20     |          | missed   |        |
        ended_only       | 12:00:00        |                 |              | 12:01:00 | unknown  |        |
        answered_before  | 12:00:00        | 11:59:59.999999 |              |          | unknown  |        |
        hung_up_too_soon | 12:00:00        |                 | 11:59:59     | 12:00:00 | unknown  |        |
        still_ringing    | 12:00:00        |                 |              |          | missed   |        |
        """,
        ten_seconds(),
    )


def test_population() -> None:
    check(
        """
        calls
        call_id | line        | kind    | received_at | answered_at | => state | reason
        silent  | 999         | silent  | 12:00:00    | 12:00:05    | met      |
        test    | 999         | test    | 12:00:00    | 12:00:05    | excluded | test
        phantom | 999         | phantom | 12:00:00    |             | excluded | phantom
        dropped | 999         | dropped | 12:00:00    |             | excluded | dropped
        absurd  | 999         | test    | 12:00:00    | 11:00:00    | excluded | test
        """,
        ten_seconds(),
    )


def test_other_lines_are_no_cases() -> None:
    check(
        """
        calls
        call_id | line | received_at | answered_at | => state
        999     | 999  | 12:00:00    | 12:00:05    | met

        calls
        call_id | line        | received_at | answered_at
        101     | 101         | 12:00:00    | 12:00:05
        board   | switchboard | 12:00:00    | 12:00:05
        """,
        ten_seconds(),
    )


def test_judged_while_the_phone_rings() -> None:
    spec = """
        calls
        call_id         | received_at     | answered_at | abandoned_at | => state
        not_yet_due     | 12:00:00.000001 |             |              | pending
        due_this_moment | 12:00:00        |             |              | {edge}
        just_over       | 11:59:59.999999 |             |              | missed
        answered_later  | 12:00:05        | 12:00:11    |              | pending
        hung_up_later   | 12:00:05        |             | 12:00:11     | pending
        """
    at_the_limit = datetime(2026, 1, 14, 12, 0, 10, tzinfo=UTC)
    check(spec.format(edge="pending"), ten_seconds(), at_the_limit)
    check(spec.format(edge="missed"), ten_seconds(limit="under"), at_the_limit)


def test_a_call_not_yet_received_is_no_case() -> None:
    check(
        """
        calls
        call_id | received_at | answered_at | => state
        now     | 12:00:00    |             | pending

        calls
        call_id | received_at
        later   | 12:00:00.000001
        """,
        ten_seconds(),
        datetime(2026, 1, 14, 12, tzinfo=UTC),
    )


def test_limit_under() -> None:
    check(
        """
        calls
        call_id          | received_at | answered_at     | abandoned_at    | => state | reason
        just_inside      | 12:00:00    | 12:00:09.999999 |                 | met      |
        on_the_limit     | 12:00:00    | 12:00:10        |                 | missed   |
        hung_up_short    | 12:00:00    |                 | 12:00:09.999999 | excluded | short_abandoned
        hung_up_at_limit | 12:00:00    |                 | 12:00:10        | missed   |
        """,
        ten_seconds(limit="under"),
    )


ABANDONED = """
    calls
    call_id       | kind   | received_at | answered_at | abandoned_at | => state | reason
    answered      | public | 12:00:00    | 12:00:05    |              | met      |
    short         | public | 12:00:00    |             | 12:00:05     | {short}
    late          | public | 12:00:00    |             | 12:00:15     | {late}
    between       | public | 12:00:00    | 12:00:25    | 12:00:15     | {late}
    rung_off      | public | 12:00:00    | 12:00:05    | 12:00:15     | met      |
    contradictory | public | 12:00:00    |             | 11:59:00     | unknown  |
    test_call     | test   | 12:00:00    |             | 12:00:15     | excluded | test
    """


def test_abandoned_short_excluded() -> None:
    check(ABANDONED.format(short="excluded | short_abandoned", late="missed"), ten_seconds(abandoned="short_excluded"))


def test_abandoned_answered_only() -> None:
    left_out = "excluded | short_abandoned"
    check(ABANDONED.format(short=left_out, late=left_out), ten_seconds(abandoned="answered_only"))


def test_abandoned_all_offered() -> None:
    check(ABANDONED.format(short="missed", late="missed"), ten_seconds(abandoned="all_offered"))


DIALLED = """
    calls
    call_id       | dialled_at | received_at | answered_at | abandoned_at | ended_at | => state | reason
    transferred   | 11:59:55   | 12:00:00    | 12:00:06    |              |          | missed   |
    quick         | 11:59:58   | 12:00:00    | 12:00:08    |              |          | met      |
    no_dialling   |            | 12:00:00    | 12:00:05    |              |          | unknown  |
    never_dialled |            | 12:00:00    |             |              | 12:00:30 | unknown  |
    open          |            | 12:00:00    |             |              |          | pending  |
    hung_up       |            | 12:00:00    |             | 12:00:30     |          | {hung_up}
    short         | 11:59:55   | 12:00:00    |             | 12:00:04     |          | {short}
    backwards     | 12:00:07   | 12:00:00    | 12:00:05    |              |          | unknown  |
    """


def test_clock_starts_when_dialled() -> None:
    left_out = "excluded | short_abandoned"
    check(DIALLED.format(hung_up=left_out, short=left_out), ten_seconds(clock_start="dialled"))
    check(
        DIALLED.format(hung_up="missed", short="missed"),
        ten_seconds(clock_start="dialled", abandoned="all_offered"),
    )


def test_a_case_belongs_to_the_local_day_its_clock_started() -> None:
    spec = """
        calls
        call_id | dialled_at                | received_at               | answered_at               | => state | local_day
        winter  | 2026-01-13 23:59:59       | 2026-01-14 00:00:01       | 2026-01-14 00:00:05       | met      | {winter}
        summer  | 2025-06-30T22:59:58+00:00 | 2025-06-30T23:00:00+00:00 | 2025-06-30T23:00:05+00:00 | met      | {summer}
        """
    check(spec.format(winter="2026-01-14", summer="2025-07-01"), ten_seconds())
    check(spec.format(winter="2026-01-13", summer="2025-06-30"), ten_seconds(clock_start="dialled"))


def test_clock_changes_do_not_touch_elapsed_seconds() -> None:
    check(
        """
        calls
        call_id         | received_at               | answered_at               | => state | elapsed_seconds | local_day
        into_winter     | 2025-10-26T01:59:55+01:00 | 2025-10-26T01:00:05+00:00 | met      | 10.0            | 2025-10-26
        same_wall_clock | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:30:00+00:00 | missed   | 3600.0          | 2025-10-26
        seems_backwards | 2025-10-26T01:59:58+01:00 | 2025-10-26T01:00:03+00:00 | met      | 5.0             | 2025-10-26
        late_in_winter  | 2025-10-26T01:59:55+01:00 | 2025-10-26T01:00:06+00:00 | missed   | 11.0            | 2025-10-26
        """,
        ten_seconds(),
    )
    check(
        """
        calls
        call_id        | received_at         | answered_at         | => state | elapsed_seconds
        into_summer    | 2026-03-29 00:59:55 | 2026-03-29 02:00:05 | met      | 10.0
        late_in_summer | 2026-03-29 00:59:55 | 2026-03-29 02:00:06 | missed   | 11.0
        """,
        ten_seconds(),
        datetime(2026, 4, 1, tzinfo=UTC),
    )


def test_a_column_not_delivered_cannot_be_judged() -> None:
    spec = """
        calls
        call_id  | kind   | received_at | answered_at | => state | unjudgeable
        a_call   | public | 12:00:00    | 12:00:05    | {state}
        """
    for needed in ("answered_at", "abandoned_at"):
        lacks = {"calls": [f"calls.{needed}"]}
        check(spec.format(state="unknown | True"), ten_seconds(), lacks=lacks)
    lacks = {"calls": ["calls.dialled_at", "calls.area"]}
    check(spec.format(state="met | False"), ten_seconds(), lacks=lacks)
    check(spec.format(state="unknown | True"), ten_seconds(clock_start="dialled"), lacks=lacks)
    check(
        spec.format(state="excluded | True").replace("public", "test"),
        ten_seconds(),
        lacks={"calls": ["calls.answered_at"]},
    )


def test_a_standard_without_limit_only_times() -> None:
    check(
        """
        calls
        call_id  | received_at | answered_at | => state | elapsed_seconds
        answered | 12:00:00    | 12:05:00    | timed    | 300.0
        open     | 12:00:00    |             | pending  |
        """,
        rule("answer_999"),
    )
