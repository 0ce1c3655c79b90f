"""Which open clocks run out soon, and what became of those that were on the list. Pure.

A clock is one case of one measure with the moment it is due. It comes onto the list once it is due within the
measure's horizon; it leaves it as `saved` (met after it was listed, before it was due), `missed` or `gone`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from checks.standard import MICROSECONDS, Rule

WATCHED = (
    "message_answered", "detail_followed_up", "appointment_offered", "appointment_kept", "meeting_held",
    "update_published", "victim_updated", "victim_told", "dissatisfaction_acknowledged", "handling_discussed",
    "in_person_offered", "plan_agreed", "plan_kept",
)  # fmt: skip
"""Promises whose clock leaves somebody time to act; those of minutes are over before anybody has read of them."""
SHORT_LIMIT = timedelta(hours=60)
SOON, DAY_BEFORE, LAST_DAYS = timedelta(hours=4), timedelta(hours=24), timedelta(hours=72)
SETTLED_FOR = timedelta(days=7)
"""For so long after it was due may a late record still turn a `missed` clock into a `saved` one."""


class Outcome(StrEnum):
    """What became of a listed clock; '' in the store while it runs."""

    SAVED = "saved"
    MISSED = "missed"
    GONE = "gone"  # met before it was listed, excluded, put off, withdrawn, or not to be judged


@dataclass(frozen=True)
class Clock:
    """A judged case; moments are timezone-aware UTC, `due_at` and `stopped_at` None = none."""

    measure: str
    force: str
    case_id: str
    area: str
    state: str
    due_at: datetime | None
    stopped_at: datetime | None = None

    @property
    def case(self) -> tuple[str, str, str]:
        return self.measure, self.force, self.case_id


@dataclass(frozen=True)
class Listed:
    """A clock as it stands in the store's list."""

    measure: str
    force: str
    case_id: str
    due_at: datetime
    listed_at: datetime

    @property
    def case(self) -> tuple[str, str, str]:
        return self.measure, self.force, self.case_id


@dataclass(frozen=True)
class Group:
    """The open clocks of one promise in one force, soonest first."""

    measure: str
    force: str
    clocks: tuple[Clock, ...]

    @property
    def due_at(self) -> datetime:
        due = self.clocks[0].due_at
        assert due is not None
        return due


def horizon(rules: Iterable[Rule], periods: Sequence[str]) -> timedelta:
    """How long before it is due a clock of this measure comes onto the list, by its limit in the standards.

    4 hours where all limits are at most 60 hours, 72 hours where something is owed once a month, else 24 hours
    (days, months, the case's own date).
    """
    if "day" not in periods:
        return LAST_DAYS
    limits = [limit for rule in rules for limit in rule.limits.values()]
    micro = [limit.microseconds for limit in limits if limit.unit in MICROSECONDS]
    short = SHORT_LIMIT / timedelta(microseconds=1)
    is_short = bool(limits) and len(micro) == len(limits) and all((each or 0) <= short for each in micro)
    return SOON if is_short else DAY_BEFORE


def at_risk(clocks: Iterable[Clock], now: datetime, horizons: Mapping[str, timedelta]) -> list[Clock]:
    """The open clocks that run out within the horizon of their measure, soonest first.

    A case judged by several standards is listed once, by the clock that runs out first.
    """
    soonest: dict[tuple[str, str, str], Clock] = {}
    for clock in sorted(clocks, key=_due):
        if clock.state != "pending" or clock.due_at is None or clock.measure not in horizons:
            continue
        if now <= clock.due_at <= now + horizons[clock.measure]:
            soonest.setdefault(clock.case, clock)
    return sorted(soonest.values(), key=lambda clock: (_due(clock), clock.case))


def _due(clock: Clock) -> float:
    return clock.due_at.timestamp() if clock.due_at else float("inf")


def groups(clocks: Sequence[Clock]) -> list[Group]:
    """The clocks by measure and force, the group whose first clock runs out first before the others."""
    found: dict[tuple[str, str], list[Clock]] = defaultdict(list)
    for clock in clocks:
        found[clock.measure, clock.force].append(clock)
    together = [
        Group(*name, tuple(sorted(own, key=lambda each: (_due(each), each.case)))) for name, own in found.items()
    ]
    return sorted(together, key=lambda group: (group.due_at, group.measure, group.force))


def outcome(listed: Listed, clocks: Sequence[Clock]) -> Outcome | None:
    """What became of a listed clock; None while it runs.

    Args:
        clocks: its case as it is judged now, one for each standard; empty = there is no such case any more.
    """
    own = next((clock for clock in clocks if clock.due_at == listed.due_at), None)
    if own is None:
        return Outcome.GONE
    match own.state:
        case "pending":
            return None
        case "missed":
            return Outcome.MISSED
        case "met" if own.stopped_at is None or own.stopped_at > listed.listed_at:
            return Outcome.SAVED
        case _:
            return Outcome.GONE
