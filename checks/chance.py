"""Could so few have been met by chance alone, things being as they usually are? Pure.

A chart's limits are those of a normal distribution. Of a promise that is nearly always kept, or of few cases, days
beyond them are common: 64 of 68 where 97.5 % are usual is no event. So an alarm needs the exact binomial, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import binom

RARE = 0.001
"""Rarer than once in a thousand figures, as the chart's own three sigma (one-sided: 0.00135), is no chance."""
ENOUGH = 12
"""Periods needed to say what is usual; a chart with fewer is a trial, too."""
RUN = 8
"""A run of so many periods, each a little worse, can be a signal where none of them is."""

Counts = tuple[int, int]
"""Met, and of how many."""


def chance_of(figure: Counts, earlier: Sequence[Counts]) -> float | None:
    """The probability of so few met, or of so few in the run that ends here, if things are as before.

    Args:
        earlier: the counts of the periods before it, oldest first.

    Returns:
        The smaller of the two; None where too little is known of what is usual.
    """
    found = [_tail([figure], earlier)]
    if len(earlier) >= ENOUGH + RUN - 1:
        found.append(_tail([*earlier[1 - RUN :], figure], earlier[: 1 - RUN]))
    known = [each for each in found if each is not None]
    return min(known, default=None)


def _tail(now: Sequence[Counts], before: Sequence[Counts]) -> float | None:
    met, of = (sum(each) for each in zip(*before, strict=True)) if before else (0, 0)
    if len(before) < ENOUGH or not of:
        return None
    # Half a case more of either kind: a record without a single miss does not promise that there will be none.
    usual = (met + 0.5) / (of + 1)
    few, all_of = (sum(each) for each in zip(*now, strict=True))
    return float(binom.cdf(few, all_of, usual))
