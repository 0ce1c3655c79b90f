"""Process-behaviour charts: whether a month's figure is a signal or ordinary variation, and what to expect next.

A series becomes an XmR chart, or a p′ chart where its points are shares of very different numbers of cases (the
limits: `checks.limits`). Which patterns count as a signal (`checks.patterns`) is a named, versioned rule set,
published with every result; a rule set is never changed, a new version is added.

Months without cases have no figure: they are left out, and neither break nor lengthen a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby, pairwise
from statistics import median

from checks.errors import UsageError
from checks.limits import TINY, Chart, Limits, chart_for, limits_of
from checks.patterns import Reason, reasons
from checks.statistics import Direction


@dataclass(frozen=True)
class RuleSet:
    """What counts as a signal: `run` and `trend` in points; `screened`: the limits leave extreme ranges out."""

    name: str
    run: int
    trend: int
    screened: bool
    source: str
    trial_below: int = 12


RULE_SETS = {
    rules.name: rules
    for rules in (
        RuleSet("spc_7_point_v1", 7, 7, True, "NHS England, Making Data Count, as in NHSRplotthedots 0.2.2"),
        RuleSet("spc_8_point_v1", 8, 6, False, "Western Electric run of 8, trend of 6, as in abspc 1.1.0"),
    )
}
DEFAULT_RULES = "spc_7_point_v1"


class Variation(StrEnum):
    COMMON_CAUSE = "common_cause"
    IMPROVING = "special_cause_improving"
    CONCERNING = "special_cause_concerning"
    HIGH = "special_cause_high"  # where neither direction is good or bad
    LOW = "special_cause_low"
    NO_LIMITS = "no_limits"  # fewer than two points: nothing can be called ordinary yet


class Assurance(StrEnum):
    """Will the target be met in the next period if nothing changes?"""

    MET = "consistently_met"
    HIT_OR_MISS = "hit_or_miss"
    MISSED = "consistently_missed"
    NO_TARGET = "no_target"


@dataclass(frozen=True)
class Point:
    """One period's figure; with `n` cases, `value` is their share (0 to 1). None = no figure."""

    at: date
    value: float | None
    n: int | None = None


@dataclass(frozen=True)
class Rebase:
    """From `at` on the process is another one: limits start anew. Never without an author and a reason."""

    at: date
    author: str
    reason: str

    def __post_init__(self) -> None:
        if not (self.author.strip() and self.reason.strip()):
            raise UsageError(f"rebase at {self.at}", "no author or no reason", "both", "Say who and why.")


@dataclass(frozen=True)
class Plotted:
    """A point with the limits it is read against (None = too few points) and what it signals."""

    at: date
    value: float
    n: int | None
    phase: int
    centre: float
    lower: float | None
    upper: float | None
    reasons: tuple[Reason, ...]
    variation: Variation


@dataclass(frozen=True)
class Series:
    """A whole chart: `variation` and `trial` are those of the newest point and its phase."""

    rules: RuleSet
    chart: Chart
    points: tuple[Plotted, ...]
    rebases: tuple[Rebase, ...]
    variation: Variation
    assurance: Assurance
    trial: bool

    @property
    def is_signal(self) -> bool:
        """Whether the newest point is more than ordinary variation."""
        return self.variation not in (Variation.COMMON_CAUSE, Variation.NO_LIMITS)


def signal(
    points: Sequence[Point],
    target: float | None,
    direction: Direction,
    rules: str = DEFAULT_RULES,
    rebases: Sequence[Rebase] = (),
    chart: Chart | None = None,
    only_newest: bool = False,
) -> Series:
    """Chart a series and say of every point whether it is a signal, and why.

    Args:
        points: in order of time, one each period; shares with their `n`.
        target: as the values are; None or a neutral direction = no assurance.
        rebases: where the limits start anew; one outside the series splits nothing.
        chart: None = p′ where the numbers of cases differ by more than a quarter from their mean, else XmR.
        only_newest: say it of the newest point alone, as for a figure that is recorded; many times faster.

    Raises:
        UsageError: an unknown rule set, points out of order, a p′ chart without numbers of cases.
    """
    if rules not in RULE_SETS:
        raise UsageError("rule set", rules, f"one of {', '.join(RULE_SETS)}", "Name a published rule set.")
    if any(before.at >= after.at for before, after in pairwise(points)):
        raise UsageError("series", "points out of order", "one point each period, oldest first", "Sort them.")
    known = [point for point in points if point.value is not None and point.n != 0]
    kind = chart or chart_for([point.n for point in known])
    changes = sorted(rebase.at for rebase in rebases)
    plotted: list[Plotted] = []
    phase: list[Point] = []
    limits: Limits | None = None
    groups = groupby(known, lambda point: sum(at <= point.at for at in changes))
    phases = [(number, list(group)) for number, (_, group) in enumerate(groups)]
    for number, phase in phases[-1:] if only_newest else phases:
        limits = limits_of(_values(phase), [p.n for p in phase], kind, RULE_SETS[rules].screened)
        # No pattern that the newest point is part of reaches further back than this.
        shown = phase[-max(RULE_SETS[rules].run, RULE_SETS[rules].trend, 3) :] if only_newest else phase
        plotted += _plot(shown, number, limits, RULE_SETS[rules], direction)
    return Series(
        rules=RULE_SETS[rules],
        chart=kind,
        points=tuple(plotted[-1:] if only_newest else plotted),
        rebases=tuple(rebases),
        variation=plotted[-1].variation if plotted else Variation.NO_LIMITS,
        assurance=_assurance(phase, limits, target, direction),
        trial=len(phase) < RULE_SETS[rules].trial_below,
    )


def _values(points: Sequence[Point]) -> list[float]:
    return [float(point.value or 0.0) for point in points]


def _plot(phase: Sequence[Point], number: int, limits: Limits, rules: RuleSet, direction: Direction) -> list[Plotted]:
    values = _values(phase)
    outer, inner = [limits.at(p.n) for p in phase], [limits.at(p.n, 2) for p in phase]
    found = reasons(values, limits.centre, outer, inner, rules.run, rules.trend)
    return [
        Plotted(
            at=point.at,
            value=value,
            n=point.n,
            phase=number,
            centre=limits.centre,
            lower=edges[0] if edges else None,
            upper=edges[1] if edges else None,
            reasons=why,
            variation=_variation(why, direction) if edges else Variation.NO_LIMITS,
        )
        for point, value, edges, why in zip(phase, values, outer, found, strict=True)
    ]


def _variation(why: Sequence[Reason], direction: Direction) -> Variation:
    """The first reason decides: reasons come in the order of their weight."""
    if not why:
        return Variation.COMMON_CAUSE
    high = why[0].is_high
    if direction is Direction.NEUTRAL:
        return Variation.HIGH if high else Variation.LOW
    return Variation.IMPROVING if high == (direction is Direction.HIGHER_IS_BETTER) else Variation.CONCERNING


def _assurance(phase: Sequence[Point], limits: Limits | None, target: float | None, direction: Direction) -> Assurance:
    """The target against the newest limits; a month to come is taken to have the phase's median number of cases."""
    sizes = [point.n for point in phase if point.n]
    edges = limits.at(round(median(sizes)) if sizes else None) if limits else None
    if target is None or direction is Direction.NEUTRAL or edges is None:
        return Assurance.NO_TARGET
    low, high = edges
    higher = direction is Direction.HIGHER_IS_BETTER
    if (low >= target - TINY) if higher else (high <= target + TINY):
        return Assurance.MET
    if (high < target - TINY) if higher else (low > target + TINY):
        return Assurance.MISSED
    return Assurance.HIT_OR_MISS
