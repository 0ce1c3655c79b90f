"""HMIC's grading of survey shares (2008): meeting, exceeding or failing the standard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.statistics import Comparison, Difference, Direction, Share, against_average, compare


class Grade(StrEnum):
    MEETING = "meeting the standard"
    EXCEEDING = "exceeding the standard"
    FAILING = "failing the standard"
    CANNOT_JUDGE = "cannot_judge"


class Travel(StrEnum):
    """The direction of travel: the force against its own past."""

    IMPROVED = "significantly improved"
    UNCHANGED = "unchanged"
    DECLINED = "significantly declined"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Graded:
    """A grade with both comparisons it rests on; `why` is one sentence for the reader."""

    grade: Grade
    travel: Travel
    against_past: Comparison
    against_peers: Comparison
    why: str


_TRAVEL = {
    Difference.BETTER: Travel.IMPROVED,
    Difference.WORSE: Travel.DECLINED,
    Difference.NONE: Travel.UNCHANGED,
    Difference.CANNOT_JUDGE: Travel.NOT_KNOWN,
}
_GRADES = {
    Difference.BETTER: Grade.EXCEEDING,
    Difference.WORSE: Grade.FAILING,
    Difference.NONE: Grade.MEETING,
    Difference.CANNOT_JUDGE: Grade.CANNOT_JUDGE,
}


def travel(now: Share, past: Share | None, direction: Direction) -> Travel:
    """How the force's share has moved against its own past, in HMIC's words."""
    return _TRAVEL[_against_past(now, past, direction).difference]


def grade(
    now: Share, past: Share | None, peers: Sequence[Share], direction: Direction = Direction.HIGHER_IS_BETTER
) -> Graded:
    """Grade a share against the average of the most similar forces, and against the force's own past.

    The most similar forces decide; where they are not known (no sourced reference data) the own past does.
    `exceeding` is never given to a force whose share has significantly declined: it is then `meeting`.
    """
    with_past = _against_past(now, past, direction)
    with_peers = against_average(now, peers, direction)
    moved = _TRAVEL[with_past.difference]
    by_peers = with_peers.difference is not Difference.CANNOT_JUDGE
    decided_by = with_peers if by_peers else with_past
    found = _GRADES[decided_by.difference]
    whom = "the average of the most similar forces" if by_peers else "its own past"
    why = f"The share is {decided_by.difference} {'from' if found is Grade.MEETING else 'than'} {whom}."
    if found is Grade.CANNOT_JUDGE:
        why = "There is neither a group of similar forces nor a past to compare with."
    elif found is Grade.EXCEEDING and moved is Travel.DECLINED:
        found = Grade.MEETING
        why += " It has significantly declined, so it is not exceeding."
    return Graded(found, moved, with_past, with_peers, why)


def _against_past(now: Share, past: Share | None, direction: Direction) -> Comparison:
    return compare(now, past, direction) if past else Comparison(Difference.CANNOT_JUDGE)
