"""The measures: a list of them, each in all forces, each in one force through time, and forces beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from markupsafe import Markup

from checks.commitment import Measure
from connectors.site import addresses, comparing, downloads, figure_lines, force_measure, places, words
from connectors.site.charts import Chart
from connectors.site.downloads import Table
from connectors.site.measuring import Measuring
from connectors.site.page import File, Page
from connectors.site.reading import Reading, Row

NAVIGATION = (("Measures", addresses.measures()), ("Compare", addresses.comparing()))
_CRUMB = ("Measures", addresses.measures())


@dataclass(frozen=True)
class Draft:
    """A page whose charts are not drawn yet: wherever its content has a `Chart`, the page has the drawing."""

    page: Page
    charts: tuple[Chart, ...]


def pages(reading: Reading) -> Iterator[Page | File]:
    """Every page of measures, the drawings in them, the files of their tables."""
    measuring = Measuring(reading)
    drafts = list(_drafts(measuring))
    drawings = reading.known.drawings
    used = {drawing.address: drawing for draft in drafts for drawing in map(drawings.file, draft.charts)}
    drawings.draw_missing(chart for draft in drafts for chart in draft.charts)
    yield from used.values()
    for each in drafts:
        yield each.page
    yield from _files(measuring)


def _drafts(measuring: Measuring) -> Iterator[Draft]:
    yield Draft(_index(measuring), ())
    for measure in measuring.measures.values():
        yield _draft(measuring, _overview(measuring, measure))
        for force in measuring.forces(measure.name):
            yield _draft(measuring, _of_force(measuring, measure, force))
            for page in places.pages(measuring, measure, force):
                yield _draft(measuring, page)
    for page in comparing.pages(measuring):
        yield _draft(measuring, page)


def _draft(measuring: Measuring, page: Page) -> Draft:
    """The page as it will be: drawn only when it is written, known by what its charts show."""
    content = page.content
    assert not callable(content)
    found = tuple(_charts_in(content))
    drawings = measuring.reading.known.drawings

    def drawn() -> Mapping[str, Any]:
        return {**content, "svg": lambda chart: Markup(drawings.svg(chart))}

    return Draft(replace(page, content=drawn, inputs=content), found)


def _charts_in(content: Mapping[str, Any]) -> Iterator[Chart]:
    """The charts of a page: one for each standard, of the delays, of each funnel."""
    by_standard = [one["chart"] for one in content.get("judged", ())]
    for part in (*by_standard, content.get("delays"), *content.get("funnels", ())):
        if part and part["chart"]:
            yield part["chart"]


def _index(measuring: Measuring) -> Page:
    """Every measure, by commitment."""
    found = sorted(measuring.measures.values(), key=lambda one: (one.commitment == 0, one.commitment, one.title))
    groups = [
        {
            "number": number,
            "title": words.COMMITMENTS.get(number, ""),
            "measures": [
                {"title": one.title, "promise": one.promise, "address": addresses.measure(one.name)} for one in own
            ],
        }
        for number, own in groupby(found, key=lambda one: one.commitment)
    ]
    return Page(
        addresses.measures(),
        "Measures",
        "measures.html",
        {"groups": groups},
        description="What is counted for each promise, in all forces and in one through time.",
        in_az=True,
    )


def _overview(measuring: Measuring, measure: Measure) -> Page:
    """A measure in all forces, in the newest period that is over."""
    rows = measuring.newest_of_forces(measure.name)
    lines = [_line(measuring, row) for row in rows]
    content = {
        "measure": figure_lines.measure_told(measure),
        "lines": lines,
        "standards": list(dict.fromkeys(line["standard_title"] for line in lines)),
        "funnels": comparing.funnels_of_forces(measuring, measure),
        "withheld": measuring.is_withheld(measure.name),
        "compare": addresses.comparing(measure.name),
        "downloads": [
            (form, addresses.download(addresses.measure(measure.name), form))
            for form in (*downloads.FORMS, downloads.WORKBOOK)
        ],
    }
    return Page(
        addresses.measure(measure.name),
        words.capital(measure.title),
        "measure.html",
        content,
        description=f"{measure.promise} In all forces, with interval and verdict.",
        crumbs=(_CRUMB,),
        run=measuring.reading.newest_run_of(rows),
        in_az=True,
    )


def _line(measuring: Measuring, row: Row) -> dict[str, Any]:
    """A force in the table of a measure."""
    return {
        **figure_lines.plain(row),
        "name": measuring.reading.name(row["force"]),
        "address": addresses.force_measure(row["measure"], row["force"]) if row["force"] != "all" else "",
        "words": words.period(row["period"], row["period_start"]),
        "standard_title": measuring.standard_title(row["standard"]),
        "tag": words.tag_of(row),
        "signal": row["signal"],
        "assurance": row["assurance"],
    }


def _of_force(measuring: Measuring, measure: Measure, force: str) -> Page:
    content = force_measure.told(measuring, measure, force)
    address = addresses.force_measure(measure.name, force)
    newest = next((one["newest"] for one in content["judged"] if one["newest"]), None)
    figure = (
        f"{newest['period']}: {words.tag_word(newest['tag'])}, {newest['figure']}." if newest else "No period is over."
    )
    shown = [row for one in measuring.judged(measure.name, force) for row in (*one.rows, *one.days)]
    return Page(
        address,
        f"{words.capital(measure.title)}, {measuring.reading.name(force)}",
        "force_measure.html",
        {**content, "downloads": [(form, addresses.download(address, form)) for form in downloads.FORMS]},
        description=figure,
        crumbs=(_CRUMB, (words.capital(measure.title), addresses.measure(measure.name))),
        run=measuring.reading.newest_run_of(shown),
    )


def _files(measuring: Measuring) -> Iterator[File]:
    """What the tables of the pages hold, every period of them; of a measure in all forces a workbook, too."""
    for measure in measuring.measures.values():
        every: list[Row] = []
        title = words.capital(measure.title)
        for force in measuring.forces(measure.name):
            closed = [row for one in measuring.judged(measure.name, force) for row in measuring.closed(one.rows)]
            every += closed
            named = f"{title}, {measuring.reading.name(force)}"
            yield from downloads.files(addresses.force_measure(measure.name, force), _table(named, measure, closed))
            found = measuring.places(measure.name, force)
            if found:
                table = _table(f"{named}: areas and neighbourhoods", measure, found)
                yield from downloads.files(addresses.places(measure.name, force), table)
        if every:
            table = _table(f"{title}, all forces", measure, every)
            yield from downloads.files(addresses.measure(measure.name), table, (*downloads.FORMS, downloads.WORKBOOK))


COLUMNS = {
    "standard": "Standard",
    "measure": "Measure",
    "force": "Force",
    "area": "Area",
    "neighbourhood": "Neighbourhood",
    "period": "Period",
    "period_start": "First day",
    "numerator": "Met",
    "denominator": "Judged",
    "rate": "Rate",
    "rate_low": "Lower end of the 95 % interval",
    "rate_high": "Upper end of the 95 % interval",
    "target": "Target",
    "verdict": "Verdict",
    "unknown": "Could not be judged",
    "rate_if_unknown_missed": "Rate if those were missed",
    "rate_if_unknown_met": "Rate if those were met",
    "pending": "Still open",
    "excluded": "Left out",
    "restated": "Restated",
    "restated_why": "Why it was restated",
    "signal": "Variation",
    "assurance": "If nothing changes",
    "trace": "Command that traces it",
}


def _table(title: str, measure: Measure, rows: Sequence[Row]) -> Table:
    notes = (
        f"Promise: {measure.promise}",
        f"What is counted: {measure.case}",
        f"Left out: {measure.leaves_out}",
        "Only periods that are over. Rates are shares between 0 and 1; intervals are Wilson's at 95 %.",
        f"Source of the promise: {measure.source}",
    )
    full = [
        {**row, "rate_if_unknown_met": figure_lines.if_unknown_met(row), "trace": figure_lines.trace(row)}
        for row in rows
    ]
    return Table(title, notes, COLUMNS, full)
