"""Closing a month: which of its nights are missing, what exactly is signed, and who may sign it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from checks.chain import canonical, sha256
from checks.errors import UsageError
from checks.feeds import ALL, Delivered, gaps, last_day

# What a signature is for: the counts and the verdict of a figure, and what it is a figure of.
SIGNED_FIGURE = (
    "standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "met", "missed", "pending",
    "unknown", "excluded", "timed", "numerator", "denominator", "target", "verdict",
)  # fmt: skip
SIGNED_COMMITMENT = ("standard", "commitment", "force", "area", "period", "period_start", "verdict", "decided_by")
_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class MissingNights:
    """Local days of a month, both inclusive, of which a force's log ('' = any log at all) did not come or came unfit
    and was not made good."""

    force: str
    log: str
    first_day: date
    last_day: date

    def __str__(self) -> str:
        what = f"{self.force} {self.log}".strip()
        if self.first_day == self.last_day:
            return f"{what} {self.first_day}"
        return f"{what} {self.first_day} to {self.last_day}"


def missing_nights(deliveries: Iterable[Delivered], month: date) -> list[MissingNights]:
    """What is missing of the month that begins on this day, force by force.

    A day is there when a fit delivery of the force has rows before and after it: whichever night brought it, a night
    that failed and was made good the night after is not missing.
    """
    brought = list(deliveries)
    last = last_day("month", month)
    found = []
    for force in sorted({each.force for each in brought} - {ALL}):
        found += _nothing_came(brought, force, month, last)
        for gap in gaps(brought, force):
            if gap.first_day <= last and gap.last_day >= month:
                found.append(MissingNights(force, gap.log, max(gap.first_day, month), min(gap.last_day, last)))
    return sorted(found)


def _nothing_came(brought: Iterable[Delivered], force: str, first: date, last: date) -> list[MissingNights]:
    """The spans of days no delivery has rows around; those of a log that came unfit are told as a gap of that log."""
    days = {first + _DAY * n for n in range((last - first).days + 1)}
    for each in brought:
        if each.force in (force, ALL) and each.first_day and each.last_day:
            days -= {day for day in days if each.first_day <= day <= each.last_day}
    spans: list[MissingNights] = []
    for day in sorted(days):
        if spans and spans[-1].last_day == day - _DAY:
            spans[-1] = MissingNights(force, "", spans[-1].first_day, day)
        else:
            spans.append(MissingNights(force, "", day, day))
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
