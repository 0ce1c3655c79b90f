"""The state of every incident under each of its measures, read off the course it was planned to take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from connectors.sources.invented.incident_times import APPOINTED
from connectors.sources.invented.planted import (
    ADVICE_COURSES,
    APPOINTMENT_COURSES,
    ATTENDANCE_COURSES,
    ATTENDED_BY_APPOINTMENT,
    EXCLUDED,
    KEPT_MINUTES,
    MET,
    MISSED,
    OFFER_HOURS,
    TIMED,
    UNKNOWN,
    Course,
)
from connectors.sources.invented.truth import cases_of, settled
from connectors.sources.invented.window import Array, Moments, first_of, moments_of

_CANCELLED_UNSEEN = (
    "cancelled_in_time",
    "cancelled_late",
    "cancelled_before_appointment",
    "cancelled_after_limit",
)
_ATTENDANCE = {
    "attend_emergency": "emergency",
    "attend_vulnerable": "vulnerable",
    "attend_priority": "priority",
}
# The appointment stands in the record from the start: whether it was offered in time is known at once.
_OFFER_KNOWN = tuple(course for course in APPOINTED if course != ATTENDED_BY_APPOINTMENT)


@dataclass(frozen=True)
class Incidents:
    """A force's planned incidents, with their times; `as_at` is the moment they are known at."""

    force: str
    plan: pd.DataFrame
    as_at: np.datetime64

    def cases(self, measure: str, part: pd.DataFrame, clock: str, judged: Planned) -> pd.DataFrame:
        """The cases of one measure: exclusions of the incident itself come before everything its course says."""
        left_out = (part["exclusion"] != "").to_numpy()
        state = settled(judged.state, judged.decided_at, judged.due_at, self.as_at)
        state = np.where(left_out, EXCLUDED, state).astype(object)
        reason = np.where(left_out, part["exclusion"], judged.reason)
        references = part["incident_id"].to_numpy()
        started = moments_of(part, clock)
        return cases_of(measure, self.force, references, started, state, reason, missed_at=judged.due_at)


@dataclass(frozen=True)
class Planned:
    """What the cases of a measure are once decided, when that is, when their limit ends, and why excluded."""

    state: Array
    decided_at: Moments
    due_at: Moments | None = None
    reason: Array | str = "cancelled"


def incident_cases(incidents: Incidents) -> pd.DataFrame:
    """The cases of every incident measure."""
    parts = [_attended(incidents, measure) for measure in _ATTENDANCE]
    parts += [_deployed(incidents), _eta(incidents, "eta_emergency"), _eta(incidents, "eta_non_emergency")]
    parts += [_offered(incidents), _kept(incidents), _advised(incidents)]
    return pd.concat(parts, ignore_index=True)


def _first_event(part: pd.DataFrame, *columns: str) -> Moments:
    return first_of(*(moments_of(part, column) for column in columns))


def _states(part: pd.DataFrame, courses: dict[str, Course], usual: Array | str) -> Array:
    planned = part["course"].map({name: course.state or None for name, course in courses.items()})
    return planned.where(planned.notna(), usual).to_numpy(object, copy=True)


def _in_time(part: pd.DataFrame) -> Array:
    return np.where(part["in_time"], MET, MISSED).astype(object)


def _attended(incidents: Incidents, measure: str) -> pd.DataFrame:
    part = incidents.plan[incidents.plan["promise"] == _ATTENDANCE[measure]]
    state = _states(part, ATTENDANCE_COURSES, _in_time(part))
    state[(part["course"] == ATTENDED_BY_APPOINTMENT).to_numpy()] = MISSED
    decided = _first_event(part, "arrived_at", "cancelled_at", "closed_at")
    due = moments_of(part, "received_at") + part["limit_seconds"].to_numpy().astype("timedelta64[s]")
    return incidents.cases(measure, part, "received_at", Planned(state, decided, due))


def _deployed(incidents: Incidents) -> pd.DataFrame:
    part = incidents.plan[incidents.plan["promise"] == "emergency"]
    sent = part["dispatched_at"].notna()
    conditions = [part["dispatch_contradicts"], sent, part["course"].isin(_CANCELLED_UNSEEN)]
    state = np.select(conditions, [UNKNOWN, TIMED, EXCLUDED], UNKNOWN).astype(object)
    decided = _first_event(part, "dispatched_at", "cancelled_at", "closed_at")
    return incidents.cases("deploy_emergency", part, "received_at", Planned(state, decided))


def _eta(incidents: Incidents, measure: str) -> pd.DataFrame:
    plan = incidents.plan
    population = (
        ["emergency"] if measure == "eta_emergency" else ["vulnerable", "priority", "attendance", "appointment"]
    )
    part = plan[plan["promise"].isin(population)]
    conditions = [part["eta_given"], part["course"].isin(_CANCELLED_UNSEEN)]
    state = np.select(conditions, [MET, EXCLUDED], MISSED).astype(object)
    # Without an ETA the waiting ends when a unit arrives, the caller cancels or the record closes.
    ends = _first_event(part, "arrived_at", "cancelled_at", "closed_at")
    decided = np.where(part["eta_given"], moments_of(part, "received_at"), ends)
    return incidents.cases(measure, part, "received_at", Planned(state, decided))


def _offered(incidents: Incidents) -> pd.DataFrame:
    part = incidents.plan[incidents.plan["promise"] == "appointment"]
    received, course = moments_of(part, "received_at"), part["course"]
    state = _states(part, APPOINTMENT_COURSES, MET)
    # Until it is cancelled, an appointment inside the limit keeps the promise.
    not_yet = (course == "cancelled_before_appointment").to_numpy() & (
        moments_of(part, "cancelled_at") > incidents.as_at
    )
    state[not_yet] = MET
    decided = np.where(course.isin(_OFFER_KNOWN), received, _first_event(part, "arrived_at", "closed_at"))
    reason = course.map({name: planned.reason for name, planned in APPOINTMENT_COURSES.items()}).fillna("")
    due = received + np.timedelta64(OFFER_HOURS, "h")
    planned = Planned(state, decided, due, reason.to_numpy(object))
    return incidents.cases("appointment_offered", part, "received_at", planned)


def _kept(incidents: Incidents) -> pd.DataFrame:
    part = incidents.plan[incidents.plan["course"].isin(APPOINTED)]
    course = part["course"]
    on_time = course.isin(["kept_on_limit", ATTENDED_BY_APPOINTMENT])
    conditions = [on_time, course == "kept_not_recorded", course.isin(_CANCELLED_UNSEEN)]
    state = np.select(conditions, [MET, UNKNOWN, EXCLUDED], _in_time(part)).astype(object)
    decided = _first_event(part, "appointment_kept_at", "cancelled_at", "closed_at")
    due = moments_of(part, "appointment_at") + np.timedelta64(KEPT_MINUTES, "m")
    return incidents.cases("appointment_kept", part, "appointment_at", Planned(state, decided, due))


def _advised(incidents: Incidents) -> pd.DataFrame:
    part = incidents.plan[incidents.plan["promise"] == "advice"]
    decided = _first_event(part, "advice_given_at", "cancelled_at", "closed_at")
    return incidents.cases("advice_given", part, "received_at", Planned(_states(part, ADVICE_COURSES, MET), decided))
