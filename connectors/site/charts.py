"""What a chart shows: its data, its title and the finding that stands for it in words; drawing is `drawing`'s.

Shares are drawn in per cent. A chart is plain JSON, so that one drawn before is known by its fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

from checks.funnel import Limits, Place, limits_at
from checks.spc import Plotted, Series, Variation

Row = Mapping[str, Any]
# How many units of a funnel are named beside their points; more would lie on top of each other.
NAMED_AT_MOST = 8
CURVE_POINTS = 48
_SHAPES = {
    Variation.IMPROVING: "improving",
    Variation.CONCERNING: "concerning",
    Variation.HIGH: "signal",
    Variation.LOW: "signal",
}
_PLACES = {
    Place.INSIDE: "inside",
    Place.NEAR_BETTER: "near",
    Place.NEAR_WORSE: "near",
    Place.BETTER: "better",
    Place.WORSE: "worse",
}


@dataclass(frozen=True)
class Chart:
    """One chart: `kind` is process, funnel or delay; `finding` its text for who cannot see it."""

    kind: str
    title: str
    finding: str
    data: Mapping[str, Any]

    @cached_property
    def fingerprint(self) -> str:
        """Of all that is drawn or said; two charts with one fingerprint are the same chart."""
        said = json.dumps([self.kind, self.title, self.finding, self.data], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Change:
    """A day from which the figures mean something else: a new standard, limit or target, or new limits of the chart."""

    at: date
    words: str


def process_chart(
    title: str,
    finding: str,
    period: str,
    series: Sequence[Series],
    targets: Mapping[date, float | None] | None = None,
    changes: Sequence[Change] = (),
    measured: bool = False,
) -> Chart:
    """A process-behaviour chart of one or more series, one after the other in time.

    Args:
        period: `month` or `day`.
        series: several where one standard followed another; each has its own limits.
        targets: by the first day of a period, as a share.
        changes: drawn as upright lines with letters; the letters' meaning stands beside the chart.
        measured: its shares are of hours or officer days, not of cases.
    """
    points = [(number, point) for number, one in enumerate(series) for point in one.points]
    edges = _edges([point.at for _, point in points], period)
    known = targets or {}
    data = {
        "period": period,
        "measured": measured,
        "points": [_process_point(point) for _, point in points],
        "lines": [
            line
            for (number, phase), group in groupby(points, lambda pair: (pair[0], pair[1].phase))
            for line in _lines(f"{number}.{phase}", [point for _, point in group], edges)
        ],
        "target": _target_line(known, edges),
        "changes": [
            {"at": change.at.isoformat(), "letter": letter(place)}
            for place, change in enumerate(within(changes, [point.at for _, point in points]))
        ],
    }
    return Chart("process", title, finding, data)


def within(changes: Iterable[Change], days: Sequence[date]) -> list[Change]:
    """The changes that fall into a chart of these days, earliest first: those after its first day."""
    if not days:
        return []
    return sorted((change for change in changes if days[0] < change.at <= days[-1]), key=lambda change: change.at)


def letter(place: int) -> str:
    """A, B, …, Z, AA: what marks the change of that place in a chart."""
    return letter(place // 26 - 1) + chr(65 + place % 26) if place >= 26 else chr(65 + place)


def _process_point(point: Plotted) -> dict[str, Any]:
    shape = _SHAPES.get(point.variation, "ordinary")
    return {"at": point.at.isoformat(), "value": _percent(point.value), "shape": shape}


def _edges(days: Sequence[date], period: str) -> dict[date, tuple[str, str]]:
    """From where to where a point's limits are drawn: half-way to its neighbours, at most one period away."""
    half = timedelta(days=31 if period == "month" else 1) / 2
    found = {}
    for before, day, after in zip([None, *days[:-1]], days, [*days[1:], None], strict=True):
        left = (day - before) / 2 if before and (day - before) <= 2 * half else half
        right = (after - day) / 2 if after and (after - day) <= 2 * half else half
        found[day] = (_moment(day, -left), _moment(day, right))
    return found


def _moment(day: date, distance: timedelta) -> str:
    hours = round(distance / timedelta(hours=1))
    whole, rest = divmod(hours, 24)
    return f"{(day + timedelta(days=whole)).isoformat()}T{rest:02}:00"


def _lines(phase: str, points: Sequence[Plotted], edges: Mapping[date, tuple[str, str]]) -> list[dict[str, Any]]:
    """Centre and limits of one phase as corners of polylines; limits only where there are some."""
    rows: list[dict[str, Any]] = []
    for point in points:
        for at in edges[point.at]:
            row = {"phase": phase, "at": at, "centre": _percent(point.centre)}
            if point.lower is not None and point.upper is not None:
                row |= {"lower": _percent(point.lower), "upper": _percent(point.upper)}
            rows.append(row)
    return _without_middles(rows, ("centre", "lower", "upper"))


def _without_middles(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Without corners that lie on a straight line between equal neighbours."""
    said = [tuple(row.get(name) for name in names) for row in rows]
    return [row for n, row in enumerate(rows) if n in (0, len(rows) - 1) or not said[n - 1] == said[n] == said[n + 1]]


def _target_line(targets: Mapping[date, float | None], edges: Mapping[date, tuple[str, str]]) -> list[dict[str, Any]]:
    """The target as a polyline, broken where there is none."""
    stretches = groupby(sorted(edges), lambda day: targets.get(day) is not None)
    rows: list[dict[str, Any]] = []
    for number, (has_target, days) in enumerate(stretches):
        if has_target:
            corners = [
                {"stretch": number, "at": at, "value": _percent(targets[day] or 0.0)}
                for day in days
                for at in edges[day]
            ]
            rows += _without_middles(corners, ("value",))
    return rows


def _percent(share: float) -> float:
    return round(share * 100, 4)


def funnel_chart(title: str, finding: str, rows: Sequence[Row], names: Mapping[str, str]) -> Chart:
    """A funnel plot of the rows of `funnels` of one group.

    Args:
        rows: those with a rate; all carry the group's pooled rate and whether its limits are widened.
        names: how each unit is called.
    """
    placed = [row for row in rows if row["rate"] is not None]
    data = {
        "points": [
            {
                "n": row["denominator"],
                "value": _percent(row["rate"]),
                "place": _PLACES.get(row["place"], "inside"),
                "name": names.get(row["unit"], row["unit"]) if _is_named(row, placed) else "",
            }
            for row in placed
        ],
        "pooled": _percent(placed[0]["pooled"]) if placed else None,
        "curves": _curves(placed),
    }
    return Chart("funnel", title, finding, data)


def _is_named(row: Row, rows: Sequence[Row]) -> bool:
    """All where they are few; else those outside, the furthest out first."""
    if len(rows) <= NAMED_AT_MOST:
        return True
    outside = [one for one in rows if one["place"] in (Place.BETTER, Place.WORSE)]
    outside.sort(key=lambda one: -_distance(one))
    return any(one is row for one in outside[:NAMED_AT_MOST])


def _distance(row: Row) -> float:
    limit = row["high_998"] if row["rate"] > row["pooled"] else row["low_998"]
    return abs(row["rate"] - limit)


def _curves(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The limits over the whole range of cases, as they were reckoned for the units."""
    if not rows:
        return []
    sizes = _sizes([row["denominator"] for row in rows])
    phi = rows[0]["phi"] if rows[0]["overdispersed"] else None
    found: list[Limits] = limits_at(sizes, rows[0]["pooled"], phi)
    return [
        {"n": n, **{name: _percent(getattr(limits, name)) for name in Limits.__annotations__}}
        for n, limits in zip(sizes, found, strict=True)
    ]


def _sizes(counted: Sequence[int]) -> list[int]:
    """Numbers of cases from a little below the smallest to a little above the largest, closer where they are small."""
    low, high = max(1, int(min(counted) * 0.8)), int(max(counted) * 1.15) + 1
    steps = (low * (high / low) ** (step / (CURVE_POINTS - 1)) for step in range(CURVE_POINTS))
    return sorted({round(size) for size in steps})


def delay_chart(title: str, finding: str, rows: Sequence[Row]) -> Chart:
    """Where the delay is: rows of `delays` of one measure, force and month, one for each stage."""
    data = {
        "stages": [
            {
                "stage": row["stage"].capitalize(),
                "median": row["p50_seconds"],
                "p90": row["p90_seconds"],
                "most": bool(row["costs_most"]),
            }
            for row in rows
            if row["n"]
        ]
    }
    return Chart("delay", title, finding, data)
