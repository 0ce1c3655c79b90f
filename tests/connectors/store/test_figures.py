"""The same night twice adds nothing; a late record restates its figure and says so."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from scipy.stats import binomtest
from sqlalchemy import Engine, func, insert, select, text

from checks.errors import UsageError
from connectors.store.figures import emptied_figures, record_commitments, record_figures
from connectors.store.tables import FIGURE, verdicts

Run = Callable[[str], str]


def figure(**values: Any) -> dict[str, Any]:
    return {
        "standard": "policing_pledge_2008", "commitment": 5, "measure": "answer_999", "force": "norfolk",
        "period": "day", "period_start": date(2026, 3, 29), "cases": 100, "met": 92, "missed": 5,
        "unknown": 3,
        "numerator": 92, "denominator": 97, "target": 0.9, "verdict": "kept", "p50_seconds": 4.25,
    } | values  # fmt: skip


def record(store: Engine, run_id: str, *figures: dict[str, Any]) -> int:
    with store.begin() as conn:
        return record_figures(conn, run_id, figures)


def rows(store: Engine, query: str) -> list[tuple[Any, ...]]:
    with store.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def test_the_same_figures_again_add_nothing(store: Engine, run: Run) -> None:
    first = [figure(), figure(area="east", neighbourhood="N1", excluded=2, excluded_by_reason={"test": 2})]
    assert record(store, run("r1"), *first) == 2
    assert record(store, run("r2"), *first) == 0
    assert rows(store, "SELECT run_id, excluded_by_reason FROM verdicts ORDER BY area") == [
        ("r1", ""),
        ("r1", '{"test": 2}'),
    ]


def test_a_signal_is_written_with_its_figure_and_never_writes_one(store: Engine, run: Run) -> None:
    def charted(signal: str) -> Callable[[Any], dict[str, Any]]:
        return lambda row: {"signal": signal, "signal_rules": "spc", "assurance": "hit_or_miss", "trial": True}

    run("r1"), run("r2"), run("r3")
    with store.begin() as conn:
        assert record_figures(conn, "r1", [figure()], charted("common_cause")) == 1
        assert record_figures(conn, "r2", [figure()], charted("special_cause_concerning")) == 0
        assert record_figures(conn, "r3", [figure(met=93, numerator=93)]) == 1
    assert rows(store, "SELECT run_id, signal, signal_rules, signal_why, assurance, trial FROM verdicts") == [
        ("r1", "common_cause", "spc", "", "hit_or_miss", True),
        ("r3", "", "", "", "", False),
    ]


@pytest.mark.parametrize(
    ("counts", "has_interval"),
    [
        pytest.param({"timed": 0}, True, id="cases"),
        pytest.param({"timed": 4}, True, id="cases, some of which no limit judges"),
        pytest.param({"timed": 4, "met": 0, "missed": 0, "numerator": 36, "denominator": 360}, False, id="hours"),
        pytest.param(
            {"timed": 1, "met": 1, "missed": 0, "numerator": 36, "denominator": 360}, False, id="hours of most"
        ),
    ],
)
def test_a_measured_share_has_a_rate_but_no_interval(
    store: Engine, run: Run, counts: dict[str, int], has_interval: bool
) -> None:
    record(store, run("r1"), figure(**counts))
    [(rate, low, high)] = rows(store, "SELECT rate, rate_low, rate_high FROM verdicts")
    assert rate is not None
    assert (low is not None, high is not None) == (has_interval, has_interval)


def test_the_same_run_again_adds_nothing_but_may_not_contradict_itself(store: Engine, run: Run) -> None:
    run("r1")
    assert record(store, "r1", figure()) == 1
    assert record(store, "r1", figure()) == 0
    with pytest.raises(UsageError, match="recorded it before with other counts"):
        record(store, "r1", figure(met=93))


def test_a_late_record_restates_its_figure(store: Engine, run: Run) -> None:
    record(store, run("r1"), figure(), figure(measure="deploy_emergency"))
    late = figure(cases=101, missed=6, denominator=98, restated_why="1 late row in delivery d2")
    assert record(store, run("r2"), late, figure(measure="deploy_emergency")) == 1
    assert rows(store, "SELECT run_id, cases, restated FROM current_verdicts WHERE measure = 'answer_999'") == [
        ("r2", 101, True)
    ]
    assert rows(
        store,
        "SELECT measure, old_run_id, new_run_id, old_cases, new_cases, old_verdict, new_verdict, "
        "restated_why FROM restatements",
    ) == [("answer_999", "r1", "r2", 100, 101, "kept", "kept", "1 late row in delivery d2")]


def test_a_second_restatement_names_the_figure_just_before_it(store: Engine, run: Run) -> None:
    for number in (1, 2, 3):
        record(store, run(f"r{number}"), figure(cases=100 + number))
    found = "SELECT old_run_id, new_run_id, restated_why FROM restatements ORDER BY new_run_id"
    assert rows(store, found) == [
        ("r1", "r2", "the cause was not recorded"),
        ("r2", "r3", "the cause was not recorded"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "restated"),
    [
        ({"verdict": "in_progress", "pending": 1}, {"verdict": "kept"}, False),
        ({}, {"p90_seconds": 9.0}, False),
        ({}, {"depends_on_unknown": True}, False),
        ({}, {"verdict": "missed"}, True),
        ({}, {"excluded": 1}, True),
        ({}, {"timed": 1}, True),
        ({"verdict": "missed"}, {"verdict": "in_progress", "pending": 1}, True),
    ],
)
def test_what_counts_as_a_restatement(
    store: Engine, run: Run, before: dict[str, Any], after: dict[str, Any], restated: bool
) -> None:
    record(store, run("r1"), figure(**before))
    assert record(store, run("r2"), figure(**after, restated_why="why")) == 1
    assert rows(store, "SELECT restated, restated_why FROM verdicts WHERE run_id = 'r2'") == [
        (restated, "why" if restated else "")
    ]


def test_a_figure_that_returns_to_its_old_value_is_restated_again(store: Engine, run: Run) -> None:
    record(store, run("r1"), figure())
    record(store, run("r2"), figure(met=93))
    assert record(store, run("r3"), figure()) == 1
    assert rows(store, "SELECT run_id, met FROM current_verdicts") == [("r3", 92)]


def test_a_figure_given_twice_is_refused(store: Engine, run: Run) -> None:
    with pytest.raises(UsageError, match="1 of 2 figures are given twice"):
        record(store, run("r1"), figure(), figure(met=1))


def test_an_unknown_run_is_refused(store: Engine) -> None:
    with pytest.raises(UsageError, match="there is no such run"):
        record(store, "nobody", figure())


def test_a_figure_whose_last_case_was_withdrawn_is_emptied(store: Engine, run: Run) -> None:
    kept, gone, outside = figure(), figure(neighbourhood="N1"), figure(period_start=date(2026, 3, 1))
    other = figure(force="suffolk")
    record(store, run("r1"), kept, gone, outside, other)
    for run_id, written in (("r2", 1), ("r3", 0)):
        run(run_id)
        with store.begin() as conn:
            emptied = emptied_figures(
                conn,
                {tuple(kept.get(name, "") for name in FIGURE)},
                standard=kept["standard"],
                measure="answer_999",
                force="norfolk",
                period="day",
                first=date(2026, 3, 28),
                last=date(2026, 3, 29),
            )
            assert record_figures(conn, run_id, [kept, *emptied]) == written
    assert rows(store, "SELECT new_run_id, neighbourhood, new_cases, new_verdict, new_rate FROM restatements") == [
        ("r2", "N1", 0, "too_few", None)
    ]


@pytest.mark.parametrize(("met", "judged"), [(0, 30), (30, 30), (1, 1), (14_117, 31_402), (92, 97), (1, 3_000_000)])
def test_rates_are_generated_from_the_counts(store: Engine, run: Run, met: int, judged: int) -> None:
    """Wilson's interval as scipy has it."""
    counts = {"met": met, "missed": judged - met, "unknown": 3, "numerator": met, "denominator": judged}
    record(store, run("r1"), figure(**counts))
    [(rate, low, high, worst)] = rows(store, "SELECT rate, rate_low, rate_high, rate_if_unknown_missed FROM verdicts")
    expected = binomtest(met, judged).proportion_ci(0.95, "wilson")
    assert rate == met / judged
    assert math.isclose(low, expected.low, rel_tol=1e-9, abs_tol=1e-15)
    assert math.isclose(high, expected.high, rel_tol=1e-9)
    assert worst == met / (judged + 3)


def test_nothing_judged_has_no_rate(store: Engine, run: Run) -> None:
    nothing = dict.fromkeys(("cases", "met", "missed", "unknown", "numerator", "denominator"), 0)
    record(store, run("r1"), figure(**nothing, verdict="too_few"))
    assert rows(store, "SELECT rate, rate_low, rate_high, rate_if_unknown_missed FROM verdicts") == [(None,) * 4]


def test_the_newest_run_counts_not_the_newest_row(store: Engine, run: Run) -> None:
    """A slow run that started earlier writes after a later one: the later run's figure stays."""
    run("early"), run("late")
    record(store, "late", figure(met=90))
    with store.begin() as conn:
        conn.execute(insert(verdicts), [figure(met=80) | {"run_id": "early", "run_number": 1}])
    assert rows(store, "SELECT run_id, met FROM current_verdicts") == [("late", 90)]


def test_commitments_are_written_when_they_change(store: Engine, run: Run) -> None:
    row = {
        "standard": "policing_pledge_2008", "commitment": 5, "force": "norfolk", "area": "",
        "period": "month",
        "period_start": date(2026, 3, 1), "verdict": "kept", "decided_by": ["answer_999", "attend_emergency"],
    }  # fmt: skip
    written = []
    for run_id, change in (("r1", {}), ("r2", {}), ("r3", {"verdict": "missed", "decided_by": "answer_999"})):
        run(run_id)
        with store.begin() as conn:
            written.append(record_commitments(conn, run_id, [row | change]))
    assert written == [1, 0, 1]
    assert rows(store, "SELECT run_id, verdict, decided_by FROM commitments ORDER BY run_number") == [
        ("r1", "kept", "answer_999,attend_emergency"),
        ("r3", "missed", "answer_999"),
    ]


def test_twenty_thousand_figures_in_seconds(store: Engine, run: Run) -> None:
    many = [
        figure(neighbourhood=f"N{place}", period_start=date(2025, 3, 1) + timedelta(days=day))
        for place in range(50)
        for day in range(400)
    ]
    took = []
    for run_id, change, written in (("r1", 0, 20_000), ("r2", 0, 0), ("r3", 1, 20_000)):
        run(run_id)
        began = time.perf_counter()
        assert record(store, run_id, *(row | {"met": row["met"] + change} for row in many)) == written
        took.append(time.perf_counter() - began)
    print([round(seconds, 2) for seconds in took])
    assert max(took) < 15, "about 1 to 2 s on a free machine"
    with store.connect() as conn:
        assert conn.execute(select(func.count()).select_from(text("current_verdicts"))).scalar() == 20_000
