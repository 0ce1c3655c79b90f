"""Calls: was it answered by a person in time?"""

from __future__ import annotations

from tests.checks.oracle.states import Asked, Judged, Row, by_the_clock, cannot_be_judged, comes_first, due, lacking


def answer_999(call: Row, asked: Asked) -> Judged | None:
    """A 999 call presented to the force: received (or dialled) to answered."""
    if call["line"] != "999":
        return None
    start = "dialled_at" if asked.definition["clock_start"] == "dialled" else "received_at"
    return _answering(call, asked, start)


def answer_non_emergency(call: Row, asked: Asked) -> Judged | None:
    """Any other call: received to answered."""
    return None if call["line"] == "999" else _answering(call, asked, "received_at")


def _answering(call: Row, asked: Asked, clock: str) -> Judged:
    start, answered, abandoned = call[clock], call["answered_at"], call["abandoned_at"]
    if call["kind"] in ("test", "phantom", "dropped"):
        return Judged("excluded", call["kind"], start)
    if lacking(call, clock, "answered_at", "abandoned_at"):
        return cannot_be_judged(start)
    if start is not None and any(time is not None and time < start for time in (answered, abandoned)):
        return Judged("unknown", None, start)
    if comes_first(abandoned, answered):
        if asked.definition["abandoned"] == "answered_only":
            return Judged("excluded", "short_abandoned", start)
        if asked.definition["abandoned"] == "all_offered":
            return Judged("missed", None, start, due(start, asked.limits.get("")))
    closed = call["ended_at"] is not None
    return by_the_clock(asked, start, answered, asked.limits.get(""), closed, abandoned, "short_abandoned")
