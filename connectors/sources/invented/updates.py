"""The log `updates`: what each neighbourhood is told every month, and whether all four parts are in it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load
from connectors.sources.invented.months import Span, active_spans, month_cases, neighbourhood_months, occurs
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import MET, MISSED
from connectors.sources.invented.window import Window, moment, to_utc
from connectors.sources.invented.writing import local_text

PARTS = ("crime_map", "outcomes", "action_taken", "force_performance")


class _Update(NamedTuple):
    """`absent` are the parts it lacks, with what is written in their place: `false` or nothing."""

    neighbourhood: str
    published: datetime
    covers: date
    absent: dict[str, str]


_USUAL = "whole"
_COURSES = {
    "incomplete": 0.08,
    "two_halves": 0.04,
    "incomplete_then_whole": 0.05,
    "late_by_a_day": 0.06,
    "nothing": 0.04,
}
_HALVES = ({"outcomes": "false", "action_taken": ""}, {"crime_map": "", "force_performance": "false"})
_NOON, _AFTER_MIDNIGHT = time(12), time(0, 10)


def updates(
    places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The rows of the log, and the cases of `update_published`."""
    plan = _planned(places, window, rng)
    published = np.array([one.published.date() for one in plan], dtype="datetime64[D]")
    months = neighbourhood_months(places, window, published)
    whole = occurs(months, ((one.neighbourhood, one.published.date()) for one in plan if not one.absent))
    cases = month_cases("update_published", places.force, months, np.where(whole, MET, MISSED), early=whole)
    return {"updates": _rows(plan, places.force)}, cases


def _planned(places: Places, window: Window, rng: np.random.Generator) -> list[_Update]:
    """The updates of every month, as far as they are published when the night's run looks."""
    spans = active_spans(places, window)
    courses = draw_kinds(len(spans), _COURSES, _USUAL, rng)
    plan = [one for span, course in zip(spans, courses, strict=True) for one in _of_month(span, course, rng)]
    known = to_utc(np.array([one.published for one in plan], dtype="datetime64[ms]")) <= moment(window.as_at)
    return [one for one, is_known in zip(plan, known, strict=True) if is_known]


def _of_month(span: Span, course: str, rng: np.random.Generator) -> list[_Update]:
    """What one neighbourhood is told of a month."""
    length = (span.after - span.first).days
    days = sorted(span.first + timedelta(days=int(day)) for day in rng.integers(0, length, 2))
    part = PARTS[int(rng.integers(len(PARTS)))]

    def update(day: date, absent: dict[str, str], at: time = _NOON) -> _Update:
        return _Update(span.neighbourhood, datetime.combine(day, at), span.first.replace(day=1), absent)

    lacking = {part: "false" if rng.random() < 0.5 else ""}
    planned = {
        "incomplete": [update(days[0], lacking)],
        "two_halves": [update(day, half) for day, half in zip(days, _HALVES, strict=True)],
        "incomplete_then_whole": [update(days[0], lacking), update(days[1], {})],
        # Ten minutes past midnight: in summer that is still the month before in UTC.
        "late_by_a_day": [update(span.after, {}, _AFTER_MIDNIGHT)],
        "nothing": [],
    }
    return planned.get(course, [update(days[0], {})])


def _rows(plan: list[_Update], force: str) -> pd.DataFrame:
    count = len(plan)
    rows = {
        "update_id": keys(force, "U", count),
        "force": force,
        "neighbourhood": [one.neighbourhood for one in plan],
        "published_at": local_text(to_utc(np.array([one.published for one in plan], dtype="datetime64[ms]"))),
        "covers_month": [one.covers.strftime("%Y-%m") for one in plan],
    }
    return pd.DataFrame({**rows, **{part: [one.absent.get(part, "true") for one in plan] for part in PARTS}})
