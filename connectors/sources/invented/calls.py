"""The log `calls`: what comes in on each line, how it went, and its times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load, chance
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import (
    ANSWERED,
    CALL_COURSES,
    CALL_KINDS,
    EXCLUDED,
    EXCLUDED_KINDS,
    LINES,
    MET,
    MISSED,
    SLOW_999_WEEK,
)
from connectors.sources.invented.truth import cases_of
from connectors.sources.invented.window import Array, Moments, Window, moments_of, nothing, seconds
from connectors.sources.invented.writing import local_text, utc_text

_LONGEST_WAIT, _LONGEST_TALK = 900.0, 5400.0
_NO_AREA = 0.03


@dataclass(frozen=True)
class Calls:
    """A force's calls: `plan` has one row per call, with its course and its moments (UTC)."""

    force: str
    plan: pd.DataFrame

    @property
    def answered(self) -> pd.DataFrame:
        """Calls someone can have made an incident of: answered, and with times that can be believed."""
        plan = self.plan
        sound = (plan["answered_at"] >= plan["received_at"]) & ~plan["kind"].isin(EXCLUDED_KINDS)
        return plan[sound]


def invent_calls(places: Places, window: Window, load: Load, size: float, rng: np.random.Generator) -> Calls:
    """The calls of one force over the window."""
    received = [load.arrivals(line.per_day * size, rng) for line in LINES]
    line = np.repeat(np.arange(len(LINES)), [len(moments) for moments in received])
    order = np.argsort(np.concatenate(received), kind="stable")
    plan = pd.DataFrame({"received_at": np.concatenate(received)[order], "line_number": line[order]})
    plan["call_id"] = keys(places.force, "C", len(plan))
    plan["line"] = np.array([each.name for each in LINES], dtype=object)[plan["line_number"]]
    plan["place"] = places.draw(len(plan), rng)
    plan["kind"] = draw_kinds(len(plan), CALL_KINDS, "public", rng)
    _plan_courses(plan, window, load, rng)
    _give_times(plan, rng)
    return Calls(places.force, plan)


def _plan_courses(plan: pd.DataFrame, window: Window, load: Load, rng: np.random.Generator) -> None:
    number, received = plan["line_number"].to_numpy(), moments_of(plan, "received_at")
    calm, busy = (np.array([getattr(line, name) for line in LINES])[number] for name in ("calm", "busy"))
    in_time = chance(calm, busy, load.pressure_at(received))
    slow = (plan["line"] == "999").to_numpy() & SLOW_999_WEEK.covers(received, window)
    plan["in_time"] = rng.random(len(plan)) < np.where(slow, SLOW_999_WEEK.in_time, in_time)
    # Each line has every course, so that both answering measures meet every odd kind.
    shares = {name: course.share for name, course in CALL_COURSES.items()}
    plan["course"] = ""
    for measure in dict.fromkeys(line.measure for line in LINES):
        of_measure = np.isin(number, [n for n, line in enumerate(LINES) if line.measure == measure])
        judged = of_measure & ~plan["kind"].isin(EXCLUDED_KINDS).to_numpy()
        plan.loc[judged, "course"] = draw_kinds(int(judged.sum()), shares, ANSWERED, rng)
    plan.loc[plan["course"] == "", "course"] = ANSWERED


def _waits(plan: pd.DataFrame, rng: np.random.Generator) -> Array:
    """How long each caller waited for an answer or until hanging up: under, exactly at, or over the limit."""
    number, course, count = plan["line_number"].to_numpy(), plan["course"].to_numpy(), len(plan)
    limit = np.array([line.limit_seconds for line in LINES])[number].astype(float)
    usual_delay = np.array([line.late_seconds for line in LINES])[number]
    early = np.clip(rng.beta(2, 4, count) * limit, 0.3, limit - 0.001)
    late = np.minimum(limit + 0.001 + rng.exponential(usual_delay, count), _LONGEST_WAIT)
    on_limit = np.isin(course, ("answered_on_limit", "abandoned_on_limit"))
    is_late = (course == "abandoned_long") | ((course == ANSWERED) & ~plan["in_time"].to_numpy())
    return np.round(np.select([on_limit, is_late], [limit, late], early), 3)


def _give_times(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    course, received, count = plan["course"].to_numpy(), moments_of(plan, "received_at"), len(plan)
    stop = received + np.round(_waits(plan, rng) * 1000).astype("int64").astype("timedelta64[ms]")
    talk = seconds(np.minimum(rng.lognormal(5.2, 0.7, count), _LONGEST_TALK))
    is_answered = np.isin(course, (ANSWERED, "answered_on_limit", "hung_up_after_answer"))
    is_abandoned = np.isin(course, ("abandoned_short", "abandoned_on_limit", "abandoned_long"))
    answered, abandoned = np.where(is_answered, stop, nothing(count)), np.where(is_abandoned, stop, nothing(count))
    before = course == "answer_before_received"
    answered[before] = received[before] - seconds(rng.uniform(1, 5, before.sum()))
    after = course == "hung_up_after_answer"
    abandoned[after] = answered[after] + talk[after]
    ended = np.where(is_abandoned, stop, np.where(is_answered, stop, received) + talk)
    ended[course == "never_answered_nor_ended"] = np.datetime64("NaT")
    _unpresented(plan["kind"].to_numpy(), received, answered, abandoned, ended)
    is_999 = (plan["line"] == "999").to_numpy() & (rng.random(count) < 0.99)
    transfer = seconds(rng.uniform(3, 12, count))
    plan["dialled_at"] = np.where(is_999, received - transfer, nothing(count))
    plan["answered_at"], plan["abandoned_at"], plan["ended_at"] = answered, abandoned, ended


def _unpresented(kind: Array, received: Moments, answered: Moments, abandoned: Moments, ended: Moments) -> None:
    """Phantom and dropped calls never reached anyone; changes the arrays."""
    gone = np.isin(kind, ("phantom", "dropped"))
    answered[gone], abandoned[gone], ended[gone] = np.datetime64("NaT"), np.datetime64("NaT"), received[gone]
    dropped = kind == "dropped"
    abandoned[dropped] = received[dropped]


def call_cases(calls: Calls) -> pd.DataFrame:
    """The state of every call under its line's measure; every call is decided long before the night's run."""
    plan = calls.plan
    kind, course = plan["kind"], plan["course"]
    excluded = kind.isin(EXCLUDED_KINDS).to_numpy()
    known = course.map({name: planned.state for name, planned in CALL_COURSES.items()})
    answered = np.where(plan["in_time"], MET, MISSED)
    state = np.select([excluded, known.notna()], [EXCLUDED, known], answered).astype(object)
    of_course = course.map({name: planned.reason for name, planned in CALL_COURSES.items()}).fillna("")
    reason = np.where(excluded, kind, of_course)
    measure = np.array([line.measure for line in LINES], dtype=object)[plan["line_number"]]
    parts = []
    for name in dict.fromkeys(measure):
        one = measure == name
        received = moments_of(plan, "received_at")[one]
        parts.append(cases_of(name, calls.force, plan["call_id"].to_numpy()[one], received, state[one], reason[one]))
    return pd.concat(parts, ignore_index=True)


def call_rows(calls: Calls, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    """The rows of the log as text: the 999 exchange writes UTC, the other lines local time with its offset."""
    plan = calls.plan
    placed = rng.random(len(plan)) >= _NO_AREA
    rows = {
        "call_id": plan["call_id"],
        "force": calls.force,
        "area": np.where(placed, places.area[plan["place"]], ""),
        "line": plan["line"],
        "kind": plan["kind"],
    }
    is_999 = (plan["line"] == "999").to_numpy()
    for name in ("dialled_at", "received_at", "answered_at", "abandoned_at", "ended_at"):
        moments = moments_of(plan, name)
        written = np.empty(len(plan), dtype=object)
        written[is_999], written[~is_999] = utc_text(moments[is_999]), local_text(moments[~is_999], "ms")
        rows[name] = written
    return pd.DataFrame(rows)
