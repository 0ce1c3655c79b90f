"""The layers of each kind of chart, and what one chart fills into them: process behaviour, funnel, delay by stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from connectors.site.chart_parts import (
    BAND,
    DARK_BLUE,
    DARK_GREY,
    DARK_PINK,
    INK,
    MANY,
    MET,
    ORANGE,
    PURPLE,
    TEXT,
    TURQUOISE,
    WIDTH,
    Sheet,
    Tables,
    around,
    beside,
    filled,
    finished,
    marked,
    number,
    of,
    share,
    share_settings,
    side_labels,
)

_SIGNALS = {
    "ordinary": ("circle", DARK_BLUE),
    "improving": ("triangle-up", TURQUOISE),
    "concerning": ("triangle-down", ORANGE),
    "signal": ("diamond", PURPLE),
}
_PLACES = {
    "inside": ("circle", DARK_BLUE),
    "near": ("diamond", PURPLE),
    "better": ("triangle-up", TURQUOISE),
    "worse": ("triangle-down", ORANGE),
}


def _process(data: Mapping[str, Any]) -> Sheet:
    low, high = _range(data)
    labels = side_labels(_ends_of_lines(data), low, high)
    ticks, form = time_ticks([date.fromisoformat(point["at"]) for point in data["points"]], data["period"])
    start, end = _span(data)
    look = (bool(data["changes"]), filled(labels), len(data["points"]) > MANY, data["measured"])
    tables = {
        **{name: data[name] for name in ("lines", "target", "points", "changes")},
        "limits": [row for row in data["lines"] if "lower" in row],
        **labels,
    }
    times = {"start": _milliseconds(start), "end": _milliseconds(end), "ticks": [_milliseconds(day) for day in ticks]}
    return Sheet(look, tables, {**times, "form": form, **share_settings(low, high)})


def _process_layers(has_changes: bool, labels: tuple[str, ...], many: bool, measured: bool) -> Any:
    import altair as alt

    span = [alt.ExprRef("start"), alt.ExprRef("end")]
    x = alt.X("at:T", scale=alt.Scale(type="utc", domain=span, nice=False), axis=_time_axis())
    y, of_phase = share, alt.Detail("phase:N")
    edge = {"color": DARK_GREY, "strokeDash": [2, 3], "strokeWidth": 1.5}
    target = {"color": DARK_PINK, "strokeDash": [9, 4], "strokeWidth": 2.5}
    layers = [
        of("limits").mark_area(color=BAND).encode(x=x, y=y("lower:Q"), y2="upper:Q", detail=of_phase),
        of("limits").mark_line(**edge).encode(x=x, y=y("lower:Q"), detail=of_phase),
        of("limits").mark_line(**edge).encode(x=x, y=y("upper:Q"), detail=of_phase),
        of("lines").mark_line(color=DARK_GREY, strokeWidth=1.5).encode(x=x, y=y("centre:Q"), detail=of_phase),
        of("target").mark_line(**target).encode(x=x, y=y("value:Q"), detail=alt.Detail("stretch:N")),
        *(_changes(x) if has_changes else ()),
        of("points").mark_line(color=DARK_BLUE, strokeWidth=2).encode(x=x, y=y("value:Q")),
        marked("shape", _SIGNALS, many).encode(x=x, y=y("value:Q")),
        *beside(labels),
    ]
    return finished(alt.layer(*layers), "Per cent of what was measured" if measured else MET)


def _milliseconds(moment: date | str) -> float:
    """Since 1970, in UTC, as Vega counts."""
    text = moment if isinstance(moment, str) else moment.isoformat()
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000


def _changes(x: Any) -> list[Any]:
    import altair as alt

    text = {"fontSize": TEXT, "fontWeight": "bold", "color": INK, "baseline": "bottom"}
    return [
        of("changes").mark_rule(color=INK, strokeWidth=1.5, strokeDash=[1, 2]).encode(x=x),
        of("changes").mark_text(**text).encode(x=x, y=alt.YValue(-2), text=alt.Text("letter:N")),
    ]


def _range(data: Mapping[str, Any]) -> tuple[float, float]:
    """The shares shown: all that is drawn with a margin, at least two points of per cent, never beyond 0 and 100."""
    values = [row["value"] for row in (*data["points"], *data["target"])]
    values += [row[name] for row in data["lines"] for name in ("lower", "upper", "centre") if name in row]
    return around(values)


def _span(data: Mapping[str, Any]) -> list[str]:
    """From the first to the last corner of a line, so that the first and last points keep clear of the edges."""
    drawn = sorted(row["at"] for row in (*data["lines"], *data["target"]))
    return [drawn[0], drawn[-1]] if drawn else ["2000-01-01", "2000-01-02"]


def _time_axis() -> Any:
    import altair as alt

    return alt.Axis(
        title=None, values=alt.ExprRef("ticks"), labelExpr="utcFormat(datum.value, form)", grid=False,
        labelOverlap=False, labelBound=False, labelFlush=False, tickSize=6, domainColor=INK, tickColor=INK,
    )  # fmt: skip


def time_ticks(days: Sequence[date], period: str) -> tuple[list[date], str]:
    """Which days are written on the axis, at most six, and in which form (of d3)."""
    if not days:
        return [], "%b %Y"
    if period == "day":
        return _evenly(days, 5), "%-d %b %Y" if len(days) == 1 else "%-d %b"
    years = [day for day in days if day.month == 1]
    if len(days) > 36 and len(years) > 1:
        return _evenly(years, 6), "%Y"
    return _evenly(days, 5), "%b %Y"


def _evenly(days: Sequence[date], at_most: int) -> list[date]:
    """Every n-th day, counted back from the newest."""
    step = -(-len(days) // at_most)
    return list(reversed(list(reversed(days))[::step]))


def _ends_of_lines(data: Mapping[str, Any]) -> list[tuple[float, str, str]]:
    """What is written beside the newest end of each line: value, words, colour."""
    found = [(row["value"], f"Target {number(row['value'])}", DARK_PINK) for row in data["target"][-1:]]
    for row in data["lines"][-1:]:
        if "lower" in row:
            found.append((row["upper"], f"Upper {number(row['upper'])}", DARK_GREY))
            found.append((row["lower"], f"Lower {number(row['lower'])}", DARK_GREY))
        found.append((row["centre"], f"Average {number(row['centre'])}", DARK_GREY))
    return found


def _funnel(data: Mapping[str, Any]) -> Sheet:
    curves, points = data["curves"], data["points"]
    # Where cases are few the limits run to 0 and 100 %: what is shown is where the units lie.
    middle = [row[name] for row in curves[len(curves) // 6 :] for name in ("low_998", "high_998")]
    low, high = around([*middle, *(point["value"] for point in points)])
    sizes = [row["n"] for row in curves] or [1, 2]
    labels, named = side_labels(_ends_of_funnel(data), low, high), _named_points(points, sizes)
    shown = [{k: v if k == "n" else min(max(v, low), high) for k, v in row.items()} for row in curves]
    tables = {"curves": shown, "points": points, "pooled": [{"value": data["pooled"]}], **named, **labels}
    settings = {"fewest": min(sizes), "most": max(sizes), **share_settings(low, high)}
    return Sheet((filled(named), filled(labels), len(points) > MANY), tables, settings)


def _funnel_layers(named: tuple[str, ...], labels: tuple[str, ...], many: bool) -> Any:
    import altair as alt

    scale = alt.Scale(domain=[alt.ExprRef("fewest"), alt.ExprRef("most")], nice=False, zero=False)
    axis = alt.Axis(title="Cases judged", tickCount=5, grid=False, format=",d", domainColor=INK, tickColor=INK)
    x, y = alt.X("n:Q", scale=scale, axis=axis), share
    limits = (("low_95", [2, 3]), ("high_95", [2, 3]), ("low_998", [1, 0]), ("high_998", [1, 0]))
    pooled = {"color": DARK_PINK, "strokeWidth": 2, "strokeDash": [9, 4]}
    layers = [
        *(
            of("curves").mark_line(color=DARK_GREY, strokeWidth=1.5, strokeDash=dash).encode(x=x, y=y(f"{name}:Q"))
            for name, dash in limits
        ),
        of("pooled").mark_rule(**pooled).encode(y=y("value:Q")),
        marked("place", _PLACES, many).encode(x=x, y=y("value:Q")),
        *_point_names(named, x),
        *beside(labels),
    ]
    return finished(alt.layer(*layers), MET)


def _named_points(points: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> Tables:
    """The points that are named, by the side of them that has room for the name."""
    middle = (min(sizes) + max(sizes)) / 2
    sides: dict[str, list[dict[str, Any]]] = {"left": [], "right": []}
    for point in points:
        if point["name"]:
            words = point["name"] if len(point["name"]) <= 24 else point["name"][:23] + "…"
            sides["right" if point["n"] > middle else "left"].append({**point, "name": words})
    return sides


def _point_names(sides: tuple[str, ...], x: Any) -> list[Any]:
    import altair as alt

    halo = {"stroke": "white", "strokeWidth": 4, "color": "white"}
    return [
        of(align)
        .mark_text(align=align, dx=10 if align == "left" else -10, fontSize=TEXT - 1, **look)
        .encode(x=x, y=share("value:Q"), text=alt.Text("name:N"))
        for align in sides
        for look in (halo, {"color": INK})
    ]


def _ends_of_funnel(data: Mapping[str, Any]) -> list[tuple[float, str, str]]:
    if not data["curves"]:
        return []
    last = data["curves"][-1]
    return [
        (last["high_998"], "99.8 % limit", DARK_GREY),
        (last["high_95"], "95 % limit", DARK_GREY),
        (data["pooled"], f"All {number(data['pooled'])}", DARK_PINK),
        (last["low_95"], "95 % limit", DARK_GREY),
        (last["low_998"], "99.8 % limit", DARK_GREY),
    ]


def _delay(data: Mapping[str, Any]) -> Sheet:
    rows = [
        {**row, "median": row["median"] / 60, "p90": row["p90"] / 60, "words": _duration(row["median"])}
        for row in data["stages"]
    ]
    tables = {"stages": rows, "costliest": [row for row in rows if row["most"]]}
    return Sheet((len(rows),), tables, {"longest": max((row["p90"] for row in rows), default=1) * 1.05})


def _delay_layers(stages: int) -> Any:
    import altair as alt

    y = alt.Y("stage:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False, labelPadding=8))
    axis = alt.Axis(title="Minutes", tickCount=5, format="~f", grid=True, domain=False, ticks=False)
    scale = alt.Scale(domain=[0, alt.ExprRef("longest")], nice=False)
    x, x2 = alt.X("median:Q", axis=axis, scale=scale), alt.X2("p90:Q")
    label = {"align": "left", "baseline": "middle", "dx": 8, "fontSize": TEXT, "color": DARK_GREY}
    layers = [
        of("stages").mark_rule(color=DARK_GREY, strokeWidth=2).encode(y=y, x=x, x2=x2),
        of("stages").mark_tick(color=DARK_GREY, thickness=2, size=16).encode(y=y, x=alt.X("p90:Q")),
        of("stages").mark_bar(color=DARK_BLUE, size=24).encode(y=y, x=x),
        of("costliest").mark_bar(color=ORANGE, size=24, stroke=INK, strokeWidth=2).encode(y=y, x=x),
        of("stages").mark_text(**label).encode(y=y, x=alt.XValue(WIDTH), text=alt.Text("words:N")),
    ]
    heading = "Bar: half take no longer. Line: nine of ten take no longer."
    return finished(alt.layer(*layers), heading, 52 * max(1, stages))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


KINDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], Sheet], Callable[..., Any]]] = {
    "process": (_process, _process_layers),
    "funnel": (_funnel, _funnel_layers),
    "delay": (_delay, _delay_layers),
}
