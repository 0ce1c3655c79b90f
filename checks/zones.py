"""Time zones: between which offsets from UTC their clocks are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

# Nothing older is admitted; no change of clocks is undone within a week.
_FIRST, _WEEKS = datetime(1990, 1, 1, tzinfo=UTC), 53 * 110


@cache
def offsets(zone: str) -> dict[str, int]:
    """`least_us` and `greatest_us`, in microseconds, positive where the zone's clocks are ahead of UTC."""
    clocks = ZoneInfo(zone)
    weekly = ((_FIRST + timedelta(weeks=week)).astimezone(clocks).utcoffset() for week in range(_WEEKS))
    found = {(offset or timedelta()) // timedelta(microseconds=1) for offset in weekly}
    return {"least_us": min(found), "greatest_us": max(found)}
