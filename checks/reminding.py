"""Which alerts have waited too long for an answer, and of which somebody else must be told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from checks.commitment import measures
from checks.errors import UsageError

ACKNOWLEDGE, EXPLAIN = "acknowledge", "explain"
REMINDER, ESCALATION = "reminder", "escalation"
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_SPELT = re.compile(r"(acknowledge|explain)=(\d{1,4})([hd])/(\d{1,4})([hd])/(\d{1,4})([hd])")


@dataclass(frozen=True)
class Patience:
    """How long an answer may take: then a reminder, then an escalation, until it is no longer asked for."""

    remind: timedelta
    escalate: timedelta
    until: timedelta


@dataclass(frozen=True)
class Waiting:
    """What waits for an answer: `what` is to be done (acknowledge, explain), `since` when, for `count` cases."""

    what: str
    measure: str
    force: str
    day: date
    since: datetime
    count: int


@dataclass(frozen=True)
class Due:
    """What should be said now of something that waits: a reminder or an escalation, and its age."""

    level: str
    age: timedelta
    waiting: Waiting


def due(waiting: Iterable[Waiting], patience: Mapping[str, Patience], as_at: datetime) -> list[Due]:
    """What should be said, escalations first, then the oldest. An age of exactly the patience is over it."""
    found = []
    for one in waiting:
        age, allowed = as_at - one.since, patience[one.what]
        if allowed.remind <= age < allowed.until:
            found.append(Due(ESCALATION if age >= allowed.escalate else REMINDER, age, one))
    return sorted(
        found, key=lambda d: (d.level != ESCALATION, -d.age, d.waiting.force, d.waiting.measure, d.waiting.day)
    )


def read_patience(text: str, where: str) -> dict[str, Patience]:
    """`acknowledge=12h/24h/7d explain=14d/21d/28d`: remind / escalate / no longer asked for.

    Raises UsageError, naming `where`, for anything else or for times that do not grow.
    """
    found: dict[str, Patience] = {}
    for word in text.split():
        spelt = _SPELT.fullmatch(word)
        times = [int(spelt[n]) * _UNITS[spelt[n + 1]] for n in (2, 4, 6)] if spelt else []
        if not spelt or spelt[1] in found or sorted(set(times)) != times:
            raise _misspelt(where)
        found[spelt[1]] = Patience(*times)
    if set(found) != {ACKNOWLEDGE, EXPLAIN}:
        raise _misspelt(where)
    return found


def owes_explanation(measure: str) -> bool:
    """Whether the closing promise wants a miss of this measure explained (see commitments/explained.sql)."""
    known = measures().get(measure)
    named = measure == "message_answered" or measure.startswith(("attend_", "appointment_"))
    return named or (known is not None and 7 <= known.commitment <= 10)


def _misspelt(where: str) -> UsageError:
    expected = "acknowledge=12h/24h/7d explain=14d/21d/28d (remind/escalate/no longer asked for, growing)"
    return UsageError(where, "it cannot be read", expected, "Correct it.")
