"""Incidents: deployment, arrival times given, attendance, appointments, advice."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.checks.oracle.states import Asked, Judged, Row, by_the_clock, cannot_be_judged, lacking, yes_or_no

_CLOCKS = {"received": "received_at", "created": "created_at", "dispatched": "dispatched_at"}


def _graded(incident: Row, asked: Asked) -> tuple[str, tuple[str, ...]]:
    """The grade that counts, and the columns it is read from; a final grade never set leaves the first."""
    if asked.definition["grade"] == "final":
        return incident["grade_final"] or incident["grade_first"], ("grade_first", "grade_final")
    return incident["grade_first"], ("grade_first",)


def _left_out(incident: Row) -> str | None:
    if incident["origin"] == "test":
        return "test"
    if incident["duplicate_of"]:
        return "duplicate"
    return "officer_initiated" if incident["origin"] == "officer" else None


def _reached(
    incident: Row,
    asked: Asked,
    start: datetime | None,
    stop: datetime | None,
    limit: timedelta | None,
    needed: tuple[str, ...],
    contradictory: bool,
    reason: str | None = None,
) -> Judged:
    """An incident whose clock is stopped by something that a cancellation can forestall."""
    reason = _left_out(incident) or reason
    if reason:
        return Judged("excluded", reason, start)
    if lacking(incident, *needed):
        return cannot_be_judged(start)
    if contradictory:
        return Judged("unknown", None, start)
    closed, cancelled = incident["closed_at"] is not None, incident["cancelled_at"]
    return by_the_clock(asked, start, stop, limit, closed, cancelled, "cancelled")


def _attended(incident: Row, asked: Asked, limit: timedelta | None, needed: tuple[str, ...]) -> Judged:
    clock = _CLOCKS[asked.definition["clock_start"]]
    start, arrived = incident[clock], incident["arrived_at"]
    backwards = start is not None and arrived is not None and arrived < start
    return _reached(incident, asked, start, arrived, limit, (*needed, clock, "arrived_at"), backwards)


def attend_emergency(incident: Row, asked: Asked) -> Judged | None:
    """An emergency: received (or created, or dispatched) to the first unit at the scene, urban or rural."""
    grade, needed = _graded(incident, asked)
    if grade != "emergency":
        return None
    setting, needed = incident["setting_first"], (*needed, "setting_first")
    if asked.definition["setting"] == "final":
        setting, needed = incident["setting_final"] or setting, (*needed, "setting_final")
    return _attended(incident, asked, asked.limits.get(setting, asked.limits.get("")), needed)


def _needs_attendance(grade: str) -> bool:
    return grade not in ("emergency", "resolution_without_deployment")


def attend_vulnerable(incident: Row, asked: Asked) -> Judged | None:
    """No emergency, attendance needed, and the caller is vulnerable or upset."""
    grade, needed = _graded(incident, asked)
    if not (_needs_attendance(grade) and incident["vulnerable"]):
        return None
    return _attended(incident, asked, asked.limits.get(""), (*needed, "vulnerable"))


def attend_priority(incident: Row, asked: Asked) -> Judged | None:
    """No emergency, attendance needed, the caller not vulnerable, but it is an agreed neighbourhood priority."""
    grade, needed = _graded(incident, asked)
    if not _needs_attendance(grade) or incident["vulnerable"] or not incident["neighbourhood_priority"]:
        return None
    return _attended(incident, asked, asked.limits.get(""), (*needed, "vulnerable", "neighbourhood_priority"))


def deploy_emergency(incident: Row, asked: Asked) -> Judged | None:
    """An emergency: received to the first unit dispatched."""
    grade, needed = _graded(incident, asked)
    if grade != "emergency":
        return None
    received, dispatched = incident["received_at"], incident["dispatched_at"]
    backwards = dispatched is not None and dispatched < received
    needed = (*needed, "received_at", "dispatched_at")
    return _reached(incident, asked, received, dispatched, asked.limits.get(""), needed, backwards)


def appointment_offered(incident: Row, asked: Asked) -> Judged | None:
    """Scheduled, neither vulnerable nor a priority: received to the appointment, or attended without one."""
    grade, needed = _graded(incident, asked)
    if grade != "scheduled" or incident["vulnerable"] or incident["neighbourhood_priority"]:
        return None
    received = incident["received_at"]
    stop = incident["appointment_at"] or incident["arrived_at"]
    needed = (*needed, "vulnerable", "neighbourhood_priority", "appointment_at")
    later = "caller_asked_later" if incident["appointment_requested_later"] else None
    backwards = stop is not None and stop < received
    return _reached(incident, asked, received, stop, asked.limits.get(""), needed, backwards, later)


def appointment_kept(incident: Row, asked: Asked) -> Judged | None:
    """Any appointment: its time to the time it was kept; early is in time, before the incident is a contradiction."""
    due, kept = incident["appointment_at"], incident["appointment_kept_at"]
    if due is None:
        return None
    impossible = kept is not None and kept < incident["received_at"]
    needed = ("appointment_at", "appointment_kept_at")
    return _reached(incident, asked, due, kept, asked.limits.get(""), needed, impossible)


def _arrival_time_given(incident: Row, asked: Asked, needed: tuple[str, ...]) -> Judged:
    received, reason = incident["received_at"], _left_out(incident)
    if reason:
        return Judged("excluded", reason, received)
    if lacking(incident, *needed, "eta_given", "arrived_at"):
        return cannot_be_judged(received)
    waits_until = [time for time in (incident["arrived_at"], incident["closed_at"]) if time is not None]
    over_at, given = min(waits_until, default=None), incident["eta_given"] is True
    return yes_or_no(asked, received, given, None, over_at, incident["cancelled_at"], "cancelled")


def eta_emergency(incident: Row, asked: Asked) -> Judged | None:
    """An emergency: was an estimated time of arrival given before a unit arrived or the incident closed?"""
    grade, needed = _graded(incident, asked)
    return _arrival_time_given(incident, asked, needed) if grade == "emergency" else None


def eta_non_emergency(incident: Row, asked: Asked) -> Judged | None:
    """The same for every other incident that needs attendance."""
    grade, needed = _graded(incident, asked)
    return _arrival_time_given(incident, asked, needed) if _needs_attendance(grade) else None


def advice_given(incident: Row, asked: Asked) -> Judged | None:
    """Resolved without deployment: advice, an answer or a referral recorded by the time it closes."""
    grade, needed = _graded(incident, asked)
    if grade != "resolution_without_deployment":
        return None
    received, given, reason = incident["received_at"], incident["advice_given_at"], _left_out(incident)
    if reason:
        return Judged("excluded", reason, received)
    if lacking(incident, *needed, "advice_given_at"):
        return cannot_be_judged(received)
    if given is not None and given < received:
        return Judged("unknown", None, received)
    closed, cancelled = incident["closed_at"], incident["cancelled_at"]
    return yes_or_no(asked, received, False, given, closed, cancelled, "cancelled")
