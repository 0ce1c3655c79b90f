"""Feeds: which logs a figure cannot be judged without, because nothing fit was delivered for them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import attrgetter

from checks.commitment import Measure

ALL = "all"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Delivered:
    """A delivery as the store remembers it, in local days.

    `order` is the number of the run that took it in; `force` ALL = several forces, or nobody knows which. Its rows
    are of `first_day` to `last_day`, None = nobody knows, or there were none; rows of an undated log have no day.
    """

    source: str
    log: str
    force: str
    fit: bool
    order: int
    received_on: date
    first_day: date | None = None
    last_day: date | None = None
    empty: bool = False
    dated: bool = True


@dataclass(frozen=True)
class Gap:
    """Local days for which a force's log came unfit and was not made good: they cannot be judged by that log."""

    log: str
    first_day: date
    last_day: date

    def days(self, at_most: int) -> set[date]:
        """Its last days: one wrong date makes a gap of years."""
        count = min((self.last_day - self.first_day).days + 1, at_most)
        return {self.last_day - _DAY * n for n in range(count)}

    def blocks(self, logs: Iterable[str], first: date, last: date) -> bool:
        """Whether a figure over `first` to `last` that needs `logs` falls into the gap."""
        return self.log in logs and first <= self.last_day and last >= self.first_day


def gaps(deliveries: Iterable[Delivered], force: str) -> list[Gap]:
    """The days of a force that unfit deliveries left open and no later fit one of the same source has filled."""
    own = sorted((each for each in deliveries if each.force in (ALL, force)), key=lambda each: each.order)
    fit: dict[tuple[str, str], list[Delivered]] = defaultdict(list)
    for each in own:
        if each.fit:
            fit[each.source, each.log].append(each)
    found: list[Gap] = []
    for unfit in (each for each in own if not each.fit):
        same = fit[unfit.source, unfit.log]
        open_days = [_days_of(unfit, same[: bisect_left(same, unfit.order, key=attrgetter("order"))])]
        for later in same[bisect_right(same, unfit.order, key=attrgetter("order")) :]:
            if not open_days:  # most are filled by the next delivery
                break
            open_days = [rest for days in open_days for rest in _without(days, _filled(later))]
        found += [Gap(unfit.log, *days) for days in open_days]
    return found


def _days_of(unfit: Delivered, before: Sequence[Delivered]) -> tuple[date, date]:
    """What an unfit delivery was about; if nobody can tell, everything since the last fit one."""
    if unfit.first_day and unfit.last_day:
        return unfit.first_day, max(unfit.first_day, min(unfit.last_day, unfit.received_on))
    ends = [_first_missing(each) for each in before if each.last_day or not each.dated]
    return max(ends, default=date.min), unfit.received_on


def _first_missing(fit: Delivered) -> date:
    """The first day a fit delivery did not bring in full: that of its reception, or the one after its last row."""
    return min(fit.last_day + _DAY, fit.received_on) if fit.last_day else fit.received_on


def _filled(fit: Delivered) -> tuple[date, date] | None:
    """A fit delivery fills the days from its first row to its reception: a quiet log has no row on its last day."""
    if not fit.dated:
        return date.min, fit.received_on
    return (fit.first_day, fit.received_on) if fit.first_day else None


def _without(days: tuple[date, date], filled: tuple[date, date] | None) -> Iterator[tuple[date, date]]:
    if filled is None or filled[1] < days[0] or filled[0] > days[1]:
        yield days
        return
    if days[0] < filled[0]:
        yield days[0], filled[0] - _DAY
    if days[1] > filled[1]:
        yield filled[1] + _DAY, days[1]


@dataclass(frozen=True)
class Feeds:
    """What the forces deliver.

    For each force: `held` = the logs it ever delivered, `never` = the columns (`incidents.eta_given`) that none of
    its rows' sources deliver, `gaps`, and `days` = its local days with cases or gaps: only of those is it said that
    something cannot be judged.
    """

    held: Mapping[str, set[str]]
    never: Mapping[str, set[str]] = field(default_factory=dict)
    gaps: Mapping[str, Sequence[Gap]] = field(default_factory=dict)
    days: Mapping[str, set[date]] = field(default_factory=dict)

    def absent(self, measure: Measure, force: str, definition: Mapping[str, str] | None = None) -> bool:
        """Whether the force never delivered a log or column the measure needs (for all forces: whether none did)."""
        if force == ALL:
            return all(self.absent(measure, each, definition) for each in self.held)
        needs = measure.needs_of(dict(definition or measure.default_definition))
        lacking = self.never.get(force, set())
        no_log = any(log not in self.held.get(force, ()) for log in measure.logs)
        return no_log or any(need in lacking for need in needs)

    def blocked(self, measure: Measure, force: str, period: str, start: date) -> bool:
        """Whether a figure falls into a gap of a log it needs (for all forces: into one of each that delivers it)."""
        if not self.gaps:
            return False
        if force == ALL:
            able = [each for each in self.held if not self.absent(measure, each)]
            return bool(able) and all(self.blocked(measure, each, period, start) for each in able)
        return self.blocked_between(measure, force, start, last_day(period, start))

    def blocked_between(self, measure: Measure, force: str, first: date, last: date) -> bool:
        """Whether a gap of a log the measure needs has a day from `first` to `last` (for one force)."""
        return any(gap.blocks(measure.logs, first, last) for gap in self.gaps.get(force, ()))

    def periods(self, force: str, first: date | None, last: date | None, today: date) -> list[tuple[str, date]]:
        """The days a force has data or gaps for, the whole months and years they lie in and the twelve months that end
        with each of them and begin no earlier than the first, as far as they are in the window and have begun."""
        of_force = set().union(*self.days.values()) if force == ALL else self.days.get(force, set())
        days = sorted(day for day in of_force if (first or day) <= day <= min(last or day, today))
        months = sorted({day.replace(day=1) for day in days})
        longer = [("month", month) for month in months]
        longer += [("year", year) for year in sorted({month.replace(month=1) for month in months})]
        starts = [(month.replace(day=28) - timedelta(days=338)).replace(day=1) for month in months]
        longer += [("rolling_12_months", start) for start in starts if start >= months[0]]
        return [("day", day) for day in days] + [each for each in longer if is_whole(*each, first, last, today)]


def is_whole(period: str, start: date, first: date | None, last: date | None, today: date) -> bool:
    """Whether all of a period that has been lies in the window: half a month is not a figure of that month."""
    return (first is None or first <= start) and (last is None or last >= min(last_day(period, start), today))


def last_day(period: str, start: date) -> date:
    """The last local day of a period."""
    if period == "day":
        return start
    if period == "month":
        return _month_end(start)
    return _month_end(start.replace(month=12) if period == "year" else start + timedelta(days=345))


def _month_end(start: date) -> date:
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - _DAY
