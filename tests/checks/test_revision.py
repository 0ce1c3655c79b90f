"""How long after its period a figure was said, and from when on it is final."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from checks.revision import LOOK_BACK_DAYS, days_after_end, is_provisional, period_end


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("day", date(2026, 3, 29), date(2026, 3, 30)),
        ("day", date(2025, 12, 31), date(2026, 1, 1)),
        ("month", date(2024, 2, 1), date(2024, 3, 1)),
        ("month", date(2025, 12, 1), date(2026, 1, 1)),
        ("year", date(2024, 1, 1), date(2025, 1, 1)),
        ("rolling_12_months", date(2025, 4, 1), date(2026, 4, 1)),
    ],
)
def test_the_first_day_after(period: str, start: date, end: date) -> None:
    assert period_end(period, start) == end


def test_days_after_the_end() -> None:
    start = date(2026, 3, 1)
    assert days_after_end("day", start, datetime(2026, 3, 2, 6, tzinfo=UTC)) == 0
    assert days_after_end("day", start, datetime(2026, 3, 1, 23, tzinfo=UTC)) == -1
    assert days_after_end("month", start, datetime(2026, 4, 29, 6, tzinfo=UTC)) == 28
    west = timezone(timedelta(hours=-5))
    assert days_after_end("day", start, datetime(2026, 3, 1, 20, tzinfo=west)) == 0, "it is 2 March in UTC"


def test_final_once_the_look_back_has_passed() -> None:
    start = date(2026, 3, 1)
    last = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=LOOK_BACK_DAYS)
    assert is_provisional("day", start, last)
    assert not is_provisional("day", start, last + timedelta(days=1))
    assert is_provisional("year", date(2026, 1, 1), last + timedelta(days=1))
