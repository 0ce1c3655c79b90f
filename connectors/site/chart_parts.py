"""What charts of every kind are drawn of: their look, axes, marks, and the labels beside them.

Colours are the Analysis Function's; no meaning is told by colour alone. Text stays text, in the reader's own fonts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

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


class Sheet(NamedTuple):
    """What one chart puts into the drawing of its kind.

    Attributes:
        look: decides the layers; charts of one look are compiled once, which takes twice as long as drawing one.
        tables, settings: filled into what was compiled.
    """

    look: tuple[Any, ...]
    tables: Tables
    settings: Mapping[str, Any]


def of(table: str) -> Any:
    """A layer on one of the tables that are put into the finished drawing."""
    import altair as alt

    return alt.Chart(alt.NamedData(table))


def marked(by: str, shapes: Mapping[str, tuple[str, str]], many: bool) -> Any:
    """Points whose meaning is told by shape and by colour; ordinary ones shrink where there are many."""
    import altair as alt

    names = list(shapes)
    shape = alt.Scale(domain=names, range=[shapes[name][0] for name in names])
    colour = alt.Scale(domain=names, range=[shapes[name][1] for name in names])
    plain = 24 if many else 70
    size = alt.Scale(domain=names, range=[plain if n == 0 else 160 for n in range(len(names))])
    mark = of("points").mark_point(filled=True, opacity=1, stroke="white", strokeWidth=1)
    return mark.encode(
        shape=alt.Shape(f"{by}:N", scale=shape, legend=None),
        color=alt.Color(f"{by}:N", scale=colour, legend=None),
        size=alt.Size(f"{by}:N", scale=size, legend=None),
    )


def around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=100.0)
    margin = max((high - low) * 0.08, 1.0)
    return max(0.0, low - margin), min(100.0, max(high + margin, low + 1.0))


def share_settings(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high, "places": ".0f" if high - low >= 8 else ".1f"}


def share(field: str) -> Any:
    """The upright axis, in per cent, from the setting `low` to `high`."""
    import altair as alt

    axis = alt.Axis(
        title=None, tickCount=5, labelExpr="format(datum.value, places) + ' %'", grid=True, domain=False, ticks=False,
        labelPadding=6,
    )  # fmt: skip
    scale = alt.Scale(domain=[alt.ExprRef("low"), alt.ExprRef("high")], nice=False, zero=False)
    return alt.Y(field, scale=scale, axis=axis)


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") + " %"


def side_labels(labels: Iterable[tuple[float, str, str]], low: float, high: float) -> Tables:
    """Labels to the right of the plot, pushed apart so that none covers another: one table for each colour."""
    ordered = sorted(labels, key=lambda label: -label[0])
    wanted = [(high - value) / (high - low) * HEIGHT for value, _, _ in ordered]
    found: dict[str, list[dict[str, Any]]] = {"plain_labels": [], "target_labels": []}
    for (_, words, colour), place in zip(ordered, spread(wanted, LABEL_GAP, HEIGHT), strict=True):
        row = {"words": words, "value": high - place / HEIGHT * (high - low)}
        found["target_labels" if colour == DARK_PINK else "plain_labels"].append(row)
    return found


def beside(labels: tuple[str, ...]) -> list[Any]:
    import altair as alt

    text = {"align": "left", "baseline": "middle", "dx": 8, "fontSize": TEXT, "clip": False}
    looks = {
        "plain_labels": {"color": DARK_GREY},
        "target_labels": {"color": DARK_PINK, "fontWeight": "bold"},
    }
    return [
        of(table)
        .mark_text(**text, **looks[table])
        .encode(x=alt.XValue(WIDTH), y=share("value:Q"), text=alt.Text("words:N"))
        for table in labels
    ]


def filled(tables: Tables) -> tuple[str, ...]:
    return tuple(name for name, rows in tables.items() if rows)


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


def finished(chart: Any, heading: str, height: int = HEIGHT) -> Any:
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
