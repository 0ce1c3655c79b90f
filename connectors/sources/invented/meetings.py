"""The log `meetings`: what each team invites its neighbourhood to every month, and what came of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load
from connectors.sources.invented.months import active_spans, month_cases, neighbourhood_months, occurs
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import MET, MISSED
from connectors.sources.invented.window import HOUR, Window, moment, nothing, to_utc
from connectors.sources.invented.writing import wall_text


class _Meeting(NamedTuple):
    neighbourhood: str
    kind: str
    starts: datetime
    outcome: str


# What became of it; only the first keeps the promise.
_HELD, _NOT_HELD, _NOT_RECORDED, _CANCELLED, _TO_COME = "held", "not_held", "not_recorded", "cancelled", "to_come"
_FLAG = {_HELD: "true", _NOT_HELD: "false", _CANCELLED: "false"}
# How a month goes: kinds and outcomes of its meetings.
_USUAL = "meeting"
_COURSES = {
    "surgery": 0.2,
    "street_briefing": 0.12,
    "mobile_station": 0.12,
    "two_meetings": 0.1,
    "advertised_not_held": 0.05,
    "not_recorded": 0.04,
    "cancelled": 0.05,
    "cancelled_then_surgery": 0.05,
    "on_the_first_of_the_next": 0.04,
    "nothing": 0.04,
}
_PLANNED = {
    "two_meetings": (("meeting", _HELD), ("surgery", _HELD)),
    "advertised_not_held": (("meeting", _NOT_HELD),),
    "not_recorded": (("meeting", _NOT_RECORDED),),
    "cancelled": (("meeting", _CANCELLED),),
    "cancelled_then_surgery": (("meeting", _CANCELLED), ("surgery", _HELD)),
    "nothing": (),
}
_EVENING, _AFTER_MIDNIGHT = time(19), time(0, 30)


def meetings(
    places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows of the log, and the cases of `meeting_held`."""
    plan = _planned(places, window, rng)
    starts = np.array([one.starts.date() for one in plan], dtype="datetime64[D]")
    months = neighbourhood_months(places, window, starts)
    held = occurs(months, ((one.neighbourhood, one.starts.date()) for one in plan if one.outcome == _HELD))
    cases = month_cases("meeting_held", places.force, months, np.where(held, MET, MISSED), early=held)
    return {"meetings": _rows(plan, places.force, moment(window.as_at), rng)}, cases


def _planned(places: Places, window: Window, rng: np.random.Generator) -> list[_Meeting]:
    """The meetings of every month of the window and of the one of the night's run, none before the window begins."""
    plan: list[_Meeting] = []
    spans = active_spans(places, window)
    for span, course in zip(spans, draw_kinds(len(spans), _COURSES, _USUAL, rng), strict=True):
        if course == "on_the_first_of_the_next":
            starts = datetime.combine(span.after, _AFTER_MIDNIGHT)
            plan.append(_Meeting(span.neighbourhood, "meeting", starts, _HELD))
            continue
        for kind, outcome in _PLANNED.get(course, ((course, _HELD),)):
            day = span.first + timedelta(days=int(rng.integers(0, (span.after - span.first).days)))
            plan.append(_Meeting(span.neighbourhood, kind, datetime.combine(day, _EVENING), outcome))
    as_at = window.as_at.replace(tzinfo=None)
    # Local evenings are hours away from the run at 06:00, so that comparing with it in UTC is the same.
    return [one if one.starts <= as_at else one._replace(outcome=_TO_COME) for one in plan]


def _rows(plan: list[_Meeting], force: str, as_at: np.datetime64, rng: np.random.Generator) -> pd.DataFrame:
    """The rows as text, in local time without an offset, as a diary has it; a meeting to come has no outcome yet."""
    outcome = pd.Series([one.outcome for one in plan], dtype=object)
    starts, count = to_utc(np.array([one.starts for one in plan], dtype="datetime64[ms]")), len(plan)
    advertised = np.minimum(starts - 24 * HOUR * rng.integers(15, 30, count), as_at - 12 * HOUR)
    cancelled = np.where(outcome == _CANCELLED, starts - 7 * HOUR, nothing(count))
    attendance = rng.integers(0, 45, count).astype(str).astype(object)
    return pd.DataFrame(
        {
            "meeting_id": keys(force, "G", count),
            "force": force,
            "neighbourhood": [one.neighbourhood for one in plan],
            "kind": [one.kind for one in plan],
            "starts_at": wall_text(starts),
            "advertised_at": wall_text(advertised),
            "held": outcome.map(_FLAG).fillna(""),
            "cancelled_at": wall_text(cancelled),
            "attendance": np.where(outcome == _HELD, attendance, ""),
        }
    )
