"""The patterns of a process-behaviour chart that ordinary variation seldom makes; one phase at a time."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from checks.limits import TINY

Edges = Sequence[tuple[float, float] | None]


class Reason(StrEnum):
    """Why a point is a signal, in the order of their weight: of several, the first says whether it is good or bad."""

    ABOVE_LIMIT = "above_upper_limit"
    BELOW_LIMIT = "below_lower_limit"
    TREND_UP = "trend_up"
    TREND_DOWN = "trend_down"
    NEAR_UPPER = "two_of_three_near_upper_limit"
    NEAR_LOWER = "two_of_three_near_lower_limit"
    RUN_ABOVE = "run_above_centre"
    RUN_BELOW = "run_below_centre"

    @property
    def is_high(self) -> bool:
        """Whether the pattern points upwards."""
        return self in (Reason.ABOVE_LIMIT, Reason.TREND_UP, Reason.NEAR_UPPER, Reason.RUN_ABOVE)

    @property
    def in_words(self) -> str:
        """`above upper limit`, `run below centre`."""
        return self.value.replace("_", " ")


def reasons(
    values: Sequence[float], centre: float, outer: Edges, inner: Edges, run: int, trend: int
) -> list[tuple[Reason, ...]]:
    """Every point's reasons, by weight.

    Args:
        outer, inner: each point's limits at three and at two sigma; None = no limits, then nothing is a signal.
        run: points in a row on one side of the centre; a point on the centre ends a run.
        trend: points in a row each above (below) the one before.
    """
    if any(edges is None for edges in outer):
        return [()] * len(values)
    outside = [_side(value, edges) for value, edges in zip(values, outer, strict=True)]
    sides = [_sign(value - centre) for value in values]
    beyond_inner = [_side(value, edges) for value, edges in zip(values, inner, strict=True)]
    near = [0 if out else side for out, side in zip(outside, beyond_inner, strict=True)]
    found = zip(
        _as_reasons(outside, Reason.ABOVE_LIMIT, Reason.BELOW_LIMIT),
        _as_reasons(_trends(values, trend), Reason.TREND_UP, Reason.TREND_DOWN),
        _as_reasons(_two_of_three(near, sides), Reason.NEAR_UPPER, Reason.NEAR_LOWER),
        _as_reasons(_runs(sides, run), Reason.RUN_ABOVE, Reason.RUN_BELOW),
        strict=True,
    )
    return [tuple(reason for reason in point if reason) for point in found]


def _sign(difference: float) -> int:
    return (difference > TINY) - (difference < -TINY)


def _side(value: float, edges: tuple[float, float] | None) -> int:
    return 0 if edges is None else (value > edges[1] + TINY) - (value < edges[0] - TINY)


def _as_reasons(marks: Sequence[int], up: Reason, down: Reason) -> list[Reason | None]:
    return [up if mark > 0 else down if mark < 0 else None for mark in marks]


def _runs(sides: Sequence[int], length: int) -> list[int]:
    """Every point of a run of at least `length` on one side."""
    marks = [0] * len(sides)
    for start in range(len(sides) - length + 1):
        window = sides[start : start + length]
        if window[0] and len(set(window)) == 1:
            marks[start : start + length] = window
    return marks


def _trends(values: Sequence[float], length: int) -> list[int]:
    """Every point of a trend; a turning point belongs to the trend that begins there, the newer one."""
    steps = [_sign(after - before) for before, after in pairwise(values)]
    marks = [0] * len(values)
    for start in range(len(values) - length + 1):
        window = steps[start : start + length - 1]
        if window[0] and len(set(window)) == 1:
            marks[start : start + length] = [window[0]] * length
    return marks


def _two_of_three(near: Sequence[int], sides: Sequence[int]) -> list[int]:
    """The points near a limit where two of three in a row are, all three on that side of the centre."""
    marks = [0] * len(near)
    for start in range(len(near) - 2):
        window, three = near[start : start + 3], sides[start : start + 3]
        if sum(map(bool, window)) >= 2 and abs(sum(three)) == 3:
            marks[start : start + 3] = [
                mark or side for mark, side in zip(marks[start : start + 3], window, strict=True)
            ]
    return marks
