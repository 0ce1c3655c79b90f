"""Could so few have been met by chance alone, things being as they were? Pure.

A chart's limits are those of a normal distribution. Of a promise that is nearly always kept, or of few cases, days
beyond them are common: 64 of 68 where 97.5 % are usual is no event. So an alarm needs an exact test, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import hypergeom

RARE = 0.001
"""Rarer than once in a thousand figures, as the chart's own three sigma (one-sided: 0.00135), is no chance."""
RUN = 8
"""A run of so many periods, each a little worse, can be a signal where none of them is."""

Counts = tuple[int, int]
"""Met, and of how many."""


def chance_of(figure: Counts, earlier: Sequence[Counts]) -> float | None:
    """The probability of so few met, or of so few in the run that ends here, if nothing differs from before.

    Fisher's exact test, one-sided: what is usual is itself known from so many cases only, and that is counted in.

    Args:
        earlier: the counts of the periods before it, oldest first.

    Returns:
        The smaller of the two; None where nothing is known of what is usual.
    """
    found = [_tail([figure], earlier), _tail([*earlier[1 - RUN :], figure], earlier[: 1 - RUN])]
    return min((each for each in found if each is not None), default=None)


def _tail(now: Sequence[Counts], before: Sequence[Counts]) -> float | None:
    met, of = (sum(counts[place] for counts in now) for place in (0, 1))
    met_before, of_before = (sum(counts[place] for counts in before) for place in (0, 1))
    if not of_before:
        return None
    return float(hypergeom.cdf(met, of + of_before, met + met_before, of))
