"""Victims: contact agreed, kept informed interval by interval, told of events?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tests.checks.oracle.local_calendar import AskedThere, by_due, end_of_working_day, later, recorded_by
from tests.checks.oracle.states import Judged, Row, lacking


def contact_agreed(case: Row, asked: AskedThere) -> Judged:
    """Was it agreed how often and how long, in time and before the case closed?"""
    opened, agreed, closed = case["opened_at"], case["agreed_at"], case["closed_at"]
    if lacking(case, "opened_at", "agreed_at") or any(at is not None and at < opened for at in (agreed, closed)):
        return Judged("unknown", None, opened)
    return recorded_by(asked, opened, agreed, asked.due(opened), closed, case["updates_declined_at"], "declined")


def victim_updated(case: Row, contacts: Iterable[datetime], asked: AskedThere) -> Iterator[Judged]:
    """Each interval of the case (each limit's length of it, where every silent month counts)."""
    opened, closed = case["opened_at"], case["closed_at"]
    counted = sorted({at for at in contacts if at > opened and (closed is None or at <= closed)})
    begins = [opened, *(at for at in counted if closed is None or at < closed)]
    for begin in begins:
        following = next((at for at in counted if at > begin), None)
        yield from _interval(case, begin, following, asked)


def _interval(case: Row, begin: datetime, following: datetime | None, asked: AskedThere) -> Iterator[Judged]:
    until = case["update_until"]
    endings = [
        (at, reason)
        for at, reason in (
            (case["updates_declined_at"], "declined"),
            (case["closed_at"], "closed"),
            (until if until is not None and until <= asked.as_at else None, "closed"),
        )
        if at is not None
    ]
    # The first ending; declining comes first among those at one moment.
    ending, reason = min(endings, key=lambda each: each[0], default=(None, ""))
    over = min(at for at in (following, ending, asked.as_at) if at is not None)
    part, start = 0, begin
    while part == 0 or (asked.definition["silence"] == "each_month" and start < over):
        due = _later(case, begin, part + 1, asked)
        if lacking(case, "opened_at", "closed_at") or (case["closed_at"] and case["closed_at"] < case["opened_at"]):
            yield Judged("unknown", None, start, due)
        else:
            yield by_due(asked, start, following, due, ending=ending, reason=reason)
        part, start = part + 1, due


def _later(case: Row, begin: datetime, times: int, asked: AskedThere) -> datetime:
    """So many limits after the interval's beginning; the interval agreed wins over the standard's."""
    agreed = case["update_every_days"]
    if agreed is not None and agreed > 0:
        return later(begin, 0, times * agreed, asked.zone)
    months = asked.months or 0
    if asked.definition["month"] == "28_days":
        return later(begin, 0, times * 28 * months, asked.zone)
    return later(begin, times * months, 0, asked.zone)


def victim_told(event: Row, case: Row | None, asked: AskedThere) -> Judged:
    """Told of an event in so many working days, fewer with enhanced rights?"""
    happened, told = event["happened_at"], event["told_at"]
    if lacking(event, "happened_at", "told_at") or (case and lacking(case, "enhanced_rights")):
        return Judged("unknown", None, happened)
    if told is not None and told < happened:
        return Judged("unknown", None, happened)
    kind = "enhanced" if case and case["enhanced_rights"] else ""
    due = end_of_working_day(happened, asked.working_days[kind], asked.zone, asked.bank_holidays)
    declined = case["updates_declined_at"] if case else None
    return by_due(asked, happened, told, due, ending=declined, reason="declined")
