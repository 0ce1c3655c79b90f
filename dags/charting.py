"""The charts `pledge series` shows: the figures in the store as process-behaviour charts, read as of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from checks.series import SERIES, Charts, Rebases, is_final
from checks.spc import Plotted, Series

Row = Mapping[str, Any]
COLUMNS = (
    *SERIES, "period_start", "value", "n", "centre", "lower", "upper", "variation", "reasons", "rules", "chart",
    "phase", "rebased", "trial", "target", "assurance",
)  # fmt: skip


def chart_rows(figures: Iterable[Row], rebases: Rebases, rules: str) -> Iterator[dict[str, Any]]:
    """One row for each point of each chart; what holds of a whole chart (trial, target, assurance) stands in all.

    `figures` are rows of `verdicts`. Where a series turned from cases to measured hours, the newer kind is charted.
    """
    known = [figure for figure in figures if is_final(figure)]
    charts = Charts(known, rebases, date.max, rules)  # whole charts know no recent days
    newest: dict[tuple[Any, ...], Row] = defaultdict(dict)
    for figure in sorted(known, key=lambda figure: figure["period_start"]):
        newest[tuple(figure[name] for name in SERIES)] = figure
    for key in sorted(newest):
        series = charts.chart_of(newest[key])
        for point in series.points:
            yield {**dict(zip(SERIES, key, strict=True)), **_row(series, point), "target": newest[key]["target"]}


def _row(series: Series, point: Plotted) -> dict[str, Any]:
    begun = [rebase for rebase in sorted(series.rebases, key=lambda rebase: rebase.at) if rebase.at <= point.at]
    first_of_phase = next(other for other in series.points if other.phase == point.phase) is point
    said = f"{begun[-1].at}, {begun[-1].author}: {begun[-1].reason}" if begun and first_of_phase else ""
    return {
        "period_start": point.at,
        "value": point.value,
        "n": point.n,
        "centre": point.centre,
        "lower": point.lower,
        "upper": point.upper,
        "variation": point.variation.value,
        "reasons": "; ".join(reason.in_words for reason in point.reasons),
        "rules": series.rules.name,
        "chart": series.chart.value,
        "phase": point.phase,
        "rebased": said,
        "trial": series.trial,
        "assurance": series.assurance.value,
    }
