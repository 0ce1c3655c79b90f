"""Dissatisfaction: acknowledged, handling discussed, a talk offered, a plan agreed and kept?"""

from __future__ import annotations

from datetime import datetime

from tests.checks.oracle.local_calendar import AskedThere, by_due, recorded_by
from tests.checks.oracle.states import Asked, Judged, Row, by_the_clock, lacking


def _clock(asked: Asked) -> str:
    return "became_aware_at" if asked.definition["dissatisfaction_clock"] == "became_aware" else "reported_at"


def _before(start: datetime | None, *moments: datetime | None) -> bool:
    return start is not None and any(moment is not None and moment < start for moment in moments)


def dissatisfaction_acknowledged(case: Row, asked: Asked) -> Judged:
    """Reported (or noticed) to acknowledged, in elapsed hours."""
    clock = _clock(asked)
    start, stop = case[clock], case["acknowledged_at"]
    if case["duplicate_of"]:
        return Judged("excluded", "duplicate", start)
    if lacking(case, "reported_at", clock, "acknowledged_at") or _before(start, stop):
        return Judged("unknown", None, start)
    return by_the_clock(asked, start, stop, asked.limits.get(""), case["closed_at"] is not None, None, "")


def _recorded(case: Row, asked: AskedThere, column: str) -> Judged:
    clock = _clock(asked)
    start, stop, closed = case[clock], case[column], case["closed_at"]
    if case["duplicate_of"]:
        return Judged("excluded", "duplicate", start)
    if lacking(case, "reported_at", clock, column) or _before(start, stop, closed):
        return Judged("unknown", None, start)
    return recorded_by(asked, start, stop, asked.due(start) if start is not None else None, closed)


def handling_discussed(case: Row, asked: AskedThere) -> Judged:
    """Was its handling discussed in time and before it closed?"""
    return _recorded(case, asked, "handling_discussed_at")


def in_person_offered(case: Row, asked: AskedThere) -> Judged:
    """Was a talk in person offered in time and before it closed?"""
    return _recorded(case, asked, "in_person_offered_at")


def plan_agreed(case: Row, asked: AskedThere) -> Judged:
    """Was a plan agreed in time and before it closed?"""
    return _recorded(case, asked, "plan_agreed_at")


def plan_kept(case: Row, asked: Asked) -> Judged | None:
    """A plan agreed: done by the time it was due?"""
    agreed, due, done = case["plan_agreed_at"], case["plan_due_at"], case["plan_done_at"]
    lacks = lacking(case, "plan_agreed_at", "plan_due_at", "plan_done_at")
    if not lacks and agreed is None:
        return None
    if case["duplicate_of"]:
        return Judged("excluded", "duplicate", due)
    if lacks or _before(agreed, due, done):
        return Judged("unknown", None, due)
    if due is None:
        return Judged("pending" if done is None and case["closed_at"] is None else "unknown")
    return by_due(asked, due, done, due, closed=case["closed_at"] is not None)
