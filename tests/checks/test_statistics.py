"""The Wilson interval against values others published and computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from checks.errors import UsageError
from checks.statistics import wilson


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
