"""The second door: kept or missed is decided in integers, and never said of a figure that was not judged."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.errors import PledgeError, UsageError
from expectations import promise
from expectations.promise import depends_on_unknown, verdicts

GOOD = {"numerator": 95, "denominator": 100, "target_numerator": 90, "target_denominator": 100}
GOOD |= {"minimum_n": 30, "pending": 0, "unknown": 0}
GOOD |= {"period_open": False, "judgeable": True, "has_target": True}


def figures(*changes: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([GOOD | change for change in changes], columns=list(GOOD))


def said(*changes: dict[str, object]) -> list[str]:
    return verdicts("policing_pledge_2008", "answer_999", figures(*changes))[0]


@pytest.mark.parametrize(
    ("met", "of", "target", "parts", "verdict"),
    [
        (90, 100, 90, 100, "kept"),
        (89, 100, 90, 100, "missed"),
        (91, 100, 90, 100, "kept"),
        (199, 200, 995, 1000, "kept"),
        (995, 1000, 995, 1000, "kept"),
        (994, 1000, 995, 1000, "missed"),
        (99_499, 100_000, 995, 1000, "missed"),
        (100, 100, 100, 100, "kept"),
        (99, 100, 100, 100, "missed"),
        (0, 100, 90, 100, "missed"),
        (0, 100, 0, 100, "kept"),
        (9, 10, 9, 10, "kept"),
        (30, 33, 10, 11, "kept"),
        (29, 32, 10, 11, "missed"),
    ],
)
def test_kept_at_the_exact_target(met: int, of: int, target: int, parts: int, verdict: str) -> None:
    figure = {"numerator": met, "denominator": of, "target_numerator": target, "target_denominator": parts}
    assert said(figure | {"minimum_n": 1}) == [verdict]


def test_minimum_n() -> None:
    sizes = [{"numerator": n, "denominator": n} for n in (0, 1, 29, 30, 31)]
    assert said(*sizes) == ["too_few", "too_few", "too_few", "kept", "kept"]
    assert said({"numerator": 0, "denominator": 0, "minimum_n": 0}) == ["too_few"]
    assert said({"numerator": 1, "denominator": 1, "minimum_n": 1}) == ["kept"]


def test_precedence_of_what_is_settled_without_comparing() -> None:
    few = {"denominator": 2, "numerator": 2}
    targetless = {
        "has_target": False,
        "target_numerator": None,
        "target_denominator": None,
        "minimum_n": None,
    }
    assert said(
        {"judgeable": False, "period_open": True} | targetless,
        {"judgeable": False},
        {"period_open": True} | targetless,
        {"pending": 1} | few,
        targetless | few,
        few,
        {},
    ) == ["cannot_judge", "cannot_judge", "in_progress", "in_progress", "no_target", "too_few", "kept"]


def test_verdicts_are_aligned_with_the_rows_whatever_the_index() -> None:
    missed, few = {"numerator": 10}, {"numerator": 1, "denominator": 1}
    table = figures({}, missed, few, {}, missed, {"period_open": True}, {}).set_axis(list("gfedcba"))
    found, result = verdicts("policing_pledge_2008", "answer_999", table)
    assert found == ["kept", "missed", "too_few", "kept", "missed", "in_progress", "kept"]
    assert (result.success, result.unexpected, result.examined, result.observed) == (False, 2, 5, "2 of 5")
    assert (result.suite, result.rule) == ("promise.policing_pledge_2008", "answer_999")
    assert "answer_999 missed its target in 2 of 5" in result.detail


def test_all_kept_is_a_success_without_detail() -> None:
    _, result = verdicts("policing_pledge_2008", "answer_999", figures({}, {}))
    assert (result.success, result.unexpected, result.observed, result.detail) == (True, 0, "0 of 2", "")


@pytest.mark.parametrize(
    ("table", "counted"),
    [
        (figures(), "there is none"),
        (
            figures({"period_open": True}, {"pending": 2}, {"judgeable": False}),
            "1 cannot_judge, 2 in_progress",
        ),
    ],
    ids=["no figures", "none to be judged"],
)
def test_nothing_to_judge_is_empty_and_no_success(table: pd.DataFrame, counted: str) -> None:
    found, result = verdicts("policing_pledge_2008", "answer_999", table)
    assert "kept" not in found
    assert len(found) == len(table)
    assert (result.observed, result.success, result.unexpected, result.examined) == ("empty", False, 0, 0)
    assert counted in result.detail


def test_large_counts_do_not_overflow() -> None:
    huge = {"denominator": 10**9, "target_numerator": 999_999_999_999, "target_denominator": 10**12}
    assert said(huge | {"numerator": 10**9}, huge | {"numerator": 10**9 - 1}) == ["kept", "missed"]
    beyond = {"denominator": 10**18, "target_numerator": 9 * 10**17, "target_denominator": 10**18}
    met = [9 * 10**17, 9 * 10**17 - 1, 0, 10**18]
    assert said(*(beyond | {"numerator": n} for n in met)) == ["kept", "missed", "missed", "kept"]


COUNTS = st.integers(0, 10**9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(COUNTS, COUNTS, st.integers(0, 1000), COUNTS), min_size=1, max_size=50))
def test_agrees_with_fractions(drawn: list[tuple[int, int, int, int]]) -> None:
    rows = [(met, met + missed, target, unknown) for met, missed, target, unknown in drawn]
    table = figures(
        *(
            {"numerator": met, "denominator": of, "target_numerator": target, "unknown": unknown}
            | {"target_denominator": 1000}
            for met, of, target, unknown in rows
        )
    )
    found, _ = verdicts("policing_pledge_2008", "answer_999", table)
    assert found == [_slowly(met, of, target) for met, of, target, _ in rows]
    flips = [_slowly(m, n, t) == "kept" and _slowly(m, n + u, t) == "missed" for m, n, t, u in rows]
    assert depends_on_unknown(table, found) == flips


def _slowly(met: int, of: int, target: int) -> str:
    if of < 30:
        return "too_few"
    return "kept" if Fraction(met, of) >= Fraction(target, 1000) else "missed"


def test_depends_on_unknown_only_where_it_flips_kept() -> None:
    table = figures({"unknown": 5}, {"unknown": 6}, {"numerator": 10, "unknown": 50}, {"pending": 1, "unknown": 50})
    found, _ = verdicts("policing_pledge_2008", "answer_999", table)
    assert found == ["kept", "kept", "missed", "in_progress"]
    # 95 of 105 is 90.5 %; 95 of 106 is 89.6 %.
    assert depends_on_unknown(table, found) == [False, True, False, False]
    assert depends_on_unknown(figures(), []) == []


def test_nullable_and_whole_float_counts_are_taken_and_others_refused() -> None:
    table = figures({}, {}).astype({"numerator": "Int64", "denominator": "float64", "has_target": "boolean"})
    assert verdicts("policing_pledge_2008", "answer_999", table)[0] == ["kept", "kept"]
    for column in ("numerator", "denominator", "target_numerator", "minimum_n", "pending"):
        for wrong in (None, 0.5, float("inf")):
            with pytest.raises(UsageError, match=f"{column} has no whole number"):
                said({column: wrong})


def test_a_figure_without_target_numbers_is_refused_where_it_has_a_target() -> None:
    with pytest.raises(UsageError, match="target_numerator"):
        said({"target_numerator": None})


def test_flags_and_columns_must_be_there() -> None:
    with pytest.raises(UsageError, match="no column judgeable"):
        verdicts("policing_pledge_2008", "answer_999", figures({}).drop(columns="judgeable"))
    with pytest.raises(UsageError, match="NULL"):
        said({"judgeable": None})


def test_an_evaluation_that_raised_is_an_error_and_never_kept() -> None:
    not_numbers = np.array(["?", "?"], dtype=object)
    with pytest.raises(PledgeError, match=r"promise\.policing_pledge_2008, rule answer_999"):
        promise._asked("policing_pledge_2008", "answer_999", not_numbers)
