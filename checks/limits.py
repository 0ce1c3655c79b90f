"""Limits of process-behaviour charts.

- XmR: mean ± 2.66 × mean moving range (2.66 = 3 ÷ 1.128, the usual constant for ranges of two);
- p′ (Laney, Quality Engineering 14, 2002): pooled share ± 3 × σz × √(p(1−p)/n), where σz is the mean moving range of
  the z-scores ÷ 1.128: where cases are many, days differ by more than chance alone, and an ordinary p chart would
  call nearly every one a signal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import sqrt
from statistics import fmean

from checks.errors import UsageError

XMR = 2.66
D2 = 1.128
# A moving range beyond this multiple of their mean is itself a signal (Nelson 1982).
SCREEN = 3.267
# Montgomery's rule of thumb: numbers of cases within a quarter of their mean are alike.
ALIKE = 0.25
# Differences this small come from floating-point arithmetic, not from the process.
TINY = 1e-9


class Chart(StrEnum):
    XMR = "xmr"
    P_PRIME = "p_prime"


@dataclass(frozen=True)
class Limits:
    """Limits of one phase: the centre, and the distance of three sigma at n cases (None = too few points)."""

    centre: float
    distance: Callable[[int | None], float] | None
    shares: bool

    def at(self, n: int | None, sigmas: float = 3) -> tuple[float, float] | None:
        """Lower and upper limit for a point of n cases; shares stay within 0 and 1."""
        if self.distance is None:
            return None
        distance = self.distance(n) * sigmas / 3
        low, high = self.centre - distance, self.centre + distance
        return (max(0.0, low), min(1.0, high)) if self.shares else (low, high)


def chart_for(sizes: Sequence[int | None]) -> Chart:
    """p′ for shares of very different numbers of cases, XmR for all else."""
    counts = [size for size in sizes if size]
    if not counts or len(counts) < len(sizes):
        return Chart.XMR
    mean = fmean(counts)
    return Chart.P_PRIME if any(abs(count - mean) > ALIKE * mean for count in counts) else Chart.XMR


def limits_of(values: Sequence[float], sizes: Sequence[int | None], chart: Chart, screened: bool) -> Limits:
    """The limits of one phase; `sizes` are the numbers of cases where the values are shares.

    Raises:
        UsageError: a p′ chart of points without numbers of cases.
    """
    if chart is Chart.XMR:
        ranges = mean_range(values, screened)
        shares = all(size is not None for size in sizes)
        return Limits(fmean(values), None if ranges is None else lambda n: XMR * ranges, shares)
    counts = [size for size in sizes if size]
    if len(counts) < len(values):
        raise UsageError("p′ chart", "points without a number of cases", "n for every point", "Use an XmR chart.")
    pooled = sum(value * n for value, n in zip(values, counts, strict=True)) / sum(counts)
    variance = max(0.0, pooled * (1 - pooled))
    scores = [(v - pooled) / sqrt(variance / n) if variance else 0.0 for v, n in zip(values, counts, strict=True)]
    spread, unscreened = mean_range(scores, screened), mean_range(scores, False)
    if spread is not None and unscreened is not None:
        # Screening never narrows the limits below those of chance alone (a spread of D2 is a σz of 1).
        spread = max(spread, min(unscreened, D2))
    return Limits(pooled, None if spread is None else lambda n: 3 * spread / D2 * sqrt(variance / (n or 1)), True)


def mean_range(values: Sequence[float], screened: bool) -> float | None:
    """The mean moving range; screened once where asked, since one jump would widen every limit. None = no range."""
    ranges = [abs(after - before) for before, after in pairwise(values)]
    if not ranges:
        return None
    mean = fmean(ranges)
    kept = [each for each in ranges if each < SCREEN * mean] if screened else []
    # A single slip in a perfect record would leave limits without width, and every month to come a signal.
    return fmean(kept) if any(kept) else mean
