"""Neighbourhoods month by month: meetings held, updates published, officers leaving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.checks.oracle.local_calendar import to_utc
from tests.checks.oracle.states import Row, lacking

Logs = Mapping[str, Sequence[Row]]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class AskedOf:
    """What cases are judged by: the definition, the limit (in % or months; None = none), when and where."""

    definition: Mapping[str, str]
    limit: int | None
    as_at: datetime
    zone: str

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone))

    def midnight(self, day: date) -> datetime:
        return to_utc(datetime.combine(day, time()), self.zone)

    @property
    def edge_is_inside(self) -> bool:
        return self.definition.get("limit", "within") == "within"


@dataclass(frozen=True)
class Case:
    """A case and what was measured of it; `day` is the local day it belongs to."""

    state: str
    day: date
    reason: str | None = None
    part: int | None = None
    whole: int | None = None


@dataclass(frozen=True)
class Month:
    """A neighbourhood's month: its first day, its first instant and that of the next; active all the while?"""

    neighbourhood: str
    first_day: date
    start: datetime
    end: datetime
    active_from: datetime
    whole: bool

    @property
    def name(self) -> str:
        return f"{self.neighbourhood}/{self.first_day:%Y-%m}"

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def next_month(first_day: date) -> date:
    return (first_day.replace(day=28) + 4 * ONE_DAY).replace(day=1)


def months_before(first_day: date, months: int) -> date:
    year, month = divmod(first_day.year * 12 + first_day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def months(logs: Logs, asked: AskedOf, log_begins: datetime | None) -> Iterator[Month]:
    """Every month a neighbourhood was active in, from the month of the log's earliest row to the present one."""
    if log_begins is None:
        return
    for row in logs["neighbourhoods"]:
        if row["active_from"] > asked.as_at:
            continue
        first = asked.local(max(row["active_from"], log_begins)).date().replace(day=1)
        while asked.midnight(first) <= asked.as_at:
            start, end = asked.midnight(first), asked.midnight(next_month(first))
            ends = row["active_to"]
            if ends is None or ends > start:
                whole = row["active_from"] <= start and (ends is None or ends >= end)
                yield Month(row["neighbourhood"], first, start, end, row["active_from"], whole)
            first = next_month(first)


def by_share(month: Month, part: int, whole: int, asked: AskedOf, *, at_least: bool, wrong: bool) -> Case:
    """A share of a month, judged when the month is over."""
    measured = (month.first_day, None, part, whole)
    if not month.whole:
        return Case("excluded", month.first_day, "part_month", part, whole)
    if wrong:
        return Case("unknown", *measured)
    if asked.as_at < month.end:
        return Case("pending", *measured)
    if whole == 0:
        return Case("unknown", *measured)
    if asked.limit is None:
        return Case("timed", *measured)
    above = part * 100 - asked.limit * whole
    kept = asked.edge_is_inside if above == 0 else (above > 0) == at_least
    return Case("met" if kept else "missed", *measured)


def _once_a_month(
    logs: Logs, asked: AskedOf, log: str, column: str, needed: tuple[str, ...], counts: Mapping[int, bool]
) -> dict[str, Case]:
    """`counts`: by place in the log, whether the row is what was promised."""
    rows = logs[log]
    never_told = all(lacking(row, *needed) for row in rows)
    cases = {}
    for month in months(logs, asked, min((row[column] for row in rows), default=None)):
        own = [
            n for n, row in enumerate(rows) if row["neighbourhood"] == month.neighbourhood and month.holds(row[column])
        ]
        if not month.whole:
            state, reason = "excluded", "part_month"
        elif any(counts[n] for n in own):
            state, reason = "met", None
        elif never_told or any(lacking(rows[n], *needed) for n in own):
            state, reason = "unknown", None
        else:
            state, reason = "pending" if asked.as_at < month.end else "missed", None
        cases[month.name] = Case(state, month.first_day, reason)
    return cases


def meeting_held(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """A meeting of any kind, held and not cancelled, up to the moment we judge from."""
    counts = {
        n: row["held"] is True
        and (row["cancelled_at"] is None or row["cancelled_at"] > asked.as_at)
        and row["starts_at"] <= asked.as_at
        for n, row in enumerate(logs["meetings"])
    }
    return _once_a_month(logs, asked, "meetings", "starts_at", ("starts_at", "held"), counts)


def update_published(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """One update with all four contents."""
    contents = ("crime_map", "outcomes", "action_taken", "force_performance")
    known = {**logs, "updates": [row for row in logs["updates"] if row["published_at"] <= asked.as_at]}
    counts = {n: all(row[content] is True for content in contents) for n, row in enumerate(known["updates"])}
    return _once_a_month(known, asked, "updates", "published_at", ("published_at", *contents), counts)


def turnover(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Officers who left in twelve months, counted day by day."""
    postings = logs["postings"]
    begun = min((row["started_on"] for row in postings), default=None)
    cases = {}
    for month in months(logs, asked, begun and asked.midnight(begun)):
        first, last = months_before(month.first_day, 11), next_month(month.first_day) - ONE_DAY
        if begun is None or first < begun.replace(day=1):
            continue
        own = [row for row in postings if row["neighbourhood"] == month.neighbourhood]
        leavers, officer_days = _leavers_and_days(own, first, last)
        days = (last - first).days + 1
        if not month.whole or month.active_from > asked.midnight(first):
            cases[month.name] = Case("excluded", month.first_day, "part_month", leavers * days, officer_days)
            continue
        wrong = any(lacking(row, "ended_on") or _reversed(row) for row in own if _touches(row, first, last))
        cases[month.name] = by_share(month, leavers * days, officer_days, asked, at_least=False, wrong=wrong)
    return cases


def _reversed(row: Row) -> bool:
    return row["ended_on"] is not None and row["ended_on"] < row["started_on"]


def _touches(row: Row, first: date, last: date) -> bool:
    ends = row["ended_on"] or date.max
    return min(row["started_on"], ends) <= last and max(row["started_on"], ends) >= first


def _leavers_and_days(own: Sequence[Row], first: date, last: date) -> tuple[int, int]:
    """Day by day: who is there today, and who is not there tomorrow?"""
    leavers = officer_days = 0
    for officer in {row["officer_id"] for row in own}:
        postings = [row for row in own if row["officer_id"] == officer]
        there = {day for row in postings for day in _days(row, first, last + ONE_DAY)}
        officer_days += len(there - {last + ONE_DAY})
        leavers += sum(first <= day <= last and day + ONE_DAY not in there for day in there)
    return leavers, officer_days


def _days(row: Row, first: date, last: date) -> Iterator[date]:
    """The days of a posting from `first` to `last`; none where it runs backwards."""
    day = max(row["started_on"], first)
    while day <= min(row["ended_on"] or last, last):
        yield day
        day += ONE_DAY
