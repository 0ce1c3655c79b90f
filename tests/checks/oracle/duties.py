"""Duties: time visible, time taken away, and being seen when it was agreed; moment by moment, officer by officer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from tests.checks.oracle.local_calendar import to_utc
from tests.checks.oracle.neighbourhoods import ONE_DAY, AskedOf, Case, Logs, Month, by_share, months, next_month
from tests.checks.oracle.states import Row

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AWAY = ("training", "leave", "sick")
# Of an officer's entries at one moment the first of these counts.
FIRST = ("contradictory", "abstracted", "away", "neighbourhood_other", "visible")
Stretch = tuple[datetime, datetime]


def visible_time(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Visible hours of the hours on duty, or of the hours on the roster."""
    base = ["visible", "neighbourhood_other", "abstracted"]
    if asked.definition["time_base"] == "rostered":
        base.append("away")
    return _share_of_time(logs, asked, "visible", base, at_least=True)


def abstraction(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Hours taken off neighbourhood business of the hours on duty."""
    return _share_of_time(logs, asked, "abstracted", ["visible", "neighbourhood_other", "abstracted"], at_least=False)


def _share_of_time(logs: Logs, asked: AskedOf, part: str, base: list[str], *, at_least: bool) -> dict[str, Case]:
    cases = {}
    for month, own in _months_with_duties(logs, asked):
        spent = dict.fromkeys(FIRST, 0)
        for officer in {row["officer_id"] for row in own}:
            for (start, end), doing in _what_was_done([row for row in own if row["officer_id"] == officer], asked):
                spent[doing] += _microseconds(_overlap((start, end), (month.start, month.end)))
        measured = spent[part], sum(spent[doing] for doing in base)
        wrong = spent["contradictory"] > 0
        cases[month.name] = by_share(month, *measured, asked, at_least=at_least, wrong=wrong)
    return cases


def visible_when_needed(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """Of every stretch between two moments at which anything changes: was it agreed, was anyone seen?"""
    cases = {}
    for month, own in _months_with_duties(logs, asked):
        seen: list[Stretch] = []
        wrong = False
        for officer in {row["officer_id"] for row in own}:
            for stretch, doing in _what_was_done([row for row in own if row["officer_id"] == officer], asked):
                clipped = _overlap(stretch, (month.start, month.end))
                seen += [clipped] * (doing == "visible")
                wrong = wrong or (doing == "contradictory" and _microseconds(clipped) > 0)
        agreed = [_overlap(each, (month.start, month.end)) for each in _agreed(logs, asked, month)]
        part = whole = 0
        for stretch in _between(seen + agreed):
            if any(_inside(stretch, each) for each in agreed):
                whole += _microseconds(stretch)
                part += _microseconds(stretch) * any(_inside(stretch, each) for each in seen)
        cases[month.name] = by_share(month, part, whole, asked, at_least=True, wrong=wrong)
    return cases


def _months_with_duties(logs: Logs, asked: AskedOf) -> Iterator[tuple[Month, list[Row]]]:
    known = [row for row in logs["duties"] if row["started_at"] <= asked.as_at]
    begins = min((row["started_at"] for row in known), default=None)
    for month in months(logs, asked, begins):
        yield month, [row for row in known if row["neighbourhood"] == month.neighbourhood]


def _what_was_done(own: Sequence[Row], asked: AskedOf) -> Iterator[tuple[Stretch, str]]:
    """One officer's entries as stretches with one activity each."""
    entries = []
    for row in own:
        start, end = row["started_at"], min(row["ended_at"], asked.as_at)
        activity = "away" if row["activity"] in AWAY else row["activity"]
        entries.append(((start, end), activity) if start <= end else ((end, start), "contradictory"))
    for stretch in _between([entry for entry, _ in entries]):
        doing = [activity for entry, activity in entries if _inside(stretch, entry)]
        if doing:
            yield stretch, min(doing, key=FIRST.index)


def _agreed(logs: Logs, asked: AskedOf, month: Month) -> Iterator[Stretch]:
    """The agreed hours day by day, from the day before the month."""
    own = [row for row in logs["agreed_hours"] if row["neighbourhood"] == month.neighbourhood]
    day = month.first_day - ONE_DAY
    while day < next_month(month.first_day):
        for row in own:
            held = row["valid_from_on"] <= day <= (row["valid_to_on"] or date.max)
            if held and row["weekday"] == WEEKDAYS[day.weekday()]:
                start, end = (_after_midnight(row[name]) for name in ("from_time", "to_time"))
                wall = datetime.combine(day, datetime.min.time())
                past_midnight = ONE_DAY if end < start else timedelta(0)
                yield to_utc(wall + start, asked.zone), to_utc(wall + end + past_midnight, asked.zone)
        day += ONE_DAY


def _after_midnight(text: str) -> timedelta:
    hours, minutes = text.split(":")[:2]
    return timedelta(hours=int(hours), minutes=int(minutes))


def _between(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    return pairwise(sorted({moment for stretch in stretches for moment in stretch}))


def _inside(stretch: Stretch, other: Stretch) -> bool:
    return other[0] <= stretch[0] and stretch[1] <= other[1]


def _overlap(one: Stretch, other: Stretch) -> Stretch:
    start = max(one[0], other[0])
    return start, max(start, min(one[1], other[1]))


def _microseconds(stretch: Stretch) -> int:
    return (stretch[1] - stretch[0]) // timedelta(microseconds=1)
