"""The log `dissatisfactions`: who was dissatisfied, what the force did about it, and by when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pandas as pd

from checks.logs import LOGS
from connectors.sources.invented.diary import (
    Decided,
    Decision,
    Wall,
    between,
    cases_of_walls,
    days_after,
    elapsed_after,
    first_of_all,
    judged_from,
    known_at,
    known_text,
    moments,
    on_day,
)
from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import EXCLUDED, MET, MISSED, PENDING, UNKNOWN
from connectors.sources.invented.window import Window
from connectors.sources.invented.writing import local_text

REPORTED_PER_DAY = 2.2
DUPLICATE, STAYS_OPEN, CLOSED_BEFORE_REPORTED = 0.06, 0.25, 0.015
BECAME_AWARE_EARLIER, BECAME_AWARE_NOT_RECORDED = 0.3, 0.15
ACKNOWLEDGE_WITHIN, ANSWER_DAYS = timedelta(hours=24), 28
IN_TIME = "in_time"
ACKNOWLEDGED = {"on_limit": 0.01, "late": 0.05, "never": 0.03, "before_reported": 0.01}
ANSWERED = {"on_limit": 0.01, "late": 0.03, "never": 0.03, "after_closing": 0.02, "before_reported": 0.01}
# What is done of a plan that was agreed with a date; some plans have none, and can never be judged.
PLAN_WITHOUT_DATE = 0.06
DONE = {"on_limit": 0.02, "late": 0.06, "never": 0.04, "before_agreed": 0.01, "due_before_agreed": 0.01}
# Column of what is to be done within four weeks, and the measure that asks for it.
ANSWERS = {
    "handling_discussed_at": "handling_discussed",
    "in_person_offered_at": "in_person_offered",
    "plan_agreed_at": "plan_agreed",
}
EVENTS = ("became_aware_at", "acknowledged_at", *ANSWERS, "plan_done_at", "closed_at")


@dataclass
class Complaint:
    """One expression of dissatisfaction; `at` holds its events by column, wall clocks, absent = never."""

    complaint_id: str
    place: int
    reported: Wall
    duplicate_of: str = ""
    at: dict[str, Wall] = field(default_factory=dict)


def dissatisfactions(
    places: Places, window: Window, _load: Load, size: float, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """`dissatisfactions` by log, and the cases of the five measures of commitment 10."""
    as_at, planned = judged_from(window), _plan(places, window, size, rng)
    return {"dissatisfactions": _rows(planned, places, as_at)}, _cases(planned, places.force, as_at)


def _plan(places: Places, window: Window, size: float, rng: np.random.Generator) -> list[Complaint]:
    reported = sorted(on_day(day, rng) for day in window.days for _ in range(rng.poisson(REPORTED_PER_DAY * size)))
    count = len(reported)
    names, where = keys(places.force, "D", count), places.draw(count, rng)
    planned = [Complaint(names[n], int(where[n]), reported[n]) for n in range(count)]
    for column, courses in {"acknowledged_at": ACKNOWLEDGED, **dict.fromkeys(ANSWERS, ANSWERED)}.items():
        for one, course in zip(planned, draw_kinds(count, courses, IN_TIME, rng), strict=True):
            _happen(one, column, course, rng)
    plans = [one for one in planned if one.at.get("plan_agreed_at", one.reported) > one.reported]
    for one, course in zip(plans, draw_kinds(len(plans), DONE, IN_TIME, rng), strict=True):
        if rng.random() >= PLAN_WITHOUT_DATE:
            _promise(one, course, rng)
    for number, one in enumerate(planned):
        _close(one, rng)
        if number and rng.random() < DUPLICATE:
            one.duplicate_of = planned[number - 1].complaint_id
        if rng.random() >= BECAME_AWARE_NOT_RECORDED:
            earlier = timedelta(days=int(rng.integers(1, 4))) if rng.random() < BECAME_AWARE_EARLIER else timedelta()
            one.at["became_aware_at"] = one.reported - earlier
    return planned


def _happen(one: Complaint, column: str, course: str, rng: np.random.Generator) -> None:
    """What becomes of one thing that is to be done; what comes after closing is set when the record closes."""
    begin, within_a_day = one.reported, column == "acknowledged_at"
    due = elapsed_after(begin, ACKNOWLEDGE_WITHIN) if within_a_day else begin + timedelta(days=ANSWER_DAYS)
    times: dict[str, Callable[[], Wall]] = {
        IN_TIME: lambda: (
            begin + timedelta(minutes=int(rng.integers(5, 300))) if within_a_day else between(begin, due, rng)
        ),
        "on_limit": lambda: due,
        "late": lambda: days_after(due, 1, 9, rng),
        "before_reported": lambda: begin - timedelta(days=1),
        "after_closing": lambda: Wall.max,
    }
    if course in times:
        one.at[column] = times[course]()


def _promise(one: Complaint, course: str, rng: np.random.Generator) -> None:
    """The date of a plan and when it was done."""
    agreed = one.at["plan_agreed_at"]
    if agreed == Wall.max:
        return
    due = days_after(agreed, 3, 25, rng)
    times: dict[str, Callable[[], Wall]] = {
        IN_TIME: lambda: between(agreed, due, rng),
        "on_limit": lambda: due,
        "late": lambda: days_after(due, 1, 20, rng),
        "before_agreed": lambda: agreed - timedelta(minutes=20),
    }
    if course in times:
        one.at["plan_done_at"] = times[course]()
    if course == "due_before_agreed":
        due, one.at["plan_done_at"] = agreed - timedelta(days=1), days_after(agreed, 1, 5, rng)
    one.at["plan_due_at"] = due


def _close(one: Complaint, rng: np.random.Generator) -> None:
    """A record closes some days after the last thing that happened; a few things are only done after that."""
    after = [column for column, wall in one.at.items() if wall == Wall.max]
    for column in after:
        del one.at[column]
    if not after and rng.random() < STAYS_OPEN:
        return
    one.at["closed_at"] = days_after(max([one.reported, *one.at.values()]), 1, 6, rng)
    for column in after:
        one.at[column] = days_after(one.at["closed_at"], 1, 3, rng)
    if rng.random() < CLOSED_BEFORE_REPORTED and "plan_due_at" not in one.at:
        one.at["closed_at"] = one.reported - timedelta(days=1)


def _cases(planned: list[Complaint], force: str, as_at: Wall) -> pd.DataFrame:
    acknowledged = [Decided(one.complaint_id, one.reported, _acknowledged(one, as_at)) for one in planned]
    parts = [cases_of_walls("dissatisfaction_acknowledged", force, acknowledged)]
    for column, measure in ANSWERS.items():
        answered = [Decided(one.complaint_id, one.reported, _answered(one, column, as_at)) for one in planned]
        parts.append(cases_of_walls(measure, force, answered))
    kept = [
        Decided(one.complaint_id, one.at.get("plan_due_at", one.at["plan_agreed_at"]), _kept(one, as_at))
        for one in planned
        if known_at(one.at.get("plan_agreed_at"), as_at) is not None
    ]
    return pd.concat([*parts, cases_of_walls("plan_kept", force, kept)], ignore_index=True)


def _has_plan(one: Complaint, as_at: Wall) -> bool:
    return "plan_due_at" in one.at and one.at["plan_agreed_at"] <= as_at


def _excluded(one: Complaint) -> Decision | None:
    return Decision(EXCLUDED, "duplicate", None) if one.duplicate_of else None


def _acknowledged(one: Complaint, as_at: Wall) -> Decision:
    due = elapsed_after(one.reported, ACKNOWLEDGE_WITHIN)
    return _timed(one, one.reported, one.at.get("acknowledged_at"), due, as_at)


def _kept(one: Complaint, as_at: Wall) -> Decision:
    agreed, due = one.at["plan_agreed_at"], one.at.get("plan_due_at")
    if due is None:
        closed = known_at(one.at.get("closed_at"), as_at)
        return _excluded(one) or Decision(PENDING if closed is None else UNKNOWN, "", None)
    if due < agreed:
        return _excluded(one) or Decision(UNKNOWN, "", None)
    return _timed(one, agreed, one.at.get("plan_done_at"), due, as_at)


def _timed(one: Complaint, begin: Wall, stop: Wall | None, due: Wall, as_at: Wall) -> Decision:
    """The closing of the record ends nothing here: it only leaves a time that is not in it unknown for good."""
    stop, closed = known_at(stop, as_at), known_at(one.at.get("closed_at"), as_at)
    contradicts = stop is not None and stop < begin
    if contradicts or (stop is None and closed is not None):
        return _excluded(one) or Decision(UNKNOWN, "", None)
    return _excluded(one) or first_of_all(as_at, (stop, MET, ""), (due, MISSED, ""))


def _answered(one: Complaint, column: str, as_at: Wall) -> Decision:
    """Within four weeks, and before the record closes."""
    begin, stop, closed = one.reported, one.at.get(column), one.at.get("closed_at")
    if any(wall is not None and wall < begin for wall in (stop, closed)):
        return _excluded(one) or Decision(UNKNOWN, "", None)
    due = begin + timedelta(days=ANSWER_DAYS)
    return _excluded(one) or first_of_all(as_at, (stop, MET, ""), (closed, MISSED, ""), (due, MISSED, ""))


def _rows(planned: list[Complaint], places: Places, as_at: Wall) -> pd.DataFrame:
    where = np.array([one.place for one in planned], dtype=int)
    due = [one.at["plan_due_at"] if _has_plan(one, as_at) else None for one in planned]
    rows = {
        "complaint_id": [one.complaint_id for one in planned],
        "force": places.force,
        "area": places.area[where],
        "neighbourhood": places.code[where],
        "reported_at": known_text([one.reported for one in planned], as_at),
        # A planned time: it is in the record from the day it was agreed.
        "plan_due_at": local_text(moments(due)),
        "duplicate_of": [one.duplicate_of for one in planned],
    }
    rows |= {column: known_text([one.at.get(column) for one in planned], as_at) for column in EVENTS}
    return pd.DataFrame(rows)[[column.name for column in LOGS["dissatisfactions"].columns]]
