"""Times of day, weekdays and bank holidays of a local calendar: when something holds, and until when. Pure.

Hours that span midnight (`22:00-06:00`) belong to the day they begin on: on Saturday at 02:00 it is still Friday's
night, for the weekday and for the bank holiday.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

WHOLE_DAY = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """From `start` up to but not including `end`, minutes after local midnight; an end before the start spans it."""

    start: int
    end: int

    @property
    def spans_midnight(self) -> bool:
        return self.end < self.start

    def holds(self, minute: int) -> bool:
        if self.spans_midnight:
            return minute >= self.start or minute < self.end
        return self.start <= minute < self.end

    def is_of_yesterday(self, minute: int) -> bool:
        """Does this minute belong to hours that began the day before?"""
        return self.spans_midnight and minute < self.end

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}-{self.end // 60:02}:{self.end % 60:02}"


ALWAYS = Hours(0, WHOLE_DAY)


def hours_of(text: str) -> Hours | None:
    """`22:00-06:00` as hours; None for what is none, or never ends."""
    found = re.fullmatch(r"\s*(\d\d?):(\d\d)\s*[-–]\s*(\d\d?):(\d\d)\s*", text)
    if not found:
        return None
    h1, m1, h2, m2 = (int(number) for number in found.groups())
    start, end = 60 * h1 + m1, 60 * h2 + m2
    if m1 > 59 or m2 > 59 or start >= WHOLE_DAY or end > WHOLE_DAY or start == end:
        return None
    return Hours(start, end or WHOLE_DAY)


def overlapping(every: Sequence[Hours]) -> tuple[Hours, Hours] | None:
    """Two of the hours that share a minute."""
    for n, one in enumerate(every):
        for other in every[n + 1 :]:
            if one.holds(other.start) or other.holds(one.start):
                return one, other
    return None


def cover_the_day(every: Sequence[Hours]) -> bool:
    edges = {0, *(each.start for each in every), *(each.end % WHOLE_DAY for each in every)}
    return bool(every) and all(any(each.holds(edge) for each in every) for edge in edges)


@dataclass(frozen=True)
class Occasion:
    """A moment as the calendar of one force has it; `local` is timezone-aware."""

    local: datetime
    is_bank_holiday: bool = False
    yesterday_was: bool = False

    @property
    def minute(self) -> int:
        return 60 * self.local.hour + self.local.minute


def quiet_until(quiet: Sequence[Hours], local: datetime) -> datetime | None:
    """The moment (UTC) at which the quiet hours end that hold at `local`; None outside of them.

    Hours that follow each other without a gap are one. Where the clock change gives the end twice it is the first
    that is still to come; where it leaves the end out, the moment the clock jumps to.
    """
    end: datetime | None = None
    for _ in range(len(quiet) + 1):
        now = end.astimezone(local.tzinfo) if end else local
        holding = next((each for each in quiet if each.holds(60 * now.hour + now.minute)), None)
        if holding is None:
            return end
        end = _end_of(holding, now)
    return end


def _end_of(hours: Hours, now: datetime) -> datetime:
    day = now.date()
    if hours.end == WHOLE_DAY or (hours.spans_midnight and not hours.is_of_yesterday(60 * now.hour + now.minute)):
        day += _DAY
    minute = hours.end % WHOLE_DAY
    ends = [
        datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=now.tzinfo, fold=fold).astimezone(UTC)
        for fold in (0, 1)
    ]
    return next((end for end in sorted(ends) if end > now.astimezone(UTC)), max(ends))


@dataclass(frozen=True)
class Times:
    """When something holds; () and None = at any time."""

    hours: tuple[Hours, ...] = ()
    weekdays: frozenset[int] | None = None
    bank_holiday: bool | None = None

    def unmet(self, occasion: Occasion) -> str:
        """The first key on which the occasion differs: `hours`, `weekday`, `bank_holiday`; '' = it holds."""
        return self._unmet(occasion.minute, occasion.local.weekday(), occasion.is_bank_holiday, occasion.yesterday_was)

    def _unmet(self, minute: int, weekday: int, today_is: bool, yesterday_was: bool) -> str:
        unmet = "hours"
        for each in self.hours or (ALWAYS,):
            if not each.holds(minute):
                continue
            before = each.is_of_yesterday(minute)
            day, holiday = ((weekday - 1) % 7, yesterday_was) if before else (weekday, today_is)
            if self.weekdays is not None and day not in self.weekdays:
                unmet = "weekday"
            elif self.bank_holiday is not None and holiday is not self.bank_holiday:
                unmet = "bank_holiday"
            else:
                return ""
        return unmet

    def among(self, moments: Iterable[tuple[int, int, bool, bool]]) -> frozenset[tuple[int, int, bool, bool]]:
        """Those of the moments (minute, weekday, bank holiday today, yesterday) at which it holds."""
        return frozenset(each for each in moments if not self._unmet(*each))


def every_moment(times: Iterable[Times]) -> list[tuple[int, int, bool, bool]]:
    """One moment of every stretch of time that these times tell apart."""
    edges = {0, WHOLE_DAY}
    for each in times:
        edges |= {edge for hours in each.hours for edge in (hours.start, hours.end)}
    minutes = [start for start, _ in pairwise(sorted(edges))]
    return list(product(minutes, range(7), (False, True), (False, True)))
