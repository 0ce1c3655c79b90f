"""Draws a chart as SVG: Altair says what, vl-convert draws it, nothing is fetched and nothing runs at the reader's.

Colours are the Analysis Function's; no meaning is told by colour alone. Text stays text, in the reader's own fonts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree import ElementTree

from connectors.site.charts import Chart

DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE, DARK_GREY, PURPLE = (
    "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1",
)  # fmt: skip
BAND, GRID, INK = "#E7EDF3", "#DEE0E2", "#0B0C0C"
Tables = Mapping[str, Sequence[Mapping[str, Any]]]
MET = "Per cent of cases met"
FONT = "Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 430, 280  # of the plot; with what is written around it 600 wide, legible on a phone
TEXT = 15
MANY = 45  # points, beyond which ordinary ones are drawn small
LABEL_GAP = 18  # pixels between two labels beside the plot
_SVG = "http://www.w3.org/2000/svg"
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


class Sheet(NamedTuple):
    """What one chart puts into the drawing of its kind.

    Attributes:
        look: decides the layers; charts of one look are compiled once, which takes twice as long as drawing one.
        tables, settings: filled into what was compiled.
    """

    look: tuple[Any, ...]
    tables: Tables
    settings: Mapping[str, Any]


def draw(chart: Chart) -> str:
    """The chart as one `<svg>` element: role img, named by its title and described by its finding."""
    import vl_convert

    look, tables, settings = _KINDS[chart.kind][0](chart.data)
    compiled = _compiled(chart.kind, look, tuple(settings))
    data = [{**each, "values": tables[each["name"]]} if each["name"] in tables else each for each in compiled["data"]]
    signals = [{**each, "value": settings.get(each["name"], each.get("value"))} for each in compiled["signals"]]
    return _named(vl_convert.vega_to_svg({**compiled, "data": data, "signals": signals}), chart)


@lru_cache(maxsize=256)
def _compiled(kind: str, look: tuple[Any, ...], settings: tuple[str, ...]) -> dict[str, Any]:
    """The Vega of a look, with empty tables and settings."""
    import vl_convert
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # every part would be checked against the schema as it is made
        spec = _KINDS[kind][1](*look).to_dict(validate=False)
    spec["params"] = [{"name": name, "value": 0} for name in settings]
    found: dict[str, Any] = vl_convert.vegalite_to_vega(spec)
    return found


def _of(table: str) -> Any:
    """A layer on one of the tables that are put into the finished drawing."""
    import altair as alt

    return alt.Chart(alt.NamedData(table))


def _process(data: Mapping[str, Any]) -> Sheet:
    low, high = _range(data)
    labels = _side_labels(_ends_of_lines(data), low, high)
    ticks, form = time_ticks([date.fromisoformat(point["at"]) for point in data["points"]], data["period"])
    start, end = _span(data)
    look = (bool(data["changes"]), _filled(labels), len(data["points"]) > MANY, data["measured"])
    tables = {
        **{name: data[name] for name in ("lines", "target", "points", "changes")},
        "limits": [row for row in data["lines"] if "lower" in row],
        **labels,
    }
    times = {"start": _milliseconds(start), "end": _milliseconds(end), "ticks": [_milliseconds(day) for day in ticks]}
    return Sheet(look, tables, {**times, "form": form, **_share_settings(low, high)})


def _process_layers(has_changes: bool, labels: tuple[str, ...], many: bool, measured: bool) -> Any:
    import altair as alt

    span = [alt.ExprRef("start"), alt.ExprRef("end")]
    x = alt.X("at:T", scale=alt.Scale(type="utc", domain=span, nice=False), axis=_time_axis())
    y, of_phase = _share, alt.Detail("phase:N")
    edge = {"color": DARK_GREY, "strokeDash": [2, 3], "strokeWidth": 1.5}
    target = {"color": DARK_PINK, "strokeDash": [9, 4], "strokeWidth": 2.5}
    layers = [
        _of("limits").mark_area(color=BAND).encode(x=x, y=y("lower:Q"), y2="upper:Q", detail=of_phase),
        _of("limits").mark_line(**edge).encode(x=x, y=y("lower:Q"), detail=of_phase),
        _of("limits").mark_line(**edge).encode(x=x, y=y("upper:Q"), detail=of_phase),
        _of("lines").mark_line(color=DARK_GREY, strokeWidth=1.5).encode(x=x, y=y("centre:Q"), detail=of_phase),
        _of("target").mark_line(**target).encode(x=x, y=y("value:Q"), detail=alt.Detail("stretch:N")),
        *(_changes(x) if has_changes else ()),
        _of("points").mark_line(color=DARK_BLUE, strokeWidth=2).encode(x=x, y=y("value:Q")),
        _marked("shape", _SIGNALS, many).encode(x=x, y=y("value:Q")),
        *_beside(labels),
    ]
    return _finished(alt.layer(*layers), "Per cent of what was measured" if measured else MET)


def _filled(tables: Tables) -> tuple[str, ...]:
    return tuple(name for name, rows in tables.items() if rows)


def _milliseconds(moment: date | str) -> float:
    """Since 1970, in UTC, as Vega counts."""
    text = moment if isinstance(moment, str) else moment.isoformat()
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000


def _changes(x: Any) -> list[Any]:
    import altair as alt

    text = {"fontSize": TEXT, "fontWeight": "bold", "color": INK, "baseline": "bottom"}
    return [
        _of("changes").mark_rule(color=INK, strokeWidth=1.5, strokeDash=[1, 2]).encode(x=x),
        _of("changes").mark_text(**text).encode(x=x, y=alt.YValue(-2), text=alt.Text("letter:N")),
    ]


def _marked(by: str, shapes: Mapping[str, tuple[str, str]], many: bool) -> Any:
    """Points whose meaning is told by shape and by colour; ordinary ones shrink where there are many."""
    import altair as alt

    names = list(shapes)
    shape = alt.Scale(domain=names, range=[shapes[name][0] for name in names])
    colour = alt.Scale(domain=names, range=[shapes[name][1] for name in names])
    plain = 24 if many else 70
    size = alt.Scale(domain=names, range=[plain if n == 0 else 160 for n in range(len(names))])
    mark = _of("points").mark_point(filled=True, opacity=1, stroke="white", strokeWidth=1)
    return mark.encode(
        shape=alt.Shape(f"{by}:N", scale=shape, legend=None),
        color=alt.Color(f"{by}:N", scale=colour, legend=None),
        size=alt.Size(f"{by}:N", scale=size, legend=None),
    )


def _range(data: Mapping[str, Any]) -> tuple[float, float]:
    """The shares shown: all that is drawn with a margin, at least two points of per cent, never beyond 0 and 100."""
    values = [row["value"] for row in (*data["points"], *data["target"])]
    values += [row[name] for row in data["lines"] for name in ("lower", "upper", "centre") if name in row]
    return _around(values)


def _around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=100.0)
    margin = max((high - low) * 0.08, 1.0)
    return max(0.0, low - margin), min(100.0, max(high + margin, low + 1.0))


def _share_settings(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high, "places": ".0f" if high - low >= 8 else ".1f"}


def _share(field: str) -> Any:
    """The upright axis, in per cent, from the setting `low` to `high`."""
    import altair as alt

    axis = alt.Axis(
        title=None, tickCount=5, labelExpr="format(datum.value, places) + ' %'", grid=True, domain=False, ticks=False,
        labelPadding=6,
    )  # fmt: skip
    scale = alt.Scale(domain=[alt.ExprRef("low"), alt.ExprRef("high")], nice=False, zero=False)
    return alt.Y(field, scale=scale, axis=axis)


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
    found = [(row["value"], f"Target {_number(row['value'])}", DARK_PINK) for row in data["target"][-1:]]
    for row in data["lines"][-1:]:
        if "lower" in row:
            found.append((row["upper"], f"Upper {_number(row['upper'])}", DARK_GREY))
            found.append((row["lower"], f"Lower {_number(row['lower'])}", DARK_GREY))
        found.append((row["centre"], f"Average {_number(row['centre'])}", DARK_GREY))
    return found


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") + " %"


def _side_labels(labels: Iterable[tuple[float, str, str]], low: float, high: float) -> Tables:
    """Labels to the right of the plot, pushed apart so that none covers another: one table for each colour."""
    ordered = sorted(labels, key=lambda label: -label[0])
    wanted = [(high - value) / (high - low) * HEIGHT for value, _, _ in ordered]
    found: dict[str, list[dict[str, Any]]] = {"plain_labels": [], "target_labels": []}
    for (_, words, colour), place in zip(ordered, spread(wanted, LABEL_GAP, HEIGHT), strict=True):
        row = {"words": words, "value": high - place / HEIGHT * (high - low)}
        found["target_labels" if colour == DARK_PINK else "plain_labels"].append(row)
    return found


def _beside(labels: tuple[str, ...]) -> list[Any]:
    import altair as alt

    text = {"align": "left", "baseline": "middle", "dx": 8, "fontSize": TEXT, "clip": False}
    looks = {
        "plain_labels": {"color": DARK_GREY},
        "target_labels": {"color": DARK_PINK, "fontWeight": "bold"},
    }
    return [
        _of(table)
        .mark_text(**text, **looks[table])
        .encode(x=alt.XValue(WIDTH), y=_share("value:Q"), text=alt.Text("words:N"))
        for table in labels
    ]


def spread(wanted: Sequence[float], gap: float, height: float) -> list[float]:
    """Positions near the wanted ones (ascending), no two closer than `gap`, none beyond `height` where they fit."""
    places: list[float] = []
    for want in wanted:
        places.append(max(want, places[-1] + gap) if places else max(want, 0.0))
    limit = height
    for number in reversed(range(len(places))):
        places[number] = min(places[number], limit)
        limit = places[number] - gap
    return places


def _funnel(data: Mapping[str, Any]) -> Sheet:
    curves, points = data["curves"], data["points"]
    # Where cases are few the limits run to 0 and 100 %: what is shown is where the units lie.
    middle = [row[name] for row in curves[len(curves) // 6 :] for name in ("low_998", "high_998")]
    low, high = _around([*middle, *(point["value"] for point in points)])
    sizes = [row["n"] for row in curves] or [1, 2]
    labels, named = _side_labels(_ends_of_funnel(data), low, high), _named_points(points, sizes)
    shown = [{k: v if k == "n" else min(max(v, low), high) for k, v in row.items()} for row in curves]
    tables = {"curves": shown, "points": points, "pooled": [{"value": data["pooled"]}], **named, **labels}
    settings = {"fewest": min(sizes), "most": max(sizes), **_share_settings(low, high)}
    return Sheet((_filled(named), _filled(labels), len(points) > MANY), tables, settings)


def _funnel_layers(named: tuple[str, ...], labels: tuple[str, ...], many: bool) -> Any:
    import altair as alt

    scale = alt.Scale(domain=[alt.ExprRef("fewest"), alt.ExprRef("most")], nice=False, zero=False)
    axis = alt.Axis(title="Cases judged", tickCount=5, grid=False, format=",d", domainColor=INK, tickColor=INK)
    x, y = alt.X("n:Q", scale=scale, axis=axis), _share
    limits = (("low_95", [2, 3]), ("high_95", [2, 3]), ("low_998", [1, 0]), ("high_998", [1, 0]))
    pooled = {"color": DARK_PINK, "strokeWidth": 2, "strokeDash": [9, 4]}
    layers = [
        *(
            _of("curves").mark_line(color=DARK_GREY, strokeWidth=1.5, strokeDash=dash).encode(x=x, y=y(f"{name}:Q"))
            for name, dash in limits
        ),
        _of("pooled").mark_rule(**pooled).encode(y=y("value:Q")),
        _marked("place", _PLACES, many).encode(x=x, y=y("value:Q")),
        *_point_names(named, x),
        *_beside(labels),
    ]
    return _finished(alt.layer(*layers), MET)


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
        _of(align)
        .mark_text(align=align, dx=10 if align == "left" else -10, fontSize=TEXT - 1, **look)
        .encode(x=x, y=_share("value:Q"), text=alt.Text("name:N"))
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
        (data["pooled"], f"All {_number(data['pooled'])}", DARK_PINK),
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
        _of("stages").mark_rule(color=DARK_GREY, strokeWidth=2).encode(y=y, x=x, x2=x2),
        _of("stages").mark_tick(color=DARK_GREY, thickness=2, size=16).encode(y=y, x=alt.X("p90:Q")),
        _of("stages").mark_bar(color=DARK_BLUE, size=24).encode(y=y, x=x),
        _of("costliest").mark_bar(color=ORANGE, size=24, stroke=INK, strokeWidth=2).encode(y=y, x=x),
        _of("stages").mark_text(**label).encode(y=y, x=alt.XValue(WIDTH), text=alt.Text("words:N")),
    ]
    heading = "Bar: half take no longer. Line: nine of ten take no longer."
    return _finished(alt.layer(*layers), heading, 52 * max(1, stages))


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


_KINDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], Sheet], Callable[..., Any]]] = {
    "process": (_process, _process_layers),
    "funnel": (_funnel, _funnel_layers),
    "delay": (_delay, _delay_layers),
}


def _finished(chart: Any, heading: str, height: int = HEIGHT) -> Any:
    """The look of every chart; `heading` says over the upright axis what it measures."""
    import altair as alt

    title = alt.Title(heading, anchor="start", frame="bounds", fontSize=TEXT, fontWeight="normal", color=INK, offset=24)
    axis = {"labelFontSize": TEXT, "labelColor": INK, "titleFontSize": TEXT, "titleFontWeight": "normal"}
    return (
        chart.properties(
            width=WIDTH, height=height, title=title, padding={"left": 4, "right": 4, "top": 4, "bottom": 4}
        )
        .configure(background="white", font=FONT, aria=False)
        .configure_view(stroke=None)
        .configure_axis(**axis, titleColor=INK, titlePadding=10, gridColor=GRID)
    )


_ROUNDED = re.compile(r"-?\d+\.\d{2,}")


def _named(drawn: str, chart: Chart) -> str:
    """What a reader needs of the drawing: one image with a title and a description, no leftovers of the drawer."""
    root = ElementTree.fromstring(drawn)
    parents = {child: parent for parent in root.iter() for child in parent}
    for element in list(root.iter()):
        if element.get("opacity") == "0" or element.get("display") == "none" or element.get("d") == "M0,0h0v0h0Z":
            parents[element].remove(element)
        for name in [key for key in element.attrib if key in _LEFTOVERS or key.startswith("aria")]:
            del element.attrib[name]
        for name in ("transform", "d", "x2", "y2"):
            if name in element.attrib:
                element.set(name, _ROUNDED.sub(lambda number: f"{float(number[0]):.1f}", element.attrib[name]))
    key = f"chart-{chart.fingerprint[:12]}"
    root.attrib.update({"role": "img", "aria-labelledby": f"{key}-title {key}-finding"})
    root.set("font-family", FONT)
    for place, (tag, part, words) in enumerate((("title", "title", chart.title), ("desc", "finding", chart.finding))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{key}-{part}"})
        element.text = words
        root.insert(place, element)
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")


_LEFTOVERS = {"role", "class", "pointer-events", "font-family"}
