"""What is said of a figure, and how the measures of a commitment decide about the commitment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from checks.errors import UsageError


class Verdict(StrEnum):
    """The closed list of verdicts, of measures and of commitments alike."""

    KEPT = "kept"
    MISSED = "missed"
    TOO_FEW = "too_few"
    CANNOT_JUDGE = "cannot_judge"
    NO_TARGET = "no_target"
    IN_PROGRESS = "in_progress"


@dataclass(frozen=True)
class MeasureVerdict:
    """One measure's verdict as its commitment sees it; a measure without target does not count."""

    measure: str
    verdict: str
    has_target: bool = True
    period_open: bool = False


# In a closed period a miss stands whatever the pending cases become, so it is said first; a case still
# pending keeps a commitment from being called kept.
_PRECEDENCE = (Verdict.MISSED, Verdict.CANNOT_JUDGE, Verdict.TOO_FEW, Verdict.IN_PROGRESS)


def commitment_verdict(rows: Iterable[MeasureVerdict]) -> tuple[str, tuple[str, ...]]:
    """Return the commitment's verdict and the measures that decided it, in the order given.

    While the period of a counting measure is open the commitment is in progress. After that any missed, else
    any cannot_judge, else any too_few, else any still in_progress decides; without any of these it is kept.
    With no measure that has a target the answer is ("no_target", ()).

    Raises:
        UsageError: a row carries something that is no verdict; it must not pass for kept.
    """
    rows = list(rows)
    for row in rows:
        if row.verdict not in set(Verdict):
            raise UsageError(f"verdict of {row.measure}", row.verdict or "none", "a verdict", "Judge it first.")
    counting = [row for row in rows if row.has_target and row.verdict != Verdict.NO_TARGET]
    if not counting:
        return Verdict.NO_TARGET.value, ()
    still_open = tuple(row.measure for row in counting if row.period_open)
    if still_open:
        return Verdict.IN_PROGRESS.value, still_open
    for verdict in _PRECEDENCE:
        deciding = tuple(row.measure for row in counting if row.verdict == verdict)
        if deciding:
            return verdict.value, deciding
    return Verdict.KEPT.value, tuple(row.measure for row in counting)
