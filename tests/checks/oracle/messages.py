"""Messages to neighbourhood teams: answered, and followed up as promised?"""

from __future__ import annotations

from tests.checks.oracle.local_calendar import by_due
from tests.checks.oracle.states import Asked, Judged, Row, by_the_clock, lacking


def _left_out(message: Row) -> str | None:
    if message["kind"] == "test":
        return "test"
    return "duplicate" if message["duplicate_of"] else None


def message_answered(message: Row, asked: Asked) -> Judged:
    """Received (or opened) to the first response, by a person unless an automatic one is allowed."""
    needed = ["received_at", "responded_at"]
    clock, stop = "received_at", message["responded_at"]
    if asked.definition["message_clock"] == "opened":
        clock = "opened_at"
        needed.append(clock)
    if asked.definition["auto_reply"] == "a_response":
        needed.append("auto_reply_at")
        stop = min((at for at in (stop, message["auto_reply_at"]) if at is not None), default=None)
    start, reason = message[clock], _left_out(message)
    if reason is None and asked.definition["population"] == "needing_reply" and message["reply_needed"] is False:
        reason = "no_reply_needed"
    if reason:
        return Judged("excluded", reason, start)
    if lacking(message, *needed) or (start is not None and stop is not None and stop < start):
        return Judged("unknown", None, start)
    return by_the_clock(asked, start, stop, asked.limits.get(""), False, None, "")


def detail_followed_up(message: Row, asked: Asked) -> Judged | None:
    """More was promised for a time: was it sent by then?"""
    promised, sent, received = message["detail_promised_for"], message["detail_sent_at"], message["received_at"]
    lacks = lacking(message, "detail_promised_for", "detail_sent_at")
    if promised is None and not lacks:
        return None
    if _left_out(message):
        return Judged("excluded", _left_out(message), promised)
    if lacks or promised < received or (sent is not None and sent < received):
        return Judged("unknown", None, promised)
    return by_due(asked, promised, sent, promised)
