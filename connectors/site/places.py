"""A measure in the areas and neighbourhoods of a force: a funnel, and every place with its n and interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from checks.commitment import Measure
from connectors.site import addresses, comparing, downloads, figure_lines, words
from connectors.site.measuring import Measuring
from connectors.site.page import Page
from connectors.site.reading import Row

# So many lines fill a page of less than 150 kB.
LINES = 150


def pages(measuring: Measuring, measure: Measure, force: str) -> Iterator[Page]:
    """One page, or several of `LINES` lines each; none where the measure has no figures of places."""
    rows = measuring.places(measure.name, force)
    parts = [rows[start : start + LINES] for start in range(0, len(rows), LINES)]
    name = measuring.reading.name(force)
    here = addresses.places(measure.name, force)
    above = addresses.force_measure(measure.name, force)
    for number, part in enumerate(parts, 1):
        title = f"{words.capital(measure.title)}, {name}: areas and neighbourhoods"
        content = {
            "measure": figure_lines.measure_told(measure),
            "name": name,
            "period": words.period(rows[0]["period"], rows[0]["period_start"]),
            "force_address": above,
            "groups": _groups(measuring, part),
            "funnels": comparing.funnels_of_places(measuring, measure, force) if number == 1 else [],
            "number": number,
            "others": [(n, addresses.places(measure.name, force, n)) for n in range(1, len(parts) + 1)],
            "downloads": [(form, addresses.download(here, form)) for form in downloads.FORMS],
        }
        yield Page(
            addresses.places(measure.name, force, number),
            title if number == 1 else f"{title}, page {number}",
            "places.html",
            content,
            description=f"{measure.promise} In each area and neighbourhood.",
            crumbs=(
                ("Measures", addresses.measures()),
                (words.capital(measure.title), addresses.measure(measure.name)),
                (name, above),
            ),
            run=measuring.reading.newest_run_of(part),
        )


def _groups(measuring: Measuring, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The lines by standard, areas before the neighbourhoods in them."""
    titles = dict.fromkeys(measuring.standard_title(row["standard"]) for row in rows)
    main = measuring.reading.known.main
    first = {measuring.standard_title(row["standard"]) for row in rows if row["standard"] in main}
    return [
        {
            "title": title,
            "lines": [_line(row) for row in rows if measuring.standard_title(row["standard"]) == title],
        }
        for title in sorted(titles, key=lambda title: (title not in first, title))
    ]


def _line(row: Row) -> dict[str, Any]:
    return {
        **figure_lines.plain(row),
        "place": row["neighbourhood"] or row["area"],
        "is_area": not row["neighbourhood"],
        "tag": words.tag_of(row),
        "signal": row["signal"],
        "trace": figure_lines.trace(row),
    }
