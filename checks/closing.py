"""Closing a month: which of its nights are missing, what exactly is signed, and who may sign it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from checks.chain import canonical, sha256
from checks.errors import UsageError
from checks.feeds import ALL, Delivered, Gap, gaps, last_day

# What a signature is for: the counts and the verdict of a figure, and what it is a figure of.
SIGNED_FIGURE = (
    "standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "met", "missed", "pending",
    "unknown", "excluded", "timed", "numerator", "denominator", "target", "verdict",
)  # fmt: skip
SIGNED_COMMITMENT = ("standard", "commitment", "force", "area", "period", "period_start", "verdict", "decided_by")
_DAY = timedelta(days=1)
# Rows expected and none seen: chance does so with e^-7, less than once in a thousand.
_UNLIKELY = 7.0


@dataclass(frozen=True, order=True)
class MissingNights:
    """Local days of a month, both inclusive, of which a force's log did not come, or came unfit and was not made good.

    `force` ALL: a file of several forces.
    """

    force: str
    log: str
    first_day: date
    last_day: date

    def __str__(self) -> str:
        what = f"{'all forces' if self.force == ALL else self.force} {self.log}"
        until = "" if self.first_day == self.last_day else f" to {self.last_day}"
        return f"{what} {self.first_day}{until}"


@dataclass(frozen=True)
class Brought:
    """A delivery, and how many rows of it were new."""

    delivered: Delivered
    rows: int


def missing_nights(deliveries: Iterable[Brought], month: date) -> list[MissingNights]:
    """What is missing of the month that begins on this day, by force and log.

    A day is there when a delivery has rows before and after it, whichever night brought it: a night that failed and was
    made good by the next is not missing. Days without a row are missing when a log that brings so many rows a day would
    be that quiet less than once in a thousand times: of a log of one meeting a month nothing can be said so soon.
    """
    by_feed: dict[tuple[str, str], list[Brought]] = defaultdict(list)
    for each in deliveries:
        by_feed[each.delivered.force, each.delivered.log].append(each)
    found: set[MissingNights] = set()
    last = last_day("month", month)
    for (force, log), came in by_feed.items():
        spans = [*_nothing_came(came, month, last), *((gap.first_day, gap.last_day) for gap in _unfit(came, force))]
        found |= {
            MissingNights(force, log, max(first, month), min(end, last))
            for first, end in spans
            if first <= last and end >= month
        }
    return sorted(found)


def _unfit(came: Iterable[Brought], force: str) -> list[Gap]:
    return gaps([each.delivered for each in came], force)


def _nothing_came(came: Iterable[Brought], first: date, last: date) -> Iterator[tuple[date, date]]:
    dated = [(one.first_day, one.last_day, each.rows) for each in came if (one := each.delivered).dated]
    spans = [(begun, ended, rows) for begun, ended, rows in dated if begun and ended]
    covered = {begun + _DAY * n for begun, ended, _ in spans for n in range((ended - begun).days + 1)}
    if not covered:
        return
    rows_a_day = sum(rows for _, _, rows in spans) / len(covered)
    for begun, ended in _runs(sorted({first + _DAY * n for n in range((last - first).days + 1)} - covered)):
        if rows_a_day * ((ended - begun).days + 1) >= _UNLIKELY:
            yield begun, ended


def _runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in order as spans of days that follow each other."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and spans[-1][1] == day - _DAY:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def figures_hash(figures: Iterable[Mapping[str, Any]], commitments: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the canonical JSON of a month's figures and commitments, in whatever order they come."""
    said = {
        "figures": sorted(canonical([row[name] for name in SIGNED_FIGURE]).decode() for row in figures),
        "commitments": sorted(canonical([row[name] for name in SIGNED_COMMITMENT]).decode() for row in commitments),
    }
    return sha256(canonical(said))


def registrars(setting: str) -> list[str]:
    """The names of PLEDGE_REGISTRARS: with commas between, because a name may hold blanks."""
    return [name for each in setting.split(",") if (name := each.strip())]


def refuse_signer(name: str, allowed: Collection[str], answered: Collection[str]) -> None:
    """Raise UsageError unless this person may sign.

    Args:
        allowed: who may, by PLEDGE_REGISTRARS.
        answered: who acknowledged or explained a miss of the month; they belong to the operational line.
    """
    if not allowed:
        expected = "the registrars outside the operational line, with commas between"
        raise UsageError("PLEDGE_REGISTRARS", "nobody is named who may sign", expected, "Name them.")
    if name.strip().casefold() not in {each.casefold() for each in allowed}:
        do = "Let a registrar sign, or have them added to PLEDGE_REGISTRARS."
        raise UsageError("the signature", "it is not that of a registrar", "a name of PLEDGE_REGISTRARS", do)
    if name.strip().casefold() in {each.strip().casefold() for each in answered}:
        found = "this registrar acknowledged or explained misses of the month"
        expected = "somebody outside the operational line"
        raise UsageError("the signature", found, expected, "Let another registrar sign.")
