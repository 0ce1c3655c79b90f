"""The log `victim_events`: arrests, interviews, releases … in victims' cases, and whether the victims were told.

Only the Victims' Code asks for it, which is that of England and Wales: their bank holidays are no working days.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd

from checks.logs import LOGS
from connectors.sources.forces import load
from connectors.sources.invented.diary import (
    Decided,
    Decision,
    Wall,
    between,
    cases_of_walls,
    days_after,
    end_of_working_day,
    first_of_all,
    known_text,
)
from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.planted import EXCLUDED, MET, MISSED, UNKNOWN
from connectors.sources.invented.victim_plan import VictimCase
from connectors.sources.invented.window import Window

STANDARD = "victims_code_2021_right_6"
NATIONS = ("england", "wales", "united-kingdom")
WORKING_DAYS, WORKING_DAYS_ENHANCED = 5, 1
# What may happen in a case, in its order, and how often.
COURSE_OF_EVENTS = {
    "arrested": 0.3,
    "interviewed": 0.3,
    "released_on_bail_or_investigation": 0.2,
    "bail_changed": 0.06,
    "released_without_charge": 0.08,
    "decision_not_to_investigate": 0.12,
}
# How the victim is told; the rest inside the limit.
IN_TIME = "in_time"
TELLING = {
    "at_once": 0.15,
    "last_moment": 0.02,
    "next_day": 0.02,
    "late": 0.05,
    "never": 0.02,
    "before_it_happened": 0.005,
}
_HAPPENS_EVERY = 12


@dataclass
class Event:
    """One event in a case; `told` None = never."""

    case: VictimCase
    event: str
    happened: Wall
    due: Wall
    told: Wall | None = None


@dataclass(frozen=True)
class Events:
    """The events of a force up to the night's run."""

    planned: list[Event]

    def cases(self, force: str, as_at: Wall) -> pd.DataFrame:
        """The cases of `victim_told`."""
        names = keys(force, "E", len(self.planned))
        cases = [Decided(name, one.happened, _told(one, as_at)) for name, one in zip(names, self.planned, strict=True)]
        return cases_of_walls("victim_told", force, cases, STANDARD)

    def rows(self, force: str, as_at: Wall) -> pd.DataFrame:
        rows = {
            "event_id": keys(force, "E", len(self.planned)),
            "force": force,
            "crime_id": [one.case.crime_id for one in self.planned],
            "event": [one.event for one in self.planned],
            "happened_at": known_text([one.happened for one in self.planned], as_at),
            "told_at": known_text([one.told for one in self.planned], as_at),
        }
        return pd.DataFrame(rows)[[column.name for column in LOGS["victim_events"].columns]]


def plan_events(force: str, cases: list[VictimCase], window: Window, rng: np.random.Generator) -> Events:
    """What happens in the cases inside the window, in the order of the cases; nothing where the Code does not apply."""
    known = load()
    if force in known and known[force].nation not in NATIONS:
        return Events([])
    holidays = _bank_holidays(range(window.first_day.year, window.last_day.year + 2))
    planned = []
    for case in cases:
        for event, happened in _happens(case, rng):
            if window.first_day <= happened.date() <= window.last_day:
                days = WORKING_DAYS_ENHANCED if case.enhanced else WORKING_DAYS
                planned.append(Event(case, event, happened, end_of_working_day(happened, days, holidays)))
    for one, telling in zip(planned, draw_kinds(len(planned), TELLING, IN_TIME, rng), strict=True):
        one.told = _when_told(one, telling, rng)
    return Events(planned)


def _bank_holidays(years: Collection[int]) -> Collection[date]:
    import holidays

    return set(holidays.country_holidays("GB", subdiv="ENG", years=years))


def _happens(case: VictimCase, rng: np.random.Generator) -> list[tuple[str, Wall]]:
    found, last = [], case.opened
    for event, share in COURSE_OF_EVENTS.items():
        if rng.random() < share:
            last = days_after(last, 1, _HAPPENS_EVERY, rng)
            if case.closed is not None and last >= case.closed:
                break
            found.append((event, last))
    return found


def _when_told(one: Event, telling: str, rng: np.random.Generator) -> Wall | None:
    happened, due = one.happened, one.due
    times: dict[str, Callable[[], Wall]] = {
        IN_TIME: lambda: between(happened, due, rng),
        "at_once": lambda: happened,
        # Told late in the evening of the last working day, or as the next day begins.
        "last_moment": lambda: datetime.combine(due.date(), time(23, 59, 59)),
        "next_day": lambda: datetime.combine(due.date() + timedelta(days=1), time()),
        "late": lambda: days_after(due, 1, 15, rng),
    }
    if telling == "before_it_happened" and one.case.declined is None:
        return happened - timedelta(hours=2)
    return times[telling]() if telling in times else None


def _told(one: Event, as_at: Wall) -> Decision:
    """Declining updates is the only ending: an event is to be told of even as the case closes."""
    if one.told is not None and one.told < one.happened:
        return Decision(UNKNOWN, "", None)
    declined = (one.case.declined, EXCLUDED, "declined")
    return first_of_all(as_at, (one.told, MET, ""), declined, (one.due, MISSED, ""))
