"""The Wilson interval and the tests of differences, against values others published and computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency, fisher_exact, norm

from checks.errors import UsageError
from checks.statistics import Difference, Direction, Share, against_average, compare, two_sided, wilson


# R. G. Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998), table I.
@pytest.mark.parametrize(
    ("met", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_values(met: int, n: int, low: float, high: float) -> None:
    assert wilson(met, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_agrees_with_scipy(met: int, missed: int) -> None:
    n = met + missed
    if n == 0:
        return
    theirs = binomtest(met, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(met, n) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


@given(st.integers(1, 10**12), st.data())
def test_holds_the_share_and_stays_within_0_and_1(n: int, data: st.DataObject) -> None:
    met = data.draw(st.integers(0, n))
    low, high = wilson(met, n)
    assert low is not None
    assert high is not None
    assert 0 <= low <= met / n <= high <= 1


def test_ends_are_exact() -> None:
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


def test_the_same_doubles_as_scipy() -> None:
    assert wilson(29_999, 31_402) == (0.9529800419520318, 0.95755120547514)


def test_without_cases_there_is_no_interval() -> None:
    assert wilson(0, 0) == (None, None)


@pytest.mark.parametrize(("met", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_impossible_counts_are_refused(met: int, n: int) -> None:
    with pytest.raises(UsageError, match="Wilson interval"):
        wilson(met, n)


# Shares of the year to March 2006 and to March 2008 in HMIC's reports on Norfolk and Staffordshire (September 2008):
# about 1,000 British Crime Survey respondents a force, 600 interviews a basic command unit and year for SPI 1e.
# A share becomes a count as the nearest whole number of respondents: round(percent × n ÷ 100).
@pytest.mark.parametrize(
    ("percent_2006", "percent_2008", "n", "direction", "said"),
    [
        pytest.param(50.0, 56.3, 1000, Direction.HIGHER_IS_BETTER, Difference.BETTER, id="Norfolk SPI 2a"),
        pytest.param(48.4, 57.1, 1000, Direction.HIGHER_IS_BETTER, Difference.BETTER, id="Norfolk KDI"),
        pytest.param(11.7, 11.5, 1000, Direction.LOWER_IS_BETTER, Difference.NONE, id="Norfolk SPI 10b"),
        pytest.param(82.2, 85.6, 3 * 600, Direction.HIGHER_IS_BETTER, Difference.BETTER, id="Norfolk SPI 1e"),
        pytest.param(47.4, 47.1, 1000, Direction.HIGHER_IS_BETTER, Difference.NONE, id="Staffordshire SPI 2a"),
        pytest.param(83.1, 83.9, 4 * 600, Direction.HIGHER_IS_BETTER, Difference.NONE, id="Staffordshire SPI 1e"),
    ],
)
def test_hmic_said_the_same(
    percent_2006: float, percent_2008: float, n: int, direction: Direction, said: Difference
) -> None:
    past, now = (Share(round(percent * n / 100), n) for percent in (percent_2006, percent_2008))
    found = compare(now, past, direction)
    assert found.difference is said
    assert found.change == pytest.approx((percent_2008 - percent_2006) / 100, abs=1 / n)


@given(st.integers(0, 400), st.integers(20, 400), st.integers(0, 400), st.integers(20, 400))
def test_the_z_test_is_the_chi_square_test_and_fishers_where_counts_are_small(a: int, n: int, b: int, m: int) -> None:
    a, b = min(a, n), min(b, m)
    found = compare(Share(a, n), Share(b, m))
    table = [[a, n - a], [b, m - b]]
    smallest = min(a + b, n + m - a - b) * min(n, m) / (n + m)
    assert found.test == ("fisher" if smallest < 5 else "z")
    if found.test == "z":
        assert found.p_value == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=1e-9, abs=1e-15)
    else:
        assert found.p_value == pytest.approx(fisher_exact(table).pvalue, rel=1e-9)


@given(st.integers(0, 300), st.integers(1, 300), st.integers(0, 300), st.integers(1, 300))
def test_better_for_one_is_worse_for_the_other(a: int, n: int, b: int, m: int) -> None:
    one, other = Share(min(a, n), n), Share(min(b, m), m)
    mirrored = {Difference.BETTER: Difference.WORSE, Difference.WORSE: Difference.BETTER}
    found = compare(one, other).difference
    assert compare(other, one).difference is mirrored.get(found, found)
    assert compare(one, other, Direction.LOWER_IS_BETTER).difference is mirrored.get(found, found)


# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, examples (a) and (b) under method 10.
@pytest.mark.parametrize(
    ("met", "n", "other", "m", "low", "high"), [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090)]
)
def test_the_interval_of_a_difference_as_newcombe_prints_it(
    met: int, n: int, other: int, m: int, low: float, high: float
) -> None:
    found = compare(Share(met, n), Share(other, m))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_against_an_average_agrees_with_its_test() -> None:
    force, peers = Share(5200, 10_000), [Share(5000, 10_000)] * 4
    found = against_average(force, peers, Direction.HIGHER_IS_BETTER)
    assert found.low is not None
    assert found.high is not None
    assert found.low > 0
    assert found.low + found.high == pytest.approx(2 * 0.02)


def test_five_in_a_hundred_is_the_line() -> None:
    inside, outside = Share(487, 1000), Share(488, 1000)
    assert chi2_contingency([[531, 469], [487, 513]], correction=False).pvalue == pytest.approx(0.0491, abs=1e-4)
    assert compare(Share(531, 1000), inside).difference is Difference.BETTER
    assert chi2_contingency([[531, 469], [488, 512]], correction=False).pvalue == pytest.approx(0.0544, abs=1e-4)
    assert compare(Share(531, 1000), outside).difference is Difference.NONE


def test_without_cases_nothing_is_compared() -> None:
    assert compare(Share(0, 0), Share(3, 4)).difference is Difference.CANNOT_JUDGE
    assert compare(Share(3, 4), Share(0, 0)).p_value is None
    assert against_average(Share(3, 4), [Share(0, 0)], Direction.HIGHER_IS_BETTER).difference is Difference.CANNOT_JUDGE
    assert against_average(Share(3, 4), [], Direction.HIGHER_IS_BETTER).test == ""


def test_every_peer_weighs_the_same_in_the_average() -> None:
    peers = [Share(90, 100), Share(500, 1000)]
    found = against_average(Share(600, 1000), peers, Direction.HIGHER_IS_BETTER)
    assert found.change == pytest.approx(0.6 - 0.7)
    assert found.difference is Difference.WORSE
    # Pooled they would be 590 of 1,100, and the force better than that.
    assert compare(Share(600, 1000), Share(590, 1100)).difference is Difference.BETTER


def test_the_spread_of_the_average_is_that_of_independent_shares() -> None:
    force, peers = Share(5200, 10_000), [Share(5000, 10_000)] * 4
    found = against_average(force, peers, Direction.HIGHER_IS_BETTER)
    deviation = (0.52 * 0.48 / 10_000 + 4 * 0.25 / 10_000 / 16) ** 0.5
    assert found.p_value == pytest.approx(2 * norm.sf(0.02 / deviation), rel=1e-3)


def test_a_share_of_one_is_not_without_uncertainty() -> None:
    found = against_average(Share(5, 5), [Share(19, 20)] * 3, Direction.HIGHER_IS_BETTER)
    assert found.difference is Difference.NONE


def test_two_sided_z() -> None:
    assert two_sided(1.959963984540054) == pytest.approx(0.05)
    assert two_sided(-1.959963984540054) == pytest.approx(0.05)


def test_a_neutral_direction_is_neither_better_nor_worse() -> None:
    with pytest.raises(UsageError, match="neutral"):
        compare(Share(1, 2), Share(1, 2), Direction.NEUTRAL)


@pytest.mark.parametrize(("met", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_an_impossible_share_is_refused(met: int, n: int) -> None:
    with pytest.raises(UsageError, match="share"):
        Share(met, n)
