"""The local days that are invented, and the passage between UTC and British wall clocks.

Moments are `datetime64[ms]` arrays in UTC without a zone; NaT = it did not happen (yet).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from checks.errors import UsageError

Moments = NDArray[np.datetime64]
Array = NDArray[Any]

ZONE = "Europe/London"
HOUR = np.timedelta64(3_600_000, "ms")
# The night's run looks at 06:00, local time, on what happened up to midnight.
RUN_TIME = time(6)


@dataclass(frozen=True)
class Window:
    """The local days from `first_day` to `last_day`, both included."""

    first_day: date
    last_day: date

    @classmethod
    def ending(cls, until: date, days: int) -> Window:
        """The `days` local days that end with `until`; raises UsageError when there would be none."""
        if days < 1:
            raise UsageError("invented logs", f"{days} days", "at least one day", "Ask for more days.")
        return cls(until - timedelta(days=days - 1), until)

    @property
    def as_at(self) -> datetime:
        """06:00, local time, on the day after the last one, in UTC."""
        return _instant(self.last_day + timedelta(days=1), RUN_TIME)

    @property
    def days(self) -> list[date]:
        count = (self.last_day - self.first_day).days + 1
        return [self.first_day + timedelta(days=number) for number in range(count)]

    @property
    def hours(self) -> Moments:
        """The beginning of every elapsed hour: 23 on the day the clocks go forward, 25 when they go back."""
        begin, end = _instant(self.first_day), _instant(self.last_day + timedelta(days=1))
        return np.arange(moment(begin), moment(end), HOUR)

    @property
    def clock_changes(self) -> dict[str, date]:
        """The days inside the window on which the clocks go `forward` or `back` (the first of each)."""
        changes: dict[str, date] = {}
        for day in self.days:
            length = _instant(day + timedelta(days=1)) - _instant(day)
            if length != timedelta(hours=24):
                changes.setdefault("forward" if length < timedelta(hours=24) else "back", day)
        return changes


def _instant(day: date, wall: time = time()) -> datetime:
    return datetime.combine(day, wall, ZoneInfo(ZONE)).astimezone(UTC)


def moment(instant: datetime) -> np.datetime64:
    """A zone-aware datetime as a UTC moment."""
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "ms")


def to_local(moments: Moments) -> Moments:
    """The wall clock at each moment."""
    index = pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(ZONE)
    return index.tz_localize(None).to_numpy().astype("datetime64[ms]")


def to_utc(wall: Moments) -> Moments:
    """The moment of each wall clock; only for times of day the clock changes do not touch."""
    index = pd.DatetimeIndex(wall).tz_localize(ZONE).tz_convert("UTC")
    return index.tz_localize(None).to_numpy().astype("datetime64[ms]")


def local_days(moments: Moments) -> Moments:
    """The local day of each moment, as `datetime64[D]`."""
    return to_local(moments).astype("datetime64[D]")


def first_of(*moments: Moments) -> Moments:
    """Row by row the earliest moment that happened at all; NaT where none did."""
    earliest = moments[0]
    for others in moments[1:]:
        earliest = np.fmin(earliest, others)
    return earliest


def nothing(count: int) -> Moments:
    """`count` moments that did not happen."""
    return np.full(count, np.datetime64("NaT"), dtype="datetime64[ms]")


def seconds(values: Array | float) -> Array:
    """Seconds, cut to whole milliseconds, as durations."""
    return (np.asarray(values, dtype=float) * 1000).astype("int64").astype("timedelta64[ms]")


def moments_of(table: pd.DataFrame, column: str) -> Moments:
    """A column of moments as an array."""
    return table[column].to_numpy().astype("datetime64[ms]")
