"""The exclusion ledger: every figure with its exclusions and with the excluded counted as missed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.spc import Point
from checks.statistics import wilson

LEVEL = ("standard", "measure", "definition_id", "force", "area", "neighbourhood", "period")


@dataclass(frozen=True)
class Ledger:
    """One figure's entry, in counts; rates are derived from them and None where nothing is counted.

    Attributes:
        figure: which figure: the columns of LEVEL that it has, and `period_start`.
        recorded: cases (timed ones, too) and excluded cases together, all that could have counted.
        by_reason: how many were excluded for each reason.
        numerator, denominator: of the figure as published: met and met + missed, unless its definition or its
            measuring says otherwise.
        timed: cases measured without a limit; excluded ones could then not be counted as missed.
    """

    figure: Mapping[str, Any]
    met: int
    missed: int
    excluded: int
    recorded: int
    by_reason: Mapping[str, int]
    numerator: int
    denominator: int
    timed: int = 0

    @property
    def rate(self) -> float | None:
        """The figure as published: met ÷ (met + missed), or what was measured."""
        return _divide(self.numerator, self.denominator)

    @property
    def rate_if_excluded_missed(self) -> float | None:
        """met ÷ (met + missed + excluded), as if no exclusion had been granted; None where nothing has a limit."""
        return None if self.timed else _divide(self.numerator, self.denominator + self.excluded)

    @property
    def exclusion_rate(self) -> float | None:
        """excluded ÷ (cases + timed + excluded)."""
        return _divide(self.excluded, self.recorded)

    @property
    def exclusion_interval(self) -> tuple[float | None, float | None]:
        """The 95 % Wilson interval of the exclusion rate."""
        return wilson(self.excluded, self.recorded)


def with_and_without(figures: Iterable[Mapping[str, Any]]) -> list[Ledger]:
    """The ledger of figures given as rows of `figures` (checks/sql/tally.sql) or `verdicts`, in their order."""
    return [
        Ledger(
            figure={key: row[key] for key in (*LEVEL, "period_start") if key in row},
            met=int(row["met"]),
            missed=int(row["missed"]),
            excluded=int(row["excluded"]),
            recorded=int(row["cases"]) + int(row.get("timed") or 0) + int(row["excluded"]),
            by_reason=json.loads(row.get("excluded_by_reason") or "{}"),
            numerator=int(row.get("numerator", row["met"])),
            denominator=int(row.get("denominator", row["met"] + row["missed"])),
            timed=int(row.get("timed") or 0),
        )
        for row in figures
    ]


def exclusion_series(ledgers: Iterable[Ledger]) -> dict[tuple[Any, ...], list[Point]]:
    """The exclusion rate of every figure over time, oldest first, ready for `checks.spc.signal`; keyed as LEVEL."""
    series: dict[tuple[Any, ...], list[Point]] = defaultdict(list)
    for ledger in ledgers:
        key = tuple(ledger.figure.get(name, "") for name in LEVEL)
        series[key].append(Point(ledger.figure["period_start"], ledger.exclusion_rate, ledger.recorded))
    return {key: sorted(points, key=lambda point: point.at) for key, points in series.items()}


def _divide(part: int, whole: int) -> float | None:
    return part / whole if whole else None
