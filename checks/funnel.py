"""Funnel plots: which forces or neighbourhoods lie further from the pooled rate than chance explains.

Limits are those of Spiegelhalter (Statistics in Medicine 24, 2005, 1185-1202): exact binomial, interpolated, around
the pooled rate, two-sided 95 % and 99.8 %. Where the units spread more than chance alone allows (overdispersion),
limits widened by the square root of φ are given beside them and decide; φ is estimated from z-scores of which the
outermost tenth at either end is winsorised, so that a true outlier does not widen the funnel it should fall out of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from scipy.stats import binom, norm

from checks.errors import UsageError
from checks.statistics import Direction, Share

WINSORISED = 0.1
TAILS = {"95": 0.025, "99.8": 0.001}
# Fewer units say too little about their spread: φ is then not estimated.
FEWEST_UNITS = 10


class Place(StrEnum):
    """Where a unit lies: outside the 99.8 % limits is said, between 95 and 99.8 % only noted."""

    INSIDE = "inside the funnel"
    NEAR_BETTER = "between the 95 % and 99.8 % limits, better"
    NEAR_WORSE = "between the 95 % and 99.8 % limits, worse"
    BETTER = "outside the 99.8 % limits, better"
    WORSE = "outside the 99.8 % limits, worse"


@dataclass(frozen=True)
class Limits:
    """Lower and upper limits, shares between 0 and 1."""

    low_95: float
    high_95: float
    low_998: float
    high_998: float


@dataclass(frozen=True)
class Unit:
    """One force or neighbourhood; `exact` are the binomial limits, `limits` those that decided its place."""

    name: str
    share: Share
    exact: Limits
    limits: Limits
    z: float
    place: Place


@dataclass(frozen=True)
class Funnel:
    """The units that have cases, around `pooled`; `phi` is None below ten units or when all shares are 0 or 1."""

    pooled: float
    phi: float | None
    overdispersed: bool
    units: tuple[Unit, ...]
    note: str


def funnel(shares: dict[str, Share], direction: Direction = Direction.HIGHER_IS_BETTER) -> Funnel | None:
    """Place every unit that has cases in the funnel of them all; None when none has.

    Raises:
        UsageError: a neutral direction: a place in the funnel is better or worse.
    """
    if direction is Direction.NEUTRAL:
        raise UsageError("funnel", "a neutral direction", "higher or lower is better", "Say which way is good.")
    counted = {name: share for name, share in shares.items() if share.n}
    if not counted:
        return None
    pooled = sum(share.met for share in counted.values()) / sum(share.n for share in counted.values())
    spread = {name: _z(share, pooled) for name, share in counted.items()}
    known = len(counted) >= FEWEST_UNITS and 0 < pooled < 1
    phi = dispersion(list(spread.values())) if known else None
    overdispersed = phi is not None and phi > 1 + 2 * sqrt(2 / len(counted))
    units = []
    exactly = _exact_limits([share.n for share in counted.values()], pooled)
    for (name, share), exact in zip(counted.items(), exactly, strict=True):
        limits = widened_limits(share.n, pooled, phi) if overdispersed and phi else exact
        units.append(Unit(name, share, exact, limits, spread[name], _place(share.value, limits, direction)))
    return Funnel(pooled, phi, overdispersed, tuple(units), _note(phi, overdispersed, len(counted)))


def limits_at(sizes: Sequence[int], pooled: float, phi: float | None = None) -> list[Limits]:
    """The limits for units of these numbers of cases: exact, or widened where a φ is given. For drawing a funnel."""
    return _exact_limits(sizes, pooled) if phi is None else [widened_limits(n, pooled, phi) for n in sizes]


def exact_limits(n: int, pooled: float) -> Limits:
    """Exact binomial limits for n cases, interpolated between counts as Spiegelhalter's appendix A.1.1 does.

    The upper limits mirror the lower ones, counting what was not met. His one formula for both ends would put a
    perfect 33 of 33 outside the upper 99.8 % limit of a pooled 88 %, though chance makes one of sixty so.
    """
    return _exact_limits([n], pooled)[0]


def _exact_limits(sizes: Sequence[int], pooled: float) -> list[Limits]:
    """One call of scipy for all units: called for each it would take most of a night's time."""
    if pooled in (0.0, 1.0):
        return [Limits(pooled, pooled, pooled, pooled)] * len(sizes)
    n, tails = np.array(sizes, dtype=float)[:, None], np.array([TAILS["95"], TAILS["99.8"]])
    low, high = _lower_limits(n, pooled, tails), 1 - _lower_limits(n, 1 - pooled, tails)
    found = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)
    return [Limits(*map(float, row)) for row in found]


def _lower_limits(n: np.ndarray, pooled: float, tails: np.ndarray) -> np.ndarray:
    counts = binom.ppf(tails, n, pooled)
    reached, before = binom.cdf(np.stack([counts, counts - 1]), n, pooled)
    return np.clip((counts - (reached - tails) / (reached - before)) / n, 0.0, 1.0)


def widened_limits(n: int, pooled: float, phi: float) -> Limits:
    """Normal limits widened by √φ, within 0 and 1."""
    deviation = sqrt(phi * pooled * (1 - pooled) / n)
    z = [float(norm.ppf(1 - TAILS[level])) for level in ("95", "99.8")]
    low_95, high_95, low_998, high_998 = (pooled + sign * k * deviation for k in z for sign in (-1, 1))
    return Limits(max(0.0, low_95), min(1.0, high_95), max(0.0, low_998), min(1.0, high_998))


def dispersion(z_scores: Sequence[float]) -> float:
    """φ: the mean square of the z-scores, the outermost tenth at either end pulled in to the percentile there."""
    low, high = np.quantile(z_scores, [WINSORISED, 1 - WINSORISED])
    return float(np.mean(np.clip(z_scores, low, high) ** 2))


def _z(share: Share, pooled: float) -> float:
    deviation = sqrt(pooled * (1 - pooled) / share.n)
    return (share.value - pooled) / deviation if deviation else 0.0


def _place(value: float, limits: Limits, direction: Direction) -> Place:
    high_is_good = direction is not Direction.LOWER_IS_BETTER
    if value > limits.high_998:
        return Place.BETTER if high_is_good else Place.WORSE
    if value < limits.low_998:
        return Place.WORSE if high_is_good else Place.BETTER
    if value > limits.high_95:
        return Place.NEAR_BETTER if high_is_good else Place.NEAR_WORSE
    if value < limits.low_95:
        return Place.NEAR_WORSE if high_is_good else Place.NEAR_BETTER
    return Place.INSIDE


def _note(phi: float | None, overdispersed: bool, units: int) -> str:
    if phi is None:
        return f"Exact binomial limits; spread not estimated ({units} units)."
    if overdispersed:
        return f"The units spread more than chance alone explains (φ = {phi:.2f}); limits are widened by √φ."
    return f"Exact binomial limits; the units spread no more than chance explains (φ = {phi:.2f})."
