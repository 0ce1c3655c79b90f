"""When a figure was said, counted from the end of its period; and from when on it is final.

Every night judges again the cases of the look-back, 400 days: until it has passed, a late or corrected row may still
change what was said. A figure is *provisional* until then and *final* after; it is computed when read, never stored,
from the moment the newest run judged from.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

LOOK_BACK_DAYS = 400
_MONTHS = {"month": 1, "year": 12, "rolling_12_months": 12}


def period_end(period: str, start: date) -> date:
    """The first day after a period (`day`, `month`, `year`, `rolling_12_months`); the latter begin on a first."""
    if period == "day":
        return start + timedelta(days=1)
    months = start.year * 12 + start.month - 1 + _MONTHS[period]
    return date(months // 12, months % 12 + 1, 1)


def days_after_end(period: str, start: date, as_at: datetime) -> int:
    """Whole days (UTC) from a period's end to a moment: 0 = the night after its last day, negative = still open."""
    return (as_at.astimezone(UTC).date() - period_end(period, start)).days


def is_provisional(period: str, start: date, as_at: datetime) -> bool:
    """Whether a figure may still be changed by the nights after `as_at`."""
    return days_after_end(period, start, as_at) <= LOOK_BACK_DAYS
