"""Statistics that go with every published figure: its interval, and whether a difference is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, sqrt

from checks.errors import UsageError

# The 97.5th percentile of the standard normal distribution: a two-sided 95 % interval.
Z_95 = 1.959963984540054
SIGNIFICANCE = 0.05

# Below this many expected cases in any cell the normal approximation misleads (Cochran 1954): the exact test then.
SMALLEST_EXPECTED = 5


class Direction(StrEnum):
    """Which way is good. NEUTRAL: neither way is, a change is only pointed out."""

    HIGHER_IS_BETTER = "higher_is_better"
    LOWER_IS_BETTER = "lower_is_better"
    NEUTRAL = "neutral"


class Difference(StrEnum):
    """What may be said of two shares, in the words HMIC used."""

    BETTER = "significantly better"
    WORSE = "significantly worse"
    NONE = "not significantly different"
    CANNOT_JUDGE = "cannot_judge"


@dataclass(frozen=True)
class Share:
    """`met` of `n` cases (or respondents), as counts."""

    met: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.met <= self.n:
            found = f"{self.met} of {self.n}"
            raise UsageError("share", found, "0 <= met <= n", "Correct the counts handed over.")

    @property
    def value(self) -> float:
        """The share, between 0 and 1; only where n > 0."""
        return self.met / self.n


@dataclass(frozen=True)
class Comparison:
    """One share against another. `change` is the first minus the second; `test` is '' where nothing was tested.

    `low` and `high` are its 95 % interval. The test decides, not the interval: right at the border they may disagree.
    """

    difference: Difference
    change: float | None = None
    p_value: float | None = None
    test: str = ""
    low: float | None = None
    high: float | None = None


def wilson(met: int, n: int, z: float = Z_95) -> tuple[float | None, float | None]:
    """Return the Wilson score interval (low, high) of the share `met` of `n`, both between 0 and 1.

    Without cases there is no share and hence no interval: `n` = 0 gives (None, None), never (0, 1), which a
    reader would take for a measurement. The ends are exact: low is 0.0 when nothing was met, high is 1.0 when
    all were.

    Raises:
        UsageError: `met` is negative or larger than `n`.
    """
    if not 0 <= met <= n:
        raise UsageError("Wilson interval", f"{met} met of {n}", "0 <= met <= n", "Correct the counts handed over.")
    if n == 0:
        return None, None
    share, z_squared = met / n, z * z
    centre = share + z_squared / (2 * n)
    half_width = z * sqrt(share * (1 - share) / n + z_squared / (4 * n * n))
    scale = 1 + z_squared / n
    low = 0.0 if met == 0 else max(0.0, (centre - half_width) / scale)
    high = 1.0 if met == n else min(1.0, (centre + half_width) / scale)
    return low, high


def compare(now: Share, other: Share, direction: Direction = Direction.HIGHER_IS_BETTER) -> Comparison:
    """Say whether `now` differs from `other` by more than chance at 95 %, two-sided.

    The pooled z test of two proportions on counts; Fisher's exact test where a cell is expected to hold fewer than
    five. The cases are taken as independent: the design of a survey (clusters, weights) is not known and not
    corrected for, so that a published survey may hold a difference to be smaller than it seems here.
    Without cases on either side the answer is `cannot_judge`.
    """
    if not now.n or not other.n:
        return Comparison(Difference.CANNOT_JUDGE)
    change = now.value - other.value
    pooled = (now.met + other.met) / (now.n + other.n)
    if min(pooled, 1 - pooled) * min(now.n, other.n) < SMALLEST_EXPECTED:
        from scipy.stats import fisher_exact  # takes long to import, and most who compare need it not

        table = [[now.met, now.n - now.met], [other.met, other.n - other.met]]
        p_value, test = float(fisher_exact(table).pvalue), "fisher"
    else:
        z = change / sqrt(pooled * (1 - pooled) * (1 / now.n + 1 / other.n))
        p_value, test = two_sided(z), "z"
    return Comparison(_in_words(change, p_value, direction), change, p_value, test, *newcombe(now, other))


def newcombe(now: Share, other: Share) -> tuple[float, float]:
    """The 95 % interval of `now` minus `other`, from both Wilson intervals (Newcombe 1998, method 10); n > 0."""
    (low, high), (other_low, other_high) = (_wilson_of(share) for share in (now, other))
    change = now.value - other.value
    below = sqrt((now.value - low) ** 2 + (other_high - other.value) ** 2)
    above = sqrt((high - now.value) ** 2 + (other.value - other_low) ** 2)
    return change - below, change + above


def _wilson_of(share: Share) -> tuple[float, float]:
    low, high = wilson(share.met, share.n)
    return low or 0.0, 1.0 if high is None else high


def against_average(force: Share, peers: Sequence[Share], direction: Direction) -> Comparison:
    """Compare a force with the plain average of its peers' shares, in which every force weighs the same.

    `peers` are the other forces of the group, without the force itself: its own cases on both sides would hide
    part of the difference. z test with each share's own variance; `cannot_judge` without cases or peers.
    """
    counted = [peer for peer in peers if peer.n]
    if not force.n or not counted:
        return Comparison(Difference.CANNOT_JUDGE)
    change = force.value - sum(peer.value for peer in counted) / len(counted)
    variance = _variance(force) + sum(_variance(peer) for peer in counted) / len(counted) ** 2
    p_value, reach = two_sided(change / sqrt(variance)), Z_95 * sqrt(variance)
    return Comparison(_in_words(change, p_value, direction), change, p_value, "z", change - reach, change + reach)


def _variance(share: Share) -> float:
    # Agresti and Coull's added cases: a share of 0 or 1 is never without uncertainty.
    value = (share.met + Z_95**2 / 2) / (share.n + Z_95**2)
    return value * (1 - value) / share.n


def two_sided(z: float) -> float:
    """The chance of a standard normal value at least as far from 0 as `z`."""
    return erfc(abs(z) / sqrt(2))


def _in_words(change: float, p_value: float, direction: Direction) -> Difference:
    if direction is Direction.NEUTRAL:
        raise UsageError("comparison", "a neutral direction", "higher or lower is better", "Say which way is good.")
    if p_value >= SIGNIFICANCE:
        return Difference.NONE
    return Difference.BETTER if (change > 0) == (direction is Direction.HIGHER_IS_BETTER) else Difference.WORSE
