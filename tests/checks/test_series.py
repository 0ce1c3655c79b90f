"""Which figures make a chart, which way is good, and what a figure's chart says as it is recorded."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from checks.commitment import measures
from checks.series import NO_SIGNAL, Charts, direction_of, is_final, is_measured
from checks.spc import Rebase
from checks.statistics import Direction

TODAY = date(2026, 4, 10)


def figure(start: date, count: int, n: int = 100, **values: Any) -> dict[str, Any]:
    return {
        "standard": "s", "measure": "answer_999", "force": "norfolk", "area": "", "neighbourhood": "",
        "period": "month", "period_start": start, "met": count, "missed": n - count, "unknown": 0, "timed": 0,
        "numerator": count, "denominator": n, "target": 0.9, "verdict": "kept",
    } | values  # fmt: skip


def months(*met: int, **values: Any) -> list[dict[str, Any]]:
    return [figure(date(2025 + i // 12, i % 12 + 1, 1), count, **values) for i, count in enumerate(met)]


def days(*met: int) -> list[dict[str, Any]]:
    """The last of them is yesterday."""
    first = TODAY - timedelta(days=len(met))
    return [figure(first + timedelta(days=i), count, period="day") for i, count in enumerate(met)]


CALM = (92, 94, 93, 95, 92, 94, 93, 95, 92, 94, 93, 95, 92)


def signals(figures: list[dict[str, Any]], **rebases: Rebase) -> list[dict[str, Any]]:
    charts = Charts(figures, {("norfolk", "answer_999"): list(rebases.values())}, TODAY)
    return [dict(charts.signal_of(figure)) for figure in figures]


def test_a_month_far_below_is_a_signal_and_its_neighbours_are_not() -> None:
    said = signals(months(*CALM, 70, 93))
    assert said[13] == {
        "signal": "special_cause_concerning", "signal_rules": "spc_7_point_v1", "signal_why": "below lower limit",
        "assurance": "hit_or_miss", "trial": False,
    }  # fmt: skip
    assert {one["signal"] for number, one in enumerate(said) if number not in (0, 13)} == {"common_cause"}
    assert [one["trial"] for one in said] == [True] * 11 + [False] * 4
    assert (said[0]["signal"], said[0]["assurance"]) == ("no_limits", "")


def test_a_month_is_read_on_what_came_before_it_only() -> None:
    whole = signals(months(*CALM, 70, 30, 20))
    assert whole[13] == signals(months(*CALM, 70))[13]


def test_the_target_decides_assurance_and_without_one_there_is_none() -> None:
    assert signals(months(*CALM, target=0.5))[-1]["assurance"] == "consistently_met"
    assert signals(months(*CALM, target=0.999))[-1]["assurance"] == "consistently_missed"
    assert {one["assurance"] for one in signals(months(*CALM, target=None))} == {"no_target"}


def test_days_within_35_have_a_signal_read_on_the_90_before() -> None:
    figures = days(10, *[95] * 91)
    said = signals(figures)
    assert [one == NO_SIGNAL for one in said] == [True] * (92 - 35) + [False] * 35
    assert said[-2]["signal_why"] == "run above centre", "the bad day is the ninetieth before"
    assert said[-1]["signal"] == "common_cause", "the bad day is the ninety-first before"
    assert said[-1]["assurance"] == ""


@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "in_progress"},
        {"verdict": "cannot_judge"},
        {"met": 0, "missed": 0, "numerator": 0, "denominator": 0},
        {"neighbourhood": "N1"},
        {"period": "year"},
    ],
)
def test_what_is_not_on_a_chart(values: dict[str, Any]) -> None:
    outside = figure(date(2026, 2, 1), 70, **values)
    charts = Charts([*months(*CALM), outside], {}, TODAY)
    assert charts.signal_of(outside) == NO_SIGNAL
    assert charts.signal_of(figure(date(2026, 1, 1), 92)) == signals(months(*CALM))[-1]


def test_counts_left_out_are_none() -> None:
    assert not is_final({"verdict": "too_few"})
    assert not is_measured({"verdict": "too_few"})


def test_a_rebase_of_this_force_and_measure_starts_anew() -> None:
    figures = months(*(50, 52) * 3, *(92, 94) * 3)
    rebase = Rebase(date(2025, 7, 1), "A. Registrar", "A new control room.")
    assert signals(figures)[6]["signal"] != "no_limits"
    split = signals(figures, one=rebase)
    assert split[6]["signal"] == "no_limits"
    assert split[-1]["signal"] == "common_cause"
    # One within a month begins with the next.
    within = Rebase(date(2025, 6, 15), "A. Registrar", "A new control room.")
    assert signals(figures, one=within) == split
    elsewhere = Charts(figures, {("suffolk", "answer_999"): [rebase]}, TODAY)
    assert [elsewhere.signal_of(one) for one in figures] == signals(figures)


def test_a_measured_share_has_its_own_chart_and_direction() -> None:
    hours = {"met": 0, "missed": 0, "timed": 3, "measure": "abstraction", "target": None}
    taken = months(5, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5, 6, 40, **hours)
    judged = figure(date(2024, 12, 1), 1, measure="abstraction")
    charts = Charts([judged, *taken], {}, TODAY)
    assert charts.signal_of(taken[-1])["signal"] == "special_cause_concerning"
    assert charts.signal_of(taken[0])["signal"] == "no_limits"
    assert charts.signal_of(judged)["signal"] == "no_limits"


def test_the_measures_say_which_way_is_good() -> None:
    less = {"abstraction", "turnover"}
    for name, measure in measures().items():
        expected = Direction.LOWER_IS_BETTER if name in less else Direction.HIGHER_IS_BETTER
        assert direction_of(measure, measured=True) is expected
        assert direction_of(measure, measured=False) is Direction.HIGHER_IS_BETTER
