"""Statistics that go with every published figure."""

from __future__ import annotations

from math import sqrt

from checks.errors import UsageError

# The 97.5th percentile of the standard normal distribution: a two-sided 95 % interval.
Z_95 = 1.959963984540054


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
