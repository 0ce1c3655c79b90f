"""The findings of charts, word for word: what someone who cannot see the chart is told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checks.spc import Point, Series, signal
from checks.statistics import Direction
from connectors.site import chart_findings

MONTHS = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(15)]


def series(values: list[float], target: float | None = 0.9) -> Series:
    points = [Point(at, value, 1000) for at, value in zip(MONTHS, values, strict=False)]
    return signal(points, target, Direction.HIGHER_IS_BETTER)


def row(met: int, **values: Any) -> dict[str, Any]:
    return {
        "numerator": met, "denominator": 1000, "rate": met / 1000, "target": 0.9, "rate_low": 0.8, "verdict": "kept",
    } | values  # fmt: skip


def said(values: list[float], **more: Any) -> str:
    newest = row(round(values[-1] * 1000), **more)
    return chart_findings.of_process(
        "999 calls answered in time", "Norfolk", "month", [series(values, newest["target"])], newest
    )


USUAL = [0.91, 0.912] * 7


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            [*USUAL, 0.911],
            "999 calls answered in time, Norfolk: 91.1 % of 1,000 cases in March 2026, within its usual range of "
            "90.6 % to 91.6 %. That is ordinary variation. The target of 90 % will be met if nothing changes. "
            "The chart has 15 points from January 2025 to March 2026; none is a signal.",
        ),
        (
            [*[0.9, 0.915, 0.91] * 4, 0.9, 0.91, 0.97],
            "999 calls answered in time, Norfolk: 97.0 % of 1,000 cases in March 2026, above its usual range of 88.5 % "
            "to 93.9 %. That is a signal, and a better figure than usual: above upper limit. "
            "The target of 90 % will be hit or missed by chance. "
            "The chart has 15 points from January 2025 to March 2026; 1 is a signal.",
        ),
        (
            [*[0.91, 0.925, 0.92] * 4, 0.92, 0.91, 0.85],
            "999 calls answered in time, Norfolk: 85.0 % of 1,000 cases in March 2026, below its usual range of 88.9 % "
            "to 93.8 %. That is a signal, and a worse figure than usual: below lower limit. "
            "The target of 90 % will be hit or missed by chance. "
            "The chart has 15 points from January 2025 to March 2026; 1 is a signal.",
        ),
        (
            [0.91, 0.87],
            "999 calls answered in time, Norfolk: 87.0 % of 1,000 cases in February 2025, within its usual range of "
            "78.4 % to 99.6 %. That is ordinary variation. The target of 90 % will be hit or missed by chance. "
            "The range rests on fewer than 12 points and may still shift. "
            "The chart has 2 points from January 2025 to February 2025; none is a signal.",
        ),
        (
            [0.91],
            "999 calls answered in time, Norfolk: 91.0 % of 1,000 cases in January 2025, the first point: a usual "
            "range needs a second. The chart has one point.",
        ),
    ],
)
def test_the_finding_of_a_process_chart(values: list[float], words: str) -> None:
    assert said(values) == words


def test_a_rate_is_never_rounded_over_its_target() -> None:
    words = chart_findings.of_process(
        "x", "Norfolk", "month", [series([0.9, 0.8999])], row(8999, denominator=10_000, rate=0.8999)
    )
    assert "89.99 % of 10,000" in words


def test_without_a_target_nothing_is_said_of_one() -> None:
    assert "target" not in said([*USUAL, 0.911], target=None)


def test_shares_of_hours_are_not_called_cases() -> None:
    assert "91.1 % of 1,000 measured units" in said([*USUAL, 0.911], rate_low=None, target=None)


def test_without_a_point_there_is_a_sentence() -> None:
    words = chart_findings.of_process("999 calls", "Norfolk", "month", [], None)
    assert words == (
        "999 calls, Norfolk: there is no period yet that is over and has a figure: nothing can be charted."
    )


def unit(name: str, rate: float, place: str, n: int = 100) -> dict[str, Any]:
    return {"unit": name, "rate": rate, "pooled": 0.9, "denominator": n, "place": place}


def test_the_finding_of_a_funnel() -> None:
    rows = [
        unit("a", 0.9, "inside the funnel"),
        unit("b", 0.5, "outside the 99.8 % limits, worse"),
        unit("c", 0.99, "outside the 99.8 % limits, better", 200),
        unit("d", 0.98, "outside the 99.8 % limits, better", 300),
        unit("e", 0.85, "between the 95 % and 99.8 % limits, worse"),
        {**unit("gone", 0.0, ""), "rate": None},
    ]
    words = chart_findings.of_funnel("999 calls", "forces", "March 2026", rows, {"b": "Bedfordshire", "d": "Devon"})
    assert words == (
        "999 calls, 5 forces, March 2026: together 90.0 % of 800 cases. Outside the 99.8 % limits, worse than chance "
        "explains, lies Bedfordshire (50.0 %). Outside the 99.8 % limits, better than chance explains, lie Devon "
        "(98.0 %) and c (99.0 %). 1 lies between the 95 % and 99.8 % limits."
    )


def test_a_funnel_in_which_all_is_chance_says_so() -> None:
    rows = [unit("a", 0.9, "inside the funnel"), unit("b", 0.91, "inside the funnel")]
    words = chart_findings.of_funnel("x", "forces", "2025", rows, {})
    assert words.endswith("None lies outside the 99.8 % limits: the differences are no larger than chance explains.")
    assert "no funnel can be drawn" in chart_findings.of_funnel("x", "forces", "2025", [], {})


def test_the_finding_of_where_the_delay_is() -> None:
    rows = [
        {"stage": "answer", "n": 5, "p50_seconds": 3.8, "p90_seconds": 11.0, "share": 0.01, "costs_most": False},
        {"stage": "travel", "n": 5, "p50_seconds": 420.0, "p90_seconds": 900.0, "share": 0.61, "costs_most": True},
        {"stage": "grade", "n": 0, "p50_seconds": None, "p90_seconds": None, "share": None, "costs_most": False},
    ]
    assert chart_findings.of_delay("emergencies reached in time", "Norfolk", "March 2026", rows) == (
        "Emergencies reached in time, Norfolk, March 2026. Most of the time goes into travel: 61 %. Half take no "
        "longer than: answer 3.8 seconds (nine of ten within 11 seconds); travel 7 min 0 s (nine of ten within "
        "15 min 0 s)."
    )
    assert "no stage was timed" in chart_findings.of_delay("x", "Norfolk", "March 2026", rows[2:])
