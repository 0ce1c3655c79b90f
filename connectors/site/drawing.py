"""Draws a chart as SVG: Altair says what, vl-convert draws it, nothing is fetched and nothing runs at the reader's.

Colours are the Analysis Function's; no meaning is told by colour alone. Text stays text, in the reader's own fonts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from xml.etree import ElementTree

from connectors.site.charts import Chart

DARK_BLUE, TURQUOISE, DARK_PINK, ORANGE, DARK_GREY, PURPLE = (
    "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1",
)  # fmt: skip
BAND, GRID, INK = "#E7EDF3", "#DEE0E2", "#0B0C0C"
Tables = Mapping[str, Sequence[Mapping[str, Any]]]
Drawing = tuple[Any, Tables]
MET = "Per cent of cases met"
FONT = "Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 430, 280  # of the plot; with what is written around it 600 wide, legible on a phone
TEXT = 15
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


def draw(chart: Chart) -> str:
    """The chart as one `<svg>` element: role img, named by its title and described by its finding."""
    import vl_convert
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):  # every part would be checked against the schema, and copied with its data
        drawing, tables = _KINDS[chart.kind](chart.data)
        spec = drawing.to_dict(validate=False) | {"datasets": tables}
    return _named(vl_convert.vegalite_to_svg(spec), chart)


def _of(table: str) -> Any:
    """A layer on one of the tables that are put into the finished drawing."""
    import altair as alt

    return alt.Chart(alt.NamedData(table))


def _process(data: Mapping[str, Any]) -> Drawing:
    import altair as alt

    low, high = _range(data)
    x = alt.X("at:T", scale=alt.Scale(type="utc", domain=_span(data), nice=False), axis=_time_axis(data))
    y = _share_axis(low, high)
    of_phase = alt.Detail("phase:N")
    edge = {"color": DARK_GREY, "strokeDash": [2, 3], "strokeWidth": 1.5}
    target = {"color": DARK_PINK, "strokeDash": [9, 4], "strokeWidth": 2.5}
    points, labels = data["points"], _side_labels(_ends_of_lines(data), low, high)
    layers = [
        _of("limits").mark_area(color=BAND).encode(x=x, y=y("lower:Q"), y2="upper:Q", detail=of_phase),
        _of("limits").mark_line(**edge).encode(x=x, y=y("lower:Q"), detail=of_phase),
        _of("limits").mark_line(**edge).encode(x=x, y=y("upper:Q"), detail=of_phase),
        _of("lines").mark_line(color=DARK_GREY, strokeWidth=1.5).encode(x=x, y=y("centre:Q"), detail=of_phase),
        _of("target").mark_line(**target).encode(x=x, y=y("value:Q"), detail=alt.Detail("stretch:N")),
        *(_changes(x) if data["changes"] else ()),
        _of("points").mark_line(color=DARK_BLUE, strokeWidth=2).encode(x=x, y=y("value:Q")),
        _marked("shape", _SIGNALS, len(points)).encode(x=x, y=y("value:Q")),
        *_beside(labels, y),
    ]
    tables = {
        **{name: data[name] for name in ("lines", "target", "points", "changes")},
        "limits": [row for row in data["lines"] if "lower" in row],
        **labels,
    }
    return _finished(alt.layer(*layers), "Per cent of what was measured" if data["measured"] else MET), tables


def _changes(x: Any) -> list[Any]:
    import altair as alt

    text = {"fontSize": TEXT, "fontWeight": "bold", "color": INK, "baseline": "bottom"}
    return [
        _of("changes").mark_rule(color=INK, strokeWidth=1.5, strokeDash=[1, 2]).encode(x=x),
        _of("changes").mark_text(**text).encode(x=x, y=alt.YValue(-2), text=alt.Text("letter:N")),
    ]


def _marked(by: str, shapes: Mapping[str, tuple[str, str]], points: int) -> Any:
    """Points whose meaning is told by shape and by colour; ordinary ones shrink where there are many."""
    import altair as alt

    names = list(shapes)
    shape = alt.Scale(domain=names, range=[shapes[name][0] for name in names])
    colour = alt.Scale(domain=names, range=[shapes[name][1] for name in names])
    plain = 70 if points <= 45 else 24
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


def _share_axis(low: float, high: float) -> Callable[[str], Any]:
    import altair as alt

    places = 0 if high - low >= 8 else 1
    axis = alt.Axis(
        title=None, tickCount=5, labelExpr=f"format(datum.value, '.{places}f') + ' %'", grid=True, domain=False,
        ticks=False, labelPadding=6,
    )  # fmt: skip
    return lambda field: alt.Y(field, scale=alt.Scale(domain=[low, high], nice=False, zero=False), axis=axis)


def _span(data: Mapping[str, Any]) -> list[str]:
    """From the first to the last corner of a line, so that the first and last points keep clear of the edges."""
    drawn = sorted(row["at"] for row in (*data["lines"], *data["target"]))
    return [drawn[0], drawn[-1]] if drawn else ["2000-01-01", "2000-01-02"]


def _time_axis(data: Mapping[str, Any]) -> Any:
    import altair as alt

    ticks, form = time_ticks([date.fromisoformat(point["at"]) for point in data["points"]], data["period"])
    values = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in ticks]
    words = f"utcFormat(datum.value, '{form}')"
    return alt.Axis(
        title=None, values=values, labelExpr=words, grid=False, labelOverlap=False, labelBound=False,
        labelFlush=False, tickSize=6, domainColor=INK, tickColor=INK,
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


def _beside(labels: Tables, y: Callable[[str], Any]) -> list[Any]:
    import altair as alt

    text = {"align": "left", "baseline": "middle", "dx": 8, "fontSize": TEXT, "clip": False}
    looks = {
        "plain_labels": {"color": DARK_GREY},
        "target_labels": {"color": DARK_PINK, "fontWeight": "bold"},
    }
    return [
        _of(table)
        .mark_text(**text, **looks[table])
        .encode(x=alt.XValue(WIDTH), y=y("value:Q"), text=alt.Text("words:N"))
        for table, rows in labels.items()
        if rows
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


def _funnel(data: Mapping[str, Any]) -> Drawing:
    import altair as alt

    curves, points = data["curves"], data["points"]
    # Where cases are few the limits run to 0 and 100 %: what is shown is where the units lie.
    middle = [row[name] for row in curves[len(curves) // 6 :] for name in ("low_998", "high_998")]
    low, high = _around([*middle, *(point["value"] for point in points)])
    sizes = [row["n"] for row in curves] or [1, 2]
    x, y = _size_axis(sizes), _share_axis(low, high)
    labels, named = _side_labels(_ends_of_funnel(data), low, high), _named_points(points, sizes)
    limits = (("low_95", [2, 3]), ("high_95", [2, 3]), ("low_998", [1, 0]), ("high_998", [1, 0]))
    pooled = {"color": DARK_PINK, "strokeWidth": 2, "strokeDash": [9, 4]}
    layers = [
        *(
            _of("curves").mark_line(color=DARK_GREY, strokeWidth=1.5, strokeDash=dash).encode(x=x, y=y(f"{name}:Q"))
            for name, dash in limits
        ),
        _of("pooled").mark_rule(**pooled).encode(y=y("value:Q")),
        _marked("place", _PLACES, len(points)).encode(x=x, y=y("value:Q")),
        *_point_names(named, x, y),
        *_beside(labels, y),
    ]
    shown = [{k: v if k == "n" else min(max(v, low), high) for k, v in row.items()} for row in curves]
    tables = {"curves": shown, "points": points, "pooled": [{"value": data["pooled"]}], **named, **labels}
    return _finished(alt.layer(*layers), MET), tables


def _size_axis(sizes: Sequence[int]) -> Any:
    import altair as alt

    scale = alt.Scale(domain=[min(sizes), max(sizes)], nice=False, zero=False)
    axis = alt.Axis(title="Cases judged", tickCount=5, grid=False, format=",d", domainColor=INK, tickColor=INK)
    return alt.X("n:Q", scale=scale, axis=axis)


def _named_points(points: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> Tables:
    """The points that are named, by the side of them that has room for the name."""
    middle = (min(sizes) + max(sizes)) / 2
    sides: dict[str, list[dict[str, Any]]] = {"left": [], "right": []}
    for point in points:
        if point["name"]:
            words = point["name"] if len(point["name"]) <= 24 else point["name"][:23] + "…"
            sides["right" if point["n"] > middle else "left"].append({**point, "name": words})
    return sides


def _point_names(named: Tables, x: Any, y: Callable[[str], Any]) -> list[Any]:
    import altair as alt

    halo = {"stroke": "white", "strokeWidth": 4, "color": "white"}
    return [
        _of(align)
        .mark_text(align=align, dx=10 if align == "left" else -10, fontSize=TEXT - 1, **look)
        .encode(x=x, y=y("value:Q"), text=alt.Text("name:N"))
        for align, side in named.items()
        if side
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


def _delay(data: Mapping[str, Any]) -> Drawing:
    import altair as alt

    rows = [
        {**row, "median": row["median"] / 60, "p90": row["p90"] / 60, "words": _duration(row["median"])}
        for row in data["stages"]
    ]
    longest = max((row["p90"] for row in rows), default=1) * 1.05
    y = alt.Y("stage:N", sort=None, axis=alt.Axis(title=None, ticks=False, domain=False, labelPadding=8))
    axis = alt.Axis(title="Minutes", tickCount=5, format="~f", grid=True, domain=False, ticks=False)
    x, x2 = alt.X("median:Q", axis=axis, scale=alt.Scale(domain=[0, longest], nice=False)), alt.X2("p90:Q")
    nine = {"color": DARK_GREY, "strokeWidth": 2}
    label = {"align": "left", "baseline": "middle", "dx": 8, "fontSize": TEXT, "color": DARK_GREY}
    layers = [
        _of("stages").mark_rule(**nine).encode(y=y, x=x, x2=x2),
        _of("stages").mark_tick(color=DARK_GREY, thickness=2, size=16).encode(y=y, x=alt.X("p90:Q")),
        _of("stages").mark_bar(color=DARK_BLUE, size=24).encode(y=y, x=x),
        _of("most").mark_bar(color=ORANGE, size=24, stroke=INK, strokeWidth=2).encode(y=y, x=x),
        _of("stages").mark_text(**label).encode(y=y, x=alt.XValue(WIDTH), text=alt.Text("words:N")),
    ]
    tables = {"stages": rows, "most": [row for row in rows if row["most"]]}
    heading = "Bar: half take no longer. Line: nine of ten take no longer."
    return _finished(alt.layer(*layers), heading, 52 * max(1, len(rows))), tables


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Drawing]] = {"process": _process, "funnel": _funnel, "delay": _delay}


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
