"""The states of a case, as pledge.md section 2 tells them; moments are aware UTC datetimes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]

# Times that may lie ahead of the moment we judge from: they are agreements, not events.
PLANNED = {"appointment_at", "detail_promised_for", "plan_due_at", "update_until", "starts_at", "active_to"}


@dataclass(frozen=True)
class Asked:
    """What a case is judged by: the definition, the limits ('' or urban and rural; none: timed), and when."""

    definition: Mapping[str, str]
    limits: Mapping[str, timedelta]
    as_at: datetime

    def inside(self, moment: datetime, over_at: datetime | None) -> bool:
        """Whether a moment lies inside a limit; the exact edge follows the `limit` switch."""
        if over_at is None:
            return True
        if self.definition.get("limit", "within") == "under":
            return moment < over_at
        return moment <= over_at


@dataclass(frozen=True)
class Judged:
    """One case: its state, why it is excluded, when its clock began, when it was due and how long it took."""

    state: str
    reason: str | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    elapsed: timedelta | None = None
    unjudgeable: bool = False


Oracle = Callable[[Row, Asked], Judged | None]


def known(row: Row, as_at: datetime, begins: str = "received_at") -> Row | None:
    """The row as it was known at a moment: what happens later is not recorded yet; None = not there yet."""
    if row[begins] > as_at:
        return None
    return {
        name: None if isinstance(value, datetime) and value > as_at and name not in PLANNED else value
        for name, value in row.items()
    }


def local_day(moment: datetime, zone: str) -> date:
    """A case belongs to the local day its clock started."""
    return moment.astimezone(ZoneInfo(zone)).date()


def cannot_be_judged(start: datetime | None) -> Judged:
    """For want of a column that the source does not deliver at all."""
    return Judged("unknown", None, start, unjudgeable=True)


def lacking(row: Row, *needed: str) -> bool:
    """Whether the row's source does not deliver a column at all that is needed."""
    delivered_without = {name.partition(".")[2] for name in (row.get("lacks") or "").split(",")}
    return bool(delivered_without & set(needed))


def comes_first(ending: datetime | None, stop: datetime | None) -> bool:
    """Whether an ending comes before the clock's stop; at the very same moment the stop wins."""
    return ending is not None and (stop is None or ending < stop)


def due(start: datetime | None, limit: timedelta | None) -> datetime | None:
    """When the limit is over; None without a limit or while the clock has not started."""
    return start + limit if start is not None and limit is not None else None


def by_the_clock(
    asked: Asked,
    start: datetime | None,
    stop: datetime | None,
    limit: timedelta | None,
    closed: bool,
    ending: datetime | None,
    reason: str,
) -> Judged:
    """A case with a clock: whichever comes first, its stop or an ending, decides.

    `closed`: the record is closed, so that a time still absent will not come. Contradictions and what is not in
    the population have been sorted out before.
    """
    over_at = due(start, limit)
    if comes_first(ending, stop):
        assert ending is not None
        if asked.inside(ending, over_at):
            return Judged("excluded", reason, start, over_at)
        return Judged("missed", None, start, over_at)
    if stop is not None:
        return _stopped(asked, start, stop, over_at)
    if closed:
        return Judged("unknown", None, start, over_at)
    if start is None or asked.inside(asked.as_at, over_at):
        return Judged("pending", None, start, over_at)
    return Judged("missed", None, start, over_at)


def _stopped(asked: Asked, start: datetime | None, stop: datetime, over_at: datetime | None) -> Judged:
    if start is None:
        return Judged("unknown")
    if over_at is None:
        return Judged("timed", None, start, None, stop - start)
    return Judged("met" if asked.inside(stop, over_at) else "missed", None, start, over_at, stop - start)


def yes_or_no(
    asked: Asked,
    start: datetime,
    recorded: bool,
    recorded_at: datetime | None,
    over_at: datetime | None,
    ending: datetime | None,
    reason: str,
) -> Judged:
    """A yes/no: met once recorded, pending while its record is open, missed once that is over without it.

    `recorded` is a yes without a time of its own, `recorded_at` one with a time; `over_at` is when the record's
    being open ends (a unit arrives, it closes).
    """
    if recorded:
        return Judged("met", None, start, over_at)
    if comes_first(ending, recorded_at):
        assert ending is not None
        if asked.inside(ending, over_at):
            return Judged("excluded", reason, start, over_at)
        return Judged("missed", None, start, over_at)
    if recorded_at is not None:
        state = "met" if asked.inside(recorded_at, over_at) else "missed"
        return Judged(state, None, start, over_at, recorded_at - start)
    if over_at is not None:
        return Judged("missed", None, start, over_at)
    return Judged("pending", None, start, over_at)
