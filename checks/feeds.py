"""Feeds: which logs a figure cannot be judged without, because nothing fit was delivered for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

ALL = "all"


@dataclass(frozen=True)
class Delivered:
    """A delivery as the store remembers it; `covers_*` None = nobody knows what it held."""

    source: str
    log: str
    force: str
    fit: bool
    received_at: datetime
    covers_from: datetime | None = None
    covers_to: datetime | None = None


@dataclass(frozen=True)
class Gap:
    """Local days for which a force's log is unfit: figures of these days that need it cannot be judged."""

    log: str
    force: str
    first_day: date
    last_day: date

    def blocks(self, logs: Iterable[str], force: str, first: date, last: date) -> bool:
        """Whether a figure over `first` to `last` that needs `logs` falls into the gap."""
        same_force = self.force in (ALL, force)
        return self.log in logs and same_force and first <= self.last_day and last >= self.first_day


def gaps(deliveries: Iterable[Delivered]) -> list[Gap]:
    """The gaps that unfit deliveries left and no later fit delivery of the same source and log has closed."""
    ordered = sorted(deliveries, key=lambda each: each.received_at)
    return [
        _gap(ordered[:place], unfit)
        for place, unfit in enumerate(ordered)
        if not unfit.fit and not any(_closes(later, unfit) for later in ordered[place + 1 :])
    ]


def _closes(later: Delivered, unfit: Delivered) -> bool:
    return (
        later.fit
        and (later.source, later.log) == (unfit.source, unfit.log)
        and (later.force == unfit.force or ALL in (later.force, unfit.force))
    )


def _gap(before: list[Delivered], unfit: Delivered) -> Gap:
    """What the delivery covered; if that cannot be known, all since the last fit delivery of that log ended."""
    if unfit.covers_from and unfit.covers_to:
        return Gap(unfit.log, unfit.force, unfit.covers_from.date(), unfit.covers_to.date())
    ends = [each.covers_to for each in before if each.fit and each.log == unfit.log and each.covers_to]
    first = max(ends).date() if ends else date.min
    return Gap(unfit.log, unfit.force, first, unfit.received_at.date())
