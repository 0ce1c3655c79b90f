"""Limits in local days, months and working days, and promises that run until a moment: plain and slow."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.checks.oracle.states import Asked, Judged, Row, by_the_clock, comes_first, known

PLANNED = ("detail_promised_for", "plan_due_at", "update_until")


@dataclass(frozen=True)
class AskedThere(Asked):
    """What a case is judged by where days count: the force's zone, the limit in days, months or working days."""

    zone: str = "Europe/London"
    days: int | None = None
    months: int | None = None
    working_days: Mapping[str, int] = field(default_factory=dict)
    bank_holidays: Container[date] = ()

    def due(self, start: datetime) -> datetime | None:
        """When the limit runs out: the same wall time some days or months later."""
        if self.days is None and self.months is None:
            return None
        return later(start, self.months or 0, self.days or 0, self.zone)


def known_with_plans(row: Row, as_at: datetime, begins: str) -> Row | None:
    """The row as known at a moment; what is planned may lie ahead."""
    seen = known(row, as_at, begins)
    return None if seen is None else {**seen, **{name: row[name] for name in PLANNED if name in row}}


def to_utc(wall: datetime, zone: str) -> datetime:
    """A wall time twice on the clock is the later one, one that is not on it counts by the offset before the gap."""
    return max(wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))


def later(moment: datetime, months: int, days: int, zone: str) -> datetime:
    """The same wall time months, then days later; a month too short gives its last day."""
    wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    day = min(wall.day, monthrange(year, month + 1)[1])
    return to_utc(wall.replace(year=year, month=month + 1, day=day) + timedelta(days=days), zone)


def end_of_working_day(moment: datetime, count: int, zone: str, bank_holidays: Container[date]) -> datetime:
    """The last microsecond of the working day that is the `count`-th after the local day of a moment."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in bank_holidays
    return to_utc(datetime.combine(day + timedelta(days=1), time()), zone) - timedelta(microseconds=1)


def by_due(
    asked: Asked,
    start: datetime | None,
    stop: datetime | None,
    due: datetime | None,
    closed: bool = False,
    ending: datetime | None = None,
    reason: str = "",
) -> Judged:
    """A case with a clock and a moment by which it must stop."""
    limit = due - start if due is not None and start is not None else None
    return by_the_clock(asked, start, stop, limit, closed, ending, reason)


def recorded_by(
    asked: Asked,
    start: datetime | None,
    recorded_at: datetime | None,
    due: datetime | None,
    closed_at: datetime | None,
    ending: datetime | None = None,
    reason: str = "",
) -> Judged:
    """A yes/no with a limit: recorded before it runs out and before the record closes?"""
    if start is None:
        return Judged("pending" if recorded_at is None and closed_at is None else "unknown")
    over = min((moment for moment in (due, closed_at) if moment is not None), default=None)
    if comes_first(ending, recorded_at):
        assert ending is not None
        return (
            Judged("excluded", reason, start, over)
            if asked.inside(ending, over)
            else Judged("missed", None, start, over)
        )
    if recorded_at is not None:
        state = "met" if asked.inside(recorded_at, over) else "missed"
        return Judged(state, None, start, over, recorded_at - start)
    if closed_at is not None:
        return Judged("missed", None, start, over)
    return Judged("pending" if asked.inside(asked.as_at, over) else "missed", None, start, over)
