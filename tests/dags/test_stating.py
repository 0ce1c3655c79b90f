"""Which figures a night states anew."""

from __future__ import annotations

from datetime import date

import pytest

from dags.stating import EVERYTHING, Scope

MARCH = Scope(date(2025, 1, 1), {"norfolk": frozenset({date(2026, 3, 1)})})


@pytest.mark.parametrize(
    ("period", "start", "stated"),
    [
        ("day", "2026-03-31", True),
        ("day", "2026-02-28", False),
        ("day", "2026-04-01", False),
        ("month", "2026-03-01", True),
        ("month", "2026-04-01", False),
        ("year", "2026-01-01", True),
        ("year", "2025-01-01", False),
        ("rolling_12_months", "2025-03-01", False),
        ("rolling_12_months", "2025-04-01", True),
        ("rolling_12_months", "2026-03-01", True),
        ("rolling_12_months", "2026-04-01", False),
    ],
)
def test_what_a_changed_month_is_part_of(period: str, start: str, stated: bool) -> None:
    assert MARCH.has("norfolk", period, date.fromisoformat(start)) is stated
    assert not MARCH.has("suffolk", period, date.fromisoformat(start))
    assert EVERYTHING.has("suffolk", period, date.fromisoformat(start))


def test_cases_as_far_back_as_the_longest_figure_counts_them() -> None:
    assert MARCH.cases_from == date(2025, 4, 1)
    assert Scope(date(2025, 6, 1), MARCH.months).cases_from == date(2025, 6, 1)
    assert Scope(date(2025, 6, 1)).cases_from == date(2025, 6, 1)
    assert EVERYTHING.cases_from is None
    assert Scope(date(2025, 6, 1), {}).cases_from == date.max, "nothing changed, no clock ran"


def test_nothing_before_the_look_back() -> None:
    old = Scope(date(2025, 6, 1), {"norfolk": frozenset({date(2025, 7, 1)})})
    assert old.has("norfolk", "month", date(2025, 7, 1))
    assert not old.has("norfolk", "year", date(2025, 1, 1))
