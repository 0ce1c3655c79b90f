"""Standing silences: always with an end, at most 90 days, never of everything; when they are on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.changes import Kind, Subject
from checks.errors import UsageError
from checks.hours import Occasion
from checks.matching import Matcher, matcher_of
from checks.silencing import StandingSilence, applying, checked, over

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD = StandingSilence("a", matcher_of("test", {"force": "norfolk"}), "new telephones", "A. Author", NOW, NOW + DAY)
MISS = Subject(Kind.FIRST_MISS, "norfolk", "", 3, "answer_999", "high")


def test_ninety_days_are_the_longest() -> None:
    longest = replace(GOOD, ends_at=NOW + 90 * DAY)
    assert checked(longest, NOW) is longest
    with pytest.raises(UsageError, match="at most 90 days"):
        checked(replace(GOOD, ends_at=NOW + 90 * DAY + timedelta(microseconds=1)), NOW)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matcher": Matcher()}, "it would mute everything"),
        ({"reason": " "}, "--reason"),
        ({"reason": "x" * 301}, "--reason"),
        ({"reason": "two\nlines"}, "--reason"),
        ({"author": ""}, "--by"),
        ({"ends_at": NOW}, "it ends before it begins"),
        ({"starts_at": NOW - 2 * DAY, "ends_at": NOW}, "it is in the past"),
        ({"starts_at": NOW + 2 * DAY}, "it ends before it begins"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked(replace(GOOD, **changes), NOW)


def test_from_its_beginning_up_to_its_end() -> None:
    for moment, state in ((-1, "to come"), (0, "on"), (86399, "on"), (86400, "expired")):
        now = NOW + timedelta(seconds=moment)
        assert (GOOD.state(now), GOOD.is_on(now)) == (state, state == "on")
    early = replace(GOOD, ended_at=NOW + DAY / 2)
    assert early.is_on(NOW + DAY / 2 - timedelta(seconds=1)) and early.state(NOW + DAY / 2) == "ended"


def test_the_one_that_lasts_longest_mutes() -> None:
    long = replace(GOOD, silence_id="b", ends_at=NOW + 2 * DAY)
    other = replace(GOOD, silence_id="c", matcher=matcher_of("test", {"force": "kent"}))
    found = applying([GOOD, long, other], MISS, Occasion(NOW), NOW)
    assert [each.silence_id for each in found] == ["b", "a"]
    assert [each.silence_id for each in applying([GOOD, long], MISS, Occasion(NOW), NOW + DAY)] == ["b"]


def test_those_that_are_over_in_their_order() -> None:
    never = replace(GOOD, silence_id="never", ended_at=NOW - DAY)
    early = replace(GOOD, silence_id="early", ended_at=NOW + DAY / 2)
    said = replace(GOOD, silence_id="said")
    found = over([GOOD, never, early, said], NOW + DAY, {"said"})
    assert [each.silence_id for each in found] == ["early", "a"]
