"""The times of each incident, made to fit the course it was planned to take."""

from __future__ import annotations

import numpy as np
import pandas as pd

from connectors.sources.invented.incident_plan import BY_TIME
from connectors.sources.invented.planted import (
    ADVISED,
    ATTENDED,
    ATTENDED_BY_APPOINTMENT,
    DISPATCHED_BEFORE_RECEIVED,
    EMERGENCY_MINUTES,
    KEPT,
    KEPT_MINUTES,
    OFFER_HOURS,
    WITHIN_THE_HOUR_MINUTES,
)
from connectors.sources.invented.window import Array, Moments, first_of, moments_of, nothing, to_local, to_utc

EVENTS = (
    "created_at",
    "dispatched_at",
    "arrived_at",
    "appointment_kept_at",
    "advice_given_at",
    "cancelled_at",
    "closed_at",
)
_MINUTE, _HOUR = 60, 3600
_DAY_BEGINS, _DAY_ENDS = np.timedelta64(8 * _HOUR, "s"), np.timedelta64(int(19.5 * _HOUR), "s")
# Hours from the call to the appointment asked for. Moving it into office hours shifts it by -5 to +8 hours and a
# clock change by one more: the first stays inside 48 hours, the others outside.
_SOON, _LATER = (9, 38), (60, 120)

APPOINTED = (
    KEPT,
    "kept_on_limit",
    "kept_not_recorded",
    "appointment_forgotten",
    "appointment_late",
    "asked_later",
    "cancelled_before_appointment",
    "cancelled_after_limit",
    ATTENDED_BY_APPOINTMENT,
)
_APPOINTED_LATE = ("appointment_late", "asked_later", "cancelled_after_limit")
_KEPT_AFTER_ALL = (KEPT, "kept_on_limit", "appointment_late", "asked_later", ATTENDED_BY_APPOINTMENT)
_NEVER_CLOSED = ("left_open", "appointment_forgotten")
_SENT_OR_NOT = ("cancelled_in_time", "cancelled_late", "closed_without_arrival", "left_open")
_CLOSED_UNSEEN = ("closed_without_arrival", "closed_without_either", "closed_without_advice", "advice_after_closing")


def give_times(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    """Add `limit_seconds`, `appointment_at` and the events (all of them, also those after the night's run)."""
    for name in ("appointment_at", *EVENTS):
        plan[name] = nothing(len(plan))
    is_emergency = (plan["promise"] == "emergency").to_numpy()
    minutes = np.where(is_emergency, plan["setting"].map(EMERGENCY_MINUTES), WITHIN_THE_HOUR_MINUTES)
    plan["limit_seconds"] = minutes.astype(int) * _MINUTE
    _arrive(plan, rng)
    _appoint(plan, rng)
    _advise(plan, rng)
    _cancel(plan, rng)
    _close(plan, rng)
    _dispatch(plan, rng)


def _spans(low: Array | float, high: Array | float, count: int, rng: np.random.Generator) -> Array:
    """Durations between two numbers of seconds, in whole seconds."""
    return rng.uniform(low, high, count).astype("int64").astype("timedelta64[s]")


def _set(plan: pd.DataFrame, column: str, where: Array, moments: Moments) -> None:
    plan.loc[where, column] = moments.astype("datetime64[ms]")


def _of(plan: pd.DataFrame, *courses: str) -> tuple[Array, Moments, int]:
    """Which rows take one of the courses, when they were received, and how many they are."""
    where = plan["course"].isin(courses).to_numpy()
    return where, moments_of(plan, "received_at")[where], int(where.sum())


def _arrive(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    where, received, count = _of(plan, *BY_TIME, "attended_on_limit")
    seen = plan[where]
    limit = seen["limit_seconds"].to_numpy()
    early = np.clip(rng.beta(2.5, 3, count) * limit, _MINUTE, limit - 1)
    late = limit + 1 + np.minimum(rng.exponential(limit * 0.4), 3 * _HOUR)
    taken = np.where(seen["course"] == "attended_on_limit", limit, np.where(seen["in_time"], early, late))
    at_once = (seen["origin"] == "officer").to_numpy()
    taken[at_once] = rng.uniform(5, 90, int(at_once.sum()))
    _set(plan, "arrived_at", where, received + taken.astype("int64").astype("timedelta64[s]"))
    where, received, count = _of(plan, "arrived_before_received")
    _set(plan, "arrived_at", where, received - _spans(_MINUTE, 10 * _MINUTE, count, rng))
    where, received, count = _of(plan, "attended_without_appointment")
    _set(plan, "arrived_at", where, received + _spans(_HOUR, 40 * _HOUR, count, rng))
    where, received, count = _of(plan, "attended_late_without_appointment")
    _set(plan, "arrived_at", where, received + _spans((OFFER_HOURS + 1) * _HOUR, 90 * _HOUR, count, rng))


def _in_office_hours(moments: Moments) -> Moments:
    """The half hour of a diary nearest to what was asked for, between 08:00 and 19:30 local time."""
    half_hour = np.timedelta64(30, "m")
    wall = to_local(moments)
    wall -= (wall - wall.astype("datetime64[D]")) % half_hour
    day = wall.astype("datetime64[D]")
    return to_utc(np.clip(wall, day + _DAY_BEGINS, day + _DAY_ENDS))


def _appoint(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    where, received, count = _of(plan, *APPOINTED)
    late = plan.loc[where, "course"].isin(_APPOINTED_LATE).to_numpy()
    low, high = (np.where(late, _LATER[i], _SOON[i]) * _HOUR for i in (0, 1))
    _set(plan, "appointment_at", where, _in_office_hours(received + _spans(low, high, count, rng)))
    where, _, count = _of(plan, *_KEPT_AFTER_ALL)
    kept = plan[where]
    limit = KEPT_MINUTES * _MINUTE
    early = rng.uniform(-10 * _MINUTE, limit - 1, count)
    late_by = limit + 1 + np.minimum(rng.exponential(25 * _MINUTE, count), 3 * _HOUR)
    in_time = kept["in_time"] | (kept["course"] == ATTENDED_BY_APPOINTMENT)
    after = np.where(kept["course"] == "kept_on_limit", limit, np.where(in_time, early, late_by))
    visited = moments_of(kept, "appointment_at") + np.floor(after).astype("int64").astype("timedelta64[s]")
    _set(plan, "appointment_kept_at", where, visited)
    _set(plan, "arrived_at", where, visited)


def _advise(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    where, received, count = _of(plan, ADVISED)
    _set(plan, "advice_given_at", where, received + _spans(2 * _MINUTE, 30 * _MINUTE, count, rng))
    where, received, count = _of(plan, "advice_before_received")
    _set(plan, "advice_given_at", where, received - _spans(_MINUTE, 10 * _MINUTE, count, rng))


def _cancel(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    where, received, count = _of(plan, "cancelled_in_time", "cancelled_before_advice")
    limit = plan.loc[where, "limit_seconds"].to_numpy()
    _set(plan, "cancelled_at", where, received + _spans(limit * 0.1, limit * 0.9, count, rng))
    where, received, count = _of(plan, "cancelled_late")
    limit = plan.loc[where, "limit_seconds"].to_numpy()
    _set(plan, "cancelled_at", where, received + _spans(limit + _MINUTE, limit * 2.5, count, rng))
    where, _, count = _of(plan, "cancelled_after_arrival")
    arrived = moments_of(plan, "arrived_at")[where]
    _set(plan, "cancelled_at", where, arrived + _spans(5 * _MINUTE, 20 * _MINUTE, count, rng))
    where, received, count = _of(plan, "cancelled_before_appointment")
    wait = (moments_of(plan, "appointment_at")[where] - received) // np.timedelta64(1, "s")
    _set(plan, "cancelled_at", where, received + _spans(wait * 0.05, wait * 0.9, count, rng))
    where, received, count = _of(plan, "cancelled_after_limit")
    wait = (moments_of(plan, "appointment_at")[where] - received) // np.timedelta64(1, "s")
    _set(plan, "cancelled_at", where, received + _spans((OFFER_HOURS + 1) * _HOUR, wait - _HOUR, count, rng))


def _close(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    """A record closes a while after the last thing that happened; some never do."""
    course, count = plan["course"], len(plan)
    last = moments_of(plan, "received_at")
    for event in ("arrived_at", "advice_given_at", "cancelled_at"):
        last = np.fmax(last, moments_of(plan, event))
    visit_not_recorded = (course == "kept_not_recorded").to_numpy()
    last = np.where(visit_not_recorded, moments_of(plan, "appointment_at"), last)
    seen, cancelled = plan["arrived_at"].notna() | visit_not_recorded, plan["cancelled_at"].notna()
    shortest = np.select([cancelled, seen, course.isin(_CLOSED_UNSEEN)], [1, 30, 10], 0) * _MINUTE
    longest = np.select([cancelled, seen, course.isin(_CLOSED_UNSEEN)], [3, 100, 180], 10) * _MINUTE
    stays_open = course.isin(_NEVER_CLOSED).to_numpy()
    plan["closed_at"] = np.where(stays_open, nothing(count), last + _spans(shortest, longest, count, rng))
    where, _, count = _of(plan, "advice_after_closing")
    closed = moments_of(plan, "closed_at")[where]
    _set(plan, "advice_given_at", where, closed + _spans(5 * _MINUTE, _HOUR, count, rng))


def _dispatch(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    count, received = len(plan), moments_of(plan, "received_at")
    arrived = moments_of(plan, "arrived_at")
    ending = first_of(moments_of(plan, "cancelled_at"), moments_of(plan, "closed_at"))
    sent_for_nothing = plan["course"].isin(_SENT_OR_NOT).to_numpy() & (rng.random(count) < 0.5)
    waited = _seconds_from(received, ending)
    early = received + _spans(np.minimum(waited, 600) * 0.1, np.minimum(waited, 600) * 0.6, count, rng)
    journey = np.minimum(_seconds_from(received, arrived) * rng.uniform(0.4, 0.9, count), rng.uniform(480, 1800, count))
    dispatched = np.where(
        arrived >= received, arrived - journey.astype("int64").astype("timedelta64[s]"), nothing(count)
    )
    backwards = (plan["course"] == "arrived_before_received").to_numpy()
    dispatched = np.where(sent_for_nothing | backwards, early, dispatched)
    plan["dispatch_contradicts"] = _contradicting(plan, rng)
    before = received - _spans(10, _MINUTE, count, rng)
    dispatched = np.where(plan["dispatch_contradicts"], before, dispatched)
    plan["dispatched_at"] = dispatched
    first = first_of(ending, moments_of(plan, "advice_given_at"), np.where(dispatched >= received, dispatched, ending))
    soon = np.clip(_seconds_from(received, first), 0, 120)
    plan["created_at"] = received + _spans(soon * 0.1, soon * 0.9, count, rng)


def _contradicting(plan: pd.DataFrame, rng: np.random.Generator) -> Array:
    """A few attended emergencies whose dispatch stands before their receipt; at least one where there are any."""
    attended = ((plan["promise"] == "emergency") & (plan["course"] == ATTENDED) & (plan["exclusion"] == "")).to_numpy()
    chosen = attended & (rng.random(len(plan)) < DISPATCHED_BEFORE_RECEIVED)
    chosen[np.flatnonzero(attended)[:1]] = True
    return chosen


def _seconds_from(begin: Moments, end: Moments) -> Array:
    """Seconds between two moments; an hour where the second did not happen, so that a duration can be drawn."""
    between = (end - begin) / np.timedelta64(1, "s")
    return np.where(np.isnat(end), float(_HOUR), between)
