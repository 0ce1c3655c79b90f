"""Wall clocks of records people keep by day: appointments, telephone calls, letters.

A wall clock is a naive `datetime` of whole seconds between 08:00 and 19:00, so that no clock change makes it unclear;
a limit of days or months is then plain calendar arithmetic.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.sources.invented.planted import PENDING
from connectors.sources.invented.truth import STANDARD, cases_of
from connectors.sources.invented.window import ZONE, Array, Moments, Window, to_utc
from connectors.sources.invented.writing import local_text, utc_text

Wall = datetime
Outcome = tuple[Wall | None, str, str]


class Decision(NamedTuple):
    """What a case is, why it is left out, and since when."""

    state: str
    reason: str
    since: Wall | None


class Decided(NamedTuple):
    """A case: its name, when its clock started, what it is."""

    case_id: str
    started: Wall
    decision: Decision


_OPENS, _CLOSES = 8 * 3600, 19 * 3600
_DAY = timedelta(days=1)


def on_day(day: date, rng: np.random.Generator) -> Wall:
    """Some time of a day."""
    return datetime.combine(day, time()) + timedelta(seconds=int(rng.integers(_OPENS, _CLOSES)))


def days_after(wall: Wall, fewest: int, most: int, rng: np.random.Generator) -> Wall:
    """Some time between `fewest` (at least one) and `most` days later."""
    return on_day(wall.date() + timedelta(days=int(rng.integers(fewest, most + 1))), rng)


def between(begin: Wall, end: Wall, rng: np.random.Generator) -> Wall:
    """Some time of day after `begin` and at most at `end`."""
    last = (end - begin).days
    return days_after(begin, 1, last - 1, rng) if last > 1 else (begin + (end - begin) / 2).replace(microsecond=0)


def month_after(wall: Wall) -> Wall:
    """The same wall clock a month later, on the month's last day where there is no such day."""
    year, month = (wall.year, wall.month + 1) if wall.month < 12 else (wall.year + 1, 1)
    return wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))


def elapsed_after(wall: Wall, span: timedelta) -> Wall:
    """The wall clock when `span` has elapsed, across a clock change too."""
    zone = ZoneInfo(ZONE)
    return (wall.replace(tzinfo=zone).astimezone(UTC) + span).astimezone(zone).replace(tzinfo=None)


def end_of_working_day(wall: Wall, number: int, holidays: Collection[date]) -> Wall:
    """The last moment of the `number`-th working day after the day of `wall`."""
    day = wall.date()
    while number:
        day += _DAY
        number -= day.weekday() < 5 and day not in holidays
    return datetime.combine(day, time.max)


def judged_from(window: Window) -> Wall:
    """The wall clock of the night's run."""
    return window.as_at.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)


def first_of_all(as_at: Wall, *outcomes: Outcome) -> Decision:
    """What is known at `as_at`: whichever comes first decides, and of two at once the one named first."""
    happened = [outcome for outcome in outcomes if outcome[0] is not None and outcome[0] <= as_at]
    if not happened:
        return Decision(PENDING, "", None)
    since, state, reason = min(happened, key=lambda outcome: outcome[0] or as_at)
    return Decision(state, reason, since)


def moments(walls: Sequence[Wall | None]) -> Moments:
    """The UTC moments of wall clocks; NaT where there is none."""
    return to_utc(np.array([np.datetime64("NaT") if wall is None else wall for wall in walls], dtype="datetime64[ms]"))


def known_text(walls: Sequence[Wall | None], as_at: Wall, *, utc: bool = False) -> Array:
    """What the log says at `as_at`: '' for what did not happen by then."""
    known = moments([wall if wall is not None and wall <= as_at else None for wall in walls])
    return utc_text(known) if utc else local_text(known)


def known_at(wall: Wall | None, as_at: Wall) -> Wall | None:
    """`wall`, unless it is still to come."""
    return wall if wall is not None and wall <= as_at else None


def cases_of_walls(measure: str, force: str, cases: Sequence[Decided], standard: str = STANDARD) -> pd.DataFrame:
    """Decided cases in the shape of `Truth.cases`."""

    def column(values: Iterable[str]) -> Array:
        return np.array(list(values), dtype=object)

    return cases_of(
        measure,
        force,
        column(case.case_id for case in cases),
        moments([case.started for case in cases]),
        column(case.decision.state for case in cases),
        column(case.decision.reason for case in cases),
        standard=standard,
        missed_at=moments([case.decision.since for case in cases]),
    )
