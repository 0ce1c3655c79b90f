"""What each incident is and which course it takes, before it has any time but the one it was received at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from connectors.sources.invented.calls import Calls
from connectors.sources.invented.drawing import draw_kinds, keys
from connectors.sources.invented.load import Load, chance
from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import (
    ADVICE_COURSES,
    ADVISED,
    APPOINTMENT_COURSES,
    ATTENDANCE_COURSES,
    ATTENDED,
    ATTENDED_BY_APPOINTMENT,
    ATTENDED_BY_APPOINTMENT_SHARE,
    BORN_OF_CALLS,
    DUPLICATE,
    FAR_RURAL,
    GRADED,
    GRADES,
    IN_TIME,
    KEPT,
    KNIFE_EDGES,
    MET,
    MISSED,
    NEIGHBOURHOOD_PRIORITY,
    OFFICER_PER_DAY,
    PARTNER_PER_DAY,
    TARGET_TENTHS,
    TEST_PER_DAY,
    VULNERABLE,
    KnifeEdge,
)
from connectors.sources.invented.window import Array, Window, local_days, moments_of

# Courses of an attended incident that are met or missed as `in_time` has it.
BY_TIME = (ATTENDED, "cancelled_after_arrival")


def plan_incidents(
    calls: Calls, places: Places, window: Window, load: Load, size: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per incident, sorted by `received_at` (whole seconds): who, where, how graded, which course."""
    others = {"officer": OFFICER_PER_DAY, "partner": PARTNER_PER_DAY, "test": TEST_PER_DAY}
    parts = [_from_calls(calls, rng)]
    parts += [_unphoned(origin, load, size * daily, places, rng) for origin, daily in others.items()]
    plan = pd.concat(parts, ignore_index=True)
    plan["received_at"] = moments_of(plan, "received_at").astype("datetime64[s]").astype("datetime64[ms]")
    plan = plan.sort_values("received_at", kind="stable", ignore_index=True)
    plan["incident_id"] = keys(places.force, "I", len(plan))
    _describe(plan, places, rng)
    _exclude(plan, rng)
    _choose_courses(plan, window, load, places, rng)
    for edge in KNIFE_EDGES:
        _balance(plan, edge, window, rng)
    return plan


def _from_calls(calls: Calls, rng: np.random.Generator) -> pd.DataFrame:
    answered = calls.answered
    becomes = rng.random(len(answered)) < answered["line"].map(BORN_OF_CALLS).to_numpy()
    born = answered.loc[becomes, ["received_at", "place", "call_id", "line"]]
    return born.assign(origin="public").reset_index(drop=True)


def _unphoned(origin: str, load: Load, per_day: float, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    received = load.arrivals(per_day, rng)
    rows = {"received_at": received, "place": places.draw(len(received), rng)}
    return pd.DataFrame({**rows, "call_id": "", "line": "", "origin": origin})


def _describe(plan: pd.DataFrame, places: Places, rng: np.random.Generator) -> None:
    count, urgent = len(plan), (plan["line"] == "999").to_numpy()
    by_999, by_other = (rng.choice(np.array(GRADES, dtype=object), count, p=GRADED[line]) for line in ("999", "other"))
    plan["grade"] = np.where(urgent, by_999, by_other)
    plan["setting"] = places.setting[plan["place"]]
    plan["vulnerable"] = rng.random(count) < VULNERABLE
    plan["priority"] = rng.random(count) < NEIGHBOURHOOD_PRIORITY
    # Each incident belongs to one promise: emergency before vulnerable before priority before appointment.
    conditions = [
        plan["grade"] == "emergency",
        plan["grade"] == "resolution_without_deployment",
        plan["vulnerable"],
        plan["priority"],
        plan["grade"] == "scheduled",
    ]
    promises = ["emergency", "advice", "vulnerable", "priority", "appointment"]
    plan["promise"] = np.select(conditions, promises, "attendance").astype(object)


def _exclude(plan: pd.DataFrame, rng: np.random.Generator) -> None:
    """Duplicates of an incident shortly before, of any origin; the reasons in the order of the closed list."""
    numbers = np.arange(len(plan))
    original = numbers - rng.integers(1, 4, len(plan))
    is_duplicate = (rng.random(len(plan)) < DUPLICATE) & (original >= 0)
    references = plan["incident_id"].to_numpy()
    plan["duplicate_of"] = np.where(is_duplicate, references[np.maximum(original, 0)], "")
    origin = plan["origin"].to_numpy()
    reasons = [origin == "test", is_duplicate, origin == "officer"]
    plan["exclusion"] = np.select(reasons, ["test", "duplicate", "officer_initiated"], "")


def _choose_courses(plan: pd.DataFrame, window: Window, load: Load, places: Places, rng: np.random.Generator) -> None:
    plan["course"] = ""
    kinds = {"advice": (ADVICE_COURSES, ADVISED), "appointment": (APPOINTMENT_COURSES, KEPT)}
    for promise in IN_TIME:
        courses, usual = kinds.get(promise, (ATTENDANCE_COURSES, ATTENDED))
        # Drawn for the cases that are judged, so that each odd course is seen in a figure.
        judged = ((plan["promise"] == promise) & (plan["exclusion"] == "")).to_numpy()
        plan.loc[plan["promise"] == promise, "course"] = usual
        shares = {name: course.share for name, course in courses.items()}
        plan.loc[judged, "course"] = draw_kinds(int(judged.sum()), shares, usual, rng)
        last_day = judged & (local_days(moments_of(plan, "received_at")) == np.datetime64(window.last_day))
        # On the last day something is still open: the figures of that day hold pending cases.
        plan.loc[np.flatnonzero(last_day)[-1:], "course"] = "left_open"
    within_the_hour = plan["promise"].isin(["vulnerable", "priority"]) & (plan["grade"] == "scheduled")
    visit = within_the_hour & (plan["course"] == ATTENDED) & (rng.random(len(plan)) < ATTENDED_BY_APPOINTMENT_SHARE)
    plan.loc[visit, "course"] = ATTENDED_BY_APPOINTMENT
    plan["in_time"] = rng.random(len(plan)) < _chances(plan, window, load, places)


def _chances(plan: pd.DataFrame, window: Window, load: Load, places: Places) -> Array:
    received = moments_of(plan, "received_at")
    calm, busy = (plan["promise"].map({p: pair[i] for p, pair in IN_TIME.items()}).to_numpy() for i in (0, 1))
    in_time = chance(calm, busy, load.pressure_at(received))
    far = (plan["promise"] == "emergency").to_numpy() & FAR_RURAL.covers(received, window)
    far = far & (places.area[plan["place"]] == FAR_RURAL.area) & (plan["setting"] == FAR_RURAL.setting).to_numpy()
    return np.where(far, FAR_RURAL.in_time, in_time)


def _balance(plan: pd.DataFrame, edge: KnifeEdge, window: Window, rng: np.random.Generator) -> None:
    """Choose `in_time` for one promise and month so that its figure lies on the edge of its target."""
    month = local_days(moments_of(plan, "received_at")).astype("datetime64[M]")
    counted = ((plan["promise"] == edge.promise) & (plan["exclusion"] == "")).to_numpy()
    counted = counted & (month == np.datetime64(edge.month_in(window), "M"))
    free = np.flatnonzero(counted & plan["course"].isin(BY_TIME).to_numpy())
    states = plan["course"].map({name: course.state for name, course in ATTENDANCE_COURSES.items()})
    states = states.mask(plan["course"] == ATTENDED_BY_APPOINTMENT, MISSED)[counted]
    met, missed = int((states == MET).sum()), int((states == MISSED).sum())
    wanted = -(-TARGET_TENTHS * (len(free) + met + missed) // 10) - edge.short_by
    plan.loc[free, "in_time"] = False
    plan.loc[rng.permutation(free)[: max(wanted - met, 0)], "in_time"] = True
