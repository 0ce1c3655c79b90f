"""Funnel limits and overdispersion."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from checks.errors import UsageError
from checks.funnel import Place, dispersion, exact_limits, funnel, widened_limits
from checks.statistics import Direction, Share


@given(st.integers(1, 3000), st.floats(0.01, 0.99))
def test_exact_limits_lie_between_the_counts_around_the_percentile(n: int, pooled: float) -> None:
    limits = exact_limits(n, pooled)
    for found, tail in zip(
        (limits.low_998, limits.low_95, limits.high_95, limits.high_998), (0.001, 0.025, 0.975, 0.999), strict=True
    ):
        # Below the lower limit, and above the upper one, are the counts that chance makes rarer than the tail.
        count = binom.ppf(tail, n, pooled) + (tail > 0.5)
        assert max(0, (count - 1)) / n - 1e-9 <= found <= count / n + 1e-9
    assert limits.low_998 <= limits.low_95 <= limits.high_95 <= limits.high_998


def test_exact_limits_by_hand() -> None:
    # n = 6, p = 1/2: P(X <= 0, 1) = 1/64, 7/64. 2.5 % lies (7/64 - 0.025) / (6/64) = 0.9 of the way down from 1.
    limits = exact_limits(6, 0.5)
    assert limits.low_95 == pytest.approx((1 - 0.9) / 6)
    assert limits.high_95 == pytest.approx(1 - limits.low_95)
    # 0.1 % lies 0.9 of the way down from 0, which is below nothing: cut at 0.
    assert (limits.low_998, limits.high_998) == (0.0, 1.0)


def test_what_chance_makes_often_is_not_outside() -> None:
    # 0.8832 to the power of 33 is 1.7 %.
    assert exact_limits(33, 0.8832).high_998 == 1.0
    # 0.8832 to the power of 60 is 0.06 %.
    assert exact_limits(60, 0.8832).high_998 < 1.0


def test_exact_limits_of_many_cases_are_the_normal_ones() -> None:
    exact, normal = exact_limits(200_000, 0.9), widened_limits(200_000, 0.9, 1.0)
    assert exact.low_95 == pytest.approx(normal.low_95, abs=2e-5)
    assert exact.high_998 == pytest.approx(normal.high_998, abs=2e-5)
    assert normal.high_998 - 0.9 == pytest.approx(norm.ppf(0.999) * sqrt(0.09 / 200_000))


def test_dispersion_pulls_the_outermost_tenths_in() -> None:
    scores = [-9.0, -1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 30.0]
    # Eleven values: the 10 % and 90 % percentiles are the second and the tenth, -1.5 and 2.
    pulled = [-1.5, -1.5, -1.0, -0.5, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.0]
    assert dispersion(scores) == pytest.approx(sum(z * z for z in pulled) / 11)


def units(spread: float, number: int = 40, n: int = 2000) -> dict[str, Share]:
    chance = np.random.default_rng(1)
    rates = np.clip(chance.normal(0.9, spread, number), 0, 1)
    return {f"force{i:02}": Share(int(chance.binomial(n, rate)), n) for i, rate in enumerate(rates)}


def test_chance_alone_is_not_called_overdispersed() -> None:
    found = funnel(units(0.0))
    assert found is not None
    assert not found.overdispersed
    assert all(unit.limits == unit.exact for unit in found.units)
    assert [unit for unit in found.units if unit.place in (Place.BETTER, Place.WORSE)] == []


def test_a_true_spread_widens_the_limits_and_is_noted() -> None:
    found = funnel(units(0.03))
    assert found is not None
    assert found.overdispersed
    assert found.phi is not None
    assert found.phi > 5
    assert "φ" in found.note
    widened = widened_limits(2000, found.pooled, found.phi)
    assert all(unit.limits == widened for unit in found.units)
    outside_exact = [unit for unit in found.units if not unit.exact.low_998 <= unit.share.value <= unit.exact.high_998]
    outside = [unit for unit in found.units if unit.place in (Place.BETTER, Place.WORSE)]
    # Winsorising keeps φ somewhat below the whole spread, so that the furthest may still stand out.
    assert len(outside_exact) > 10
    assert len(outside) <= 3


def test_an_outlier_falls_out_of_the_funnel_it_would_have_widened() -> None:
    found = funnel(units(0.0) | {"kent": Share(1600, 2000)})
    assert found is not None
    assert not found.overdispersed
    assert [unit.name for unit in found.units if unit.place is Place.WORSE] == ["kent"]


def test_places_know_which_way_is_good() -> None:
    shares = {
        "low": Share(800, 1000),
        "near": Share(1765, 2000),
        "mid": Share(90_000, 100_000),
        "high": Share(950, 1000),
    }
    found, mirrored = funnel(shares), funnel(shares, Direction.LOWER_IS_BETTER)
    assert found is not None
    assert mirrored is not None
    assert [unit.place for unit in found.units] == [Place.WORSE, Place.NEAR_WORSE, Place.INSIDE, Place.BETTER]
    assert [unit.place for unit in mirrored.units] == [Place.BETTER, Place.NEAR_BETTER, Place.INSIDE, Place.WORSE]


def test_few_units_say_nothing_of_their_spread() -> None:
    found = funnel({"a": Share(10, 100), "b": Share(90, 100)})
    assert found is not None
    assert found.phi is None
    assert "not estimated (2 units)" in found.note


def test_all_met_is_no_spread() -> None:
    found = funnel({f"f{i}": Share(50, 50) for i in range(12)})
    assert found is not None
    assert (found.pooled, found.phi) == (1.0, None)
    assert {unit.place for unit in found.units} == {Place.INSIDE}


def test_units_without_cases_are_left_out() -> None:
    found = funnel({"a": Share(0, 0), "b": Share(9, 10)})
    assert found is not None
    assert [unit.name for unit in found.units] == ["b"]
    assert funnel({"a": Share(0, 0)}) is None


def test_a_neutral_direction_is_refused() -> None:
    with pytest.raises(UsageError, match="neutral"):
        funnel({"a": Share(1, 2)}, Direction.NEUTRAL)
