"""Chance alone: what a chart takes for a signal although few cases differ that much by themselves."""

from __future__ import annotations

import pytest

from checks.chance import RARE, RUN, chance_of

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


def test_what_is_known_from_few_cases_is_known_badly() -> None:
    few, many = chance_of((50, 60), [(59, 60)]), chance_of((50, 60), [(59, 60)] * 7)
    assert few is not None and many is not None and many < RARE <= few


def test_as_fisher_says() -> None:
    assert chance_of((3, 4), [(4, 4)]) == pytest.approx(4 / 8), "one miss among eight, by luck in the later four"


@pytest.mark.parametrize("earlier", [[], [(0, 0)] * 90])
def test_nothing_is_said_where_nothing_is_usual_yet(earlier: list[tuple[int, int]]) -> None:
    assert chance_of((0, 60), earlier) is None
