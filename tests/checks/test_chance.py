"""Chance alone: what a chart takes for a signal although few cases differ that much by themselves."""

from __future__ import annotations

import pytest

from checks.chance import ENOUGH, RARE, RUN, chance_of

USUAL = [(58, 60), (59, 60), (60, 60)] * 20  # 98.3 %


@pytest.mark.parametrize("figure", [(57, 60), (56, 60), (28, 30)])
def test_a_few_more_misses_than_usual_are_chance(figure: tuple[int, int]) -> None:
    found = chance_of(figure, USUAL)
    assert found is not None and found >= RARE


@pytest.mark.parametrize("figure", [(50, 60), (174, 239), (0, 5)])
def test_what_chance_does_not_make(figure: tuple[int, int]) -> None:
    found = chance_of(figure, USUAL)
    assert found is not None and found < RARE


def test_days_each_a_little_worse_are_no_chance_together() -> None:
    alone = chance_of((56, 60), USUAL)
    together = chance_of((56, 60), [*USUAL, *[(56, 60)] * (RUN - 1)])
    assert alone is not None and together is not None and together < RARE <= alone


def test_a_perfect_record_does_not_make_one_miss_an_event() -> None:
    found = chance_of((59, 60), [(60, 60)] * 15)
    assert found is not None and found >= RARE


@pytest.mark.parametrize("earlier", [[], [(1, 1)] * (ENOUGH - 1), [(0, 0)] * 90])
def test_nothing_is_said_where_nothing_is_usual_yet(earlier: list[tuple[int, int]]) -> None:
    assert chance_of((0, 60), earlier) is None
