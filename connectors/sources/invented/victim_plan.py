"""Victims' cases as they go: what is agreed, each contact, how the case ends; from its opening to the end of its story.

A case is told to its end, past the night's run too; what is known that night is for `victims` to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from connectors.sources.invented.diary import Wall, between, days_after, judged_from, month_after, on_day
from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.places import Places
from connectors.sources.invented.window import Window

OPENED_PER_DAY = 4
# Cases opened before the window that are still open in it are delivered too, with all their contacts.
HISTORY_DAYS = 130
ENHANCED, ENHANCED_NOT_RECORDED = 0.18, 0.1
AGREEMENT_DAYS = 28
# When it is agreed how often a victim is told; the rest within three weeks.
IN_TIME = "in_time"
AGREEMENTS = {"at_once": 0.1, "on_limit": 0.01, "late": 0.03, "never": 0.05, "before_opening": 0.004}
# Days between contacts that are agreed; 0 = nothing said on that, so that a month counts.
EVERY_DAYS, EVERY_SHARES = (0, 7, 14, 28), (0.55, 0.1, 0.2, 0.15)
# How a case goes on after its contacts; the rest stays open, with a contact again and again.
ACTIVE = "active"
ENDINGS = {
    "closed": 0.42,
    "closed_late": 0.02,
    "closed_with_contact": 0.1,
    "closed_on_limit": 0.005,
    "closed_before_opening": 0.004,
    "declined": 0.06,
    "declined_late": 0.01,
    "agreed_end": 0.05,
    "forgotten": 0.02,
}
CONTACTS = {"on_limit": 0.015, "late": 0.05, "silent_for_months": 0.01}
# Contacts a log has and no interval is cut at.
BEFORE_OPENING, WRITTEN_TWICE, AFTER_CLOSING = 0.02, 0.02, 0.04


@dataclass
class VictimCase:
    """One case; times are wall clocks, None = never.

    `stops` are the contacts that count, in order; `stray` are contacts the log has besides.
    """

    crime_id: str
    place: int
    opened: Wall
    agreed: Wall | None = None
    every_days: int = 0
    until: Wall | None = None
    declined: Wall | None = None
    closed: Wall | None = None
    enhanced: bool | None = None
    stops: list[Wall] = field(default_factory=list)
    stray: list[Wall] = field(default_factory=list)

    def due_after(self, begin: Wall) -> Wall:
        """When the interval that begins at `begin` is to end."""
        return begin + timedelta(days=self.every_days) if self.every_days else month_after(begin)

    def intervals(self) -> Iterator[tuple[Wall, Wall | None]]:
        """Each interval: where it begins, and the contact it ends with, if any."""
        for begin, stop in zip([self.opened, *self.stops], [*self.stops, None], strict=True):
            # A contact as the case closes begins nothing.
            if begin != self.closed or stop is not None:
                yield begin, stop


def plan_victims(places: Places, window: Window, size: float, rng: np.random.Generator) -> list[VictimCase]:
    """The cases a force delivers: opened in the window, or before and still open in it; in the order of opening."""
    first = window.first_day - timedelta(days=HISTORY_DAYS)
    days = [first + timedelta(days=number) for number in range((window.last_day - first).days + 1)]
    opened = sorted(on_day(day, rng) for day in days for _ in range(rng.poisson(OPENED_PER_DAY * size)))
    count = len(opened)
    # Drawn apart, so that the window has every odd kind.
    before = sum(wall.date() < window.first_day for wall in opened)
    agreements, endings = (
        np.concatenate([draw_kinds(part, shares, rest, rng) for part in (before, count - before)])
        for shares, rest in ((AGREEMENTS, IN_TIME), (ENDINGS, ACTIVE))
    )
    names, where = keys(places.force, "V", count), places.draw(count, rng)
    cases = [VictimCase(names[n], int(where[n]), opened[n], enhanced=_enhanced(rng)) for n in range(count)]
    as_at = judged_from(window)
    for case, agreement, ending in zip(cases, agreements, endings, strict=True):
        _agree(case, agreement, as_at, rng)
        _tell(case, ending, as_at, rng)
        _stray(case, rng)
    return [case for case in cases if _is_delivered(case, window.first_day)]


def _is_delivered(case: VictimCase, first_day: date) -> bool:
    return case.opened.date() >= first_day or case.closed is None or case.closed.date() >= first_day


def _enhanced(rng: np.random.Generator) -> bool | None:
    drawn = rng.random()
    return None if drawn < ENHANCED_NOT_RECORDED else bool(drawn > 1 - ENHANCED)


def _agree(case: VictimCase, agreement: str, as_at: Wall, rng: np.random.Generator) -> None:
    opened, limit = case.opened, timedelta(days=AGREEMENT_DAYS)
    times = {
        IN_TIME: lambda: days_after(opened, 1, 20, rng),
        "at_once": lambda: opened,
        "on_limit": lambda: opened + limit,
        "late": lambda: days_after(opened + limit, 1, 14, rng),
        "before_opening": lambda: opened - timedelta(days=2),
    }
    case.agreed = times[agreement]() if agreement in times else None
    # An interval nobody has recorded yet binds nobody yet.
    if case.agreed is not None and case.agreed <= as_at:
        case.every_days = int(rng.choice(EVERY_DAYS, p=EVERY_SHARES))


def _tell(case: VictimCase, ending: str, as_at: Wall, rng: np.random.Generator) -> None:
    """The contacts of a case, and its end."""
    last = case.opened
    number = 0 if ending == "closed_before_opening" else int(rng.geometric(0.35)) - 1
    while number > 0 or (ending == ACTIVE and last <= as_at):
        last = _next_contact(case, last, rng)
        case.stops.append(last)
        number -= 1
    due = case.due_after(last)
    if ending == "closed_before_opening":
        case.closed = case.opened - timedelta(days=3)
    elif ending == "closed_on_limit":
        case.closed = due
    elif ending == "closed_late":
        case.closed = days_after(due, 1, 20, rng)
    elif ending in ("closed", "closed_with_contact"):
        case.closed = between(last, due, rng)
    if ending == "closed_with_contact" and case.closed is not None:
        case.stops.append(case.closed)
    if ending == "declined_late":
        case.declined = days_after(due, 1, 10, rng)
    elif ending == "declined":
        case.declined = between(last, due, rng)
        # A last letter, although no more were wanted; then the case is closed.
        if rng.random() < 0.3:
            case.stops.append(days_after(case.declined, 2, 20, rng))
            case.closed = days_after(case.stops[-1], 2, 30, rng)
    elif ending == "agreed_end" and case.agreed is not None and case.agreed <= min(last, as_at):
        case.until = between(last, due, rng)


def _next_contact(case: VictimCase, last: Wall, rng: np.random.Generator) -> Wall:
    due, drawn = case.due_after(last), rng.random()
    if drawn < CONTACTS["on_limit"]:
        return due
    if drawn < CONTACTS["on_limit"] + CONTACTS["late"]:
        return days_after(due, 1, 12, rng)
    if drawn < sum(CONTACTS.values()):
        return days_after(due, 60, 130, rng)
    return between(last, due, rng)


def _stray(case: VictimCase, rng: np.random.Generator) -> None:
    if rng.random() < BEFORE_OPENING:
        case.stray.append(case.opened - timedelta(days=1))
    if case.stops and rng.random() < WRITTEN_TWICE:
        case.stray.append(case.stops[0])
    if case.closed is not None and case.closed > case.opened and rng.random() < AFTER_CLOSING:
        case.stray.append(days_after(case.closed, 1, 10, rng))
