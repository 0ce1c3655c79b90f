"""Local times around clock changes against a slow, obvious oracle: every instant that zoneinfo shows as that time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.logs import LOGS
from connectors.lake.typing import AMBIGUOUS, NONEXISTENT, typed
from connectors.sources.local_time import LocalTime

# Both hemispheres, half an hour of summer time, half-hour offsets, changes at midnight, negative summer time, none.
ZONES = (
    "Europe/London Europe/Dublin America/Los_Angeles America/St_Johns Australia/Lord_Howe Australia/Adelaide "
    "Pacific/Auckland Pacific/Chatham America/Sao_Paulo Africa/Cairo Africa/Casablanca Atlantic/Azores "
    "America/Asuncion Asia/Tehran Asia/Kolkata UTC"
).split()


@cache
def clock_changes(zone: str, year: int) -> list[datetime]:
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(24 * 365)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [hours[i] for i in range(1, len(hours)) if offsets[i] != offsets[i - 1]] or [hours[4000]]


def shown_at(wall: datetime, zone: str) -> list[datetime]:
    """Every instant at which a clock of the zone shows this time."""
    near = [wall.replace(tzinfo=UTC) + timedelta(hours=hour) for hour in range(-30, 31)]
    offsets = {instant.astimezone(ZoneInfo(zone)).utcoffset() for instant in near}
    found = {wall.replace(tzinfo=UTC) - offset for offset in offsets if offset is not None}
    return sorted(at for at in found if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall)


def read(walls: list[datetime], zone: str, rule: str) -> list[tuple[datetime | None, str | None]]:
    rows = pa.table({"row_number": range(len(walls)), "received_at": [wall.isoformat(sep=" ") for wall in walls]})
    out = typed(LOGS["calls"], rows, LocalTime(zone, rule, rule))
    return list(zip(out["received_at"].to_pylist(), out["received_at__trouble"].to_pylist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    year=st.integers(1990, 2050),
    which=st.integers(0, 3),
    steps=st.lists(st.integers(-4 * 3600 * 10**6, 4 * 3600 * 10**6), min_size=1, max_size=40),
    coarse=st.sampled_from([1, 10**6, 60 * 10**6, 900 * 10**6]),
)
def test_right_instant_or_named_trouble(zone: str, year: int, which: int, steps: list[int], coarse: int) -> None:
    changes = clock_changes(zone, year)
    change = changes[which % len(changes)].astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    walls = [change + timedelta(microseconds=step // coarse * coarse) for step in steps]
    refused, earlier, later = (read(walls, zone, rule) for rule in ("refuse", "earlier", "later"))
    for wall, strictly, first, last in zip(walls, refused, earlier, later, strict=True):
        shown = shown_at(wall, zone)
        if len(shown) == 1:
            assert strictly == first == last == (shown[0], None)
        elif shown:
            assert (strictly, first, last) == ((None, AMBIGUOUS), (shown[0], None), (shown[-1], None))
        else:
            assert strictly == (None, NONEXISTENT)
            _stands_either_side(wall, zone, first[0], last[0])


def _stands_either_side(wall: datetime, zone: str, earlier: datetime | None, later: datetime | None) -> None:
    """What never existed is read by the offset before or after the change: the two lie as far apart as the gap."""
    assert earlier is not None
    assert later is not None
    shown = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in (earlier, later)]
    assert shown[0] < wall < shown[1]
    assert wall - shown[0] == shown[1] - wall == later - earlier
