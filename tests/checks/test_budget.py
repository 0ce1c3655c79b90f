"""The budget in cases, against a slow count of what may still happen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.budget import budget
from checks.errors import UsageError


def kept(met: int, missed: int, numerator: int, denominator: int) -> bool:
    return met * denominator >= numerator * (met + missed)


@given(st.integers(0, 40), st.integers(0, 10), st.integers(0, 20), st.integers(0, 20), st.integers(0, 60))
def test_left_is_how_many_more_may_be_missed(met: int, missed: int, pending: int, numerator: int, more: int) -> None:
    total = met + missed + pending + more
    found = budget(met, missed, pending, numerator, 20, 30, 10, 30, total)
    to_come = pending + more
    possible = [extra for extra in range(to_come + 1) if kept(met + to_come - extra, missed + extra, numerator, 20)]
    assert found.already_broken == (not possible)
    assert min(found.left, to_come) == (max(possible) if possible else 0)
    assert found.expected_cases == total


@given(st.integers(1, 60), st.integers(0, 20), st.integers(1, 31), st.integers(0, 31), st.integers(0, 200))
def test_the_day_is_the_first_on_which_the_pace_breaks_it(
    met: int, missed: int, elapsed: int, to_go: int, more: int
) -> None:
    days = elapsed + to_go
    found = budget(met, missed, 0, 9, 10, 30, elapsed, days, met + missed + more)
    broken = [day for day in range(elapsed, days + 1) if missed * day > found.allowed * elapsed]
    assert found.runs_out_on_day == (broken[0] if broken else None)


def test_ninety_per_cent_of_a_month() -> None:
    # 200 of 300 expected seen by day 20, 12 missed: 30 allowed, 18 left, and 12 in 20 days makes 18 in 30.
    found = budget(180, 12, 8, 90, 100, 30, 20, 30)
    assert (found.expected_cases, found.allowed, found.left) == (300, 30, 18)
    assert (found.already_broken, found.runs_out_on_day, found.too_few) == (False, None, False)


def test_at_this_pace_it_runs_out() -> None:
    # 24 missed in 20 days, 30 allowed: day 25 makes exactly 30, day 26 is the first beyond.
    assert budget(176, 24, 0, 90, 100, 30, 20, 30).runs_out_on_day == 26


def test_a_promise_of_all_breaks_with_the_first_miss() -> None:
    assert budget(50, 0, 0, 1, 1, 1, 10, 30).left == 0
    broken = budget(49, 1, 0, 1, 1, 1, 10, 30)
    assert (broken.already_broken, broken.left, broken.runs_out_on_day) == (True, 0, 10)


def test_exactly_the_target_is_kept() -> None:
    last_day = budget(90, 10, 0, 90, 100, 30, 30, 30)
    assert (last_day.left, last_day.already_broken, last_day.runs_out_on_day) == (0, False, None)
    assert budget(89, 11, 0, 90, 100, 30, 30, 30).already_broken


def test_a_finished_period_waits_for_nothing() -> None:
    assert budget(85, 15, 0, 90, 100, 30, 30, 30, expected_cases=500).already_broken


def test_pending_cases_may_still_be_met() -> None:
    assert budget(9, 2, 9, 90, 100, 1, 30, 30).left == 0
    assert not budget(9, 2, 9, 90, 100, 1, 30, 30).already_broken
    assert budget(9, 2, 8, 90, 100, 1, 30, 30).already_broken


def test_nothing_seen_yet() -> None:
    found = budget(0, 0, 0, 90, 100, 30, 0, 30)
    assert (found.expected_cases, found.left, found.runs_out_on_day, found.too_few) == (0, 0, None, True)
    assert budget(0, 0, 0, 90, 100, 30, 0, 30, expected_cases=100).left == 10


def test_below_the_minimum_it_says_so() -> None:
    assert budget(10, 0, 0, 90, 100, 30, 15, 30).too_few
    assert not budget(15, 0, 0, 90, 100, 30, 15, 30).too_few


@pytest.mark.parametrize(
    ("given_", "match"),
    [
        ((-1, 0, 0, 9, 10, 30, 1, 30), "negative"),
        ((1, 0, 0, 11, 10, 30, 1, 30), "share from 0 to 1"),
        ((1, 0, 0, 0, 0, 30, 1, 30), "share from 0 to 1"),
        ((1, 0, 0, 9, 10, 30, 31, 30), "days"),
    ],
)
def test_what_cannot_be_is_refused(given_: tuple[int, ...], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        budget(*given_)
