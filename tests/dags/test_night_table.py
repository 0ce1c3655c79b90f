"""The night's summary in a terminal: shares that do not contradict their verdict, a column for each force."""

from __future__ import annotations

from datetime import date
from typing import Any

from dags.night_table import night_table


def figure(measure: str, force: str = "norfolk", **more: Any) -> dict[str, Any]:
    usual = {"commitment": 5, "period": "month", "period_start": date(2026, 4, 1), "numerator": 0, "denominator": 0}
    usual |= {"rate_low": None, "rate_high": None, "unknown": 0, "timed": 0, "target": 0.9, "verdict": "in_progress"}
    return {**usual, "measure": measure, "force": force, **more}


def test_one_force_in_full() -> None:
    missed = {"numerator": 899_960, "denominator": 1_000_000, "rate_low": 0.899, "rate_high": 0.901, "unknown": 7}
    hours = {"commitment": 3, "numerator": 5 * 10**12, "denominator": 10**13, "timed": 9, "target": None}
    rows = [
        figure("explained", commitment=0, target=1.0),
        figure("answer_999", **missed, verdict="missed"),
        figure("visible_when_needed", **hours, rate_low=0.5, rate_high=0.5, verdict="no_target"),
    ]
    title, _, head, _, *lines = night_table(rows).splitlines()
    assert title == "norfolk, April 2026"
    assert head.split() == "promise measure share of 95 % interval unknown target verdict".split()
    # In the order of the promises, the closing one last; 89.996 % is never rounded to the 90 % it misses.
    assert [line.split() for line in lines] == [
        "3 visible_when_needed 50.0 % no target".split(),
        "5 answer_999 89.996 % 1,000,000 89.9 to 90.1 7 90 % missed".split(),
        "closing explained – 100 % in progress".split(),
    ]


def test_several_forces_beside_each_other() -> None:
    kept = {"numerator": 95, "denominator": 100, "verdict": "kept"}
    forces = [f"force-{letter}" for letter in "abcdef"]
    table = night_table([figure("answer_999", force, **kept) for force in forces] + [figure("advice_given", "force-f")])
    first, second = table.split("\n\nforce-f, ")
    assert first.count("95.0 %  kept") == 5
    assert "advice_given" not in first
    assert second.splitlines()[-2:][0].split()[:2] == ["5", "advice_given"]


def test_nothing_to_show() -> None:
    assert night_table([]) == ""
