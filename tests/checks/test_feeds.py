"""Where a period ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from checks.feeds import last_day

MONTHS = [date(year, month, 1) for year in range(2023, 2030) for month in range(1, 13)]


@pytest.mark.parametrize("start", MONTHS)
def test_twelve_months_end_the_day_before_the_same_month_of_the_next_year(start: date) -> None:
    assert last_day("rolling_12_months", start) == start.replace(year=start.year + 1) - timedelta(days=1)


def test_shorter_periods_and_the_year() -> None:
    assert last_day("day", date(2024, 2, 29)) == date(2024, 2, 29)
    assert last_day("month", date(2024, 2, 1)) == date(2024, 2, 29)
    assert last_day("year", date(2024, 1, 1)) == date(2024, 12, 31)
