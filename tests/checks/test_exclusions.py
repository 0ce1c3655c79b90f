"""The exclusion ledger: figures with and without their exclusions."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks.exclusions import exclusion_series, with_and_without
from checks.limits import Chart
from checks.patterns import Reason
from checks.spc import signal
from checks.statistics import Direction, wilson


def figure(**values: Any) -> dict[str, Any]:
    level = {
        "standard": "policing_pledge_2008",
        "measure": "answer_999",
        "definition_id": "default",
        "force": "kent",
        "area": "",
        "neighbourhood": "",
        "period": "month",
        "period_start": date(2026, 1, 1),
    }
    counts = {"cases": 100, "met": 88, "missed": 10, "pending": 1, "unknown": 1, "excluded": 25}
    return {**level, **counts, "excluded_by_reason": '{"test":5,"short_abandoned":20}', **values}


def test_with_and_without() -> None:
    (entry,) = with_and_without([figure()])
    assert entry.rate == 88 / 98
    assert entry.rate_if_excluded_missed == 88 / 123
    assert (entry.excluded, entry.recorded) == (25, 125)
    assert entry.exclusion_rate == 0.2
    assert entry.exclusion_interval == wilson(25, 125)
    assert entry.by_reason == {"test": 5, "short_abandoned": 20}
    assert entry.figure["force"] == "kent"
    assert "met" not in entry.figure


def test_nothing_excluded_changes_nothing() -> None:
    (entry,) = with_and_without([figure(excluded=0, excluded_by_reason="{}")])
    assert entry.rate == entry.rate_if_excluded_missed
    assert entry.exclusion_rate == 0


def test_nothing_counted_has_no_rate() -> None:
    (entry,) = with_and_without([figure(cases=0, met=0, missed=0, excluded=0, excluded_by_reason=None)])
    assert (entry.rate, entry.rate_if_excluded_missed, entry.exclusion_rate) == (None, None, None)
    assert entry.by_reason == {}


def test_all_excluded_is_no_rate_but_all_missed() -> None:
    (entry,) = with_and_without([figure(cases=0, met=0, missed=0, excluded=7)])
    assert (entry.rate, entry.rate_if_excluded_missed, entry.exclusion_rate) == (None, 0.0, 1.0)


def test_every_figure_has_its_own_series_in_order() -> None:
    months = [date(2026, month, 1) for month in (3, 1, 2)]
    rows = [figure(period_start=at, excluded=at.month) for at in months] + [figure(area="A")]
    series = exclusion_series(with_and_without(rows))
    assert len(series) == 2
    force, area = (points for _, points in sorted(series.items()))
    assert [(point.at.month, point.n) for point in force] == [(1, 101), (2, 102), (3, 103)]
    assert force[1].value == pytest.approx(2 / 102)
    assert len(area) == 1


def test_a_jump_of_exclusions_is_a_signal_on_a_p_prime_chart() -> None:
    rows = [
        figure(period_start=date(2025, month, 1), cases=100 * (month % 4 + 1), excluded=5 * (month % 4 + 1) + month % 2)
        for month in range(1, 13)
    ]
    rows.append(figure(period_start=date(2026, 1, 1), cases=300, excluded=120))
    (points,) = exclusion_series(with_and_without(rows)).values()
    series = signal(points, None, Direction.NEUTRAL)
    assert series.chart is Chart.P_PRIME
    assert series.points[-1].reasons[0] is Reason.ABOVE_LIMIT
    assert [point.at for point in series.points if Reason.ABOVE_LIMIT in point.reasons] == [date(2026, 1, 1)]
