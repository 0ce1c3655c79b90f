"""Draws a chart as SVG: Altair says what, vl-convert draws it, nothing is fetched and nothing runs at the reader's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from connectors.site.chart_layers import KINDS
from connectors.site.chart_parts import FONT
from connectors.site.charts import Chart

_SVG = "http://www.w3.org/2000/svg"


def draw(chart: Chart) -> str:
    """The chart as one `<svg>` element: role img, named by its title and described by its finding."""
    import vl_convert

    look, tables, settings = KINDS[chart.kind][0](chart.data)
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
        spec = KINDS[kind][1](*look).to_dict(validate=False)
    spec["params"] = [{"name": name, "value": 0} for name in settings]
    found: dict[str, Any] = vl_convert.vegalite_to_vega(spec)
    return found


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
