"""Forces and neighbourhoods beside each other: in funnels, never in a league without numbers of cases and limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.commitment import Measure
from checks.feeds import ALL
from checks.funnel import Place
from connectors.site import addresses, chart_findings, charts, figure_lines, words
from connectors.site.measuring import Measuring
from connectors.site.page import Page
from connectors.site.reading import Row

_TAGS = {Place.BETTER: "better", Place.WORSE: "worse", Place.NEAR_BETTER: "near", Place.NEAR_WORSE: "near"}
WITHHELD = "Comparisons of this measure are not published: with them suppressed numbers could be found out."


def pages(measuring: Measuring) -> Iterator[Page]:
    """A page for each measure that can be compared, and a list of them with what each found."""
    listed = []
    for measure in measuring.measures.values():
        page = _page(measuring, measure)
        yield page
        assert not callable(page.content)
        listed.append(
            {
                "title": measure.title,
                "number": measure.commitment,
                "address": page.address,
                "findings": [one["finding"] for one in page.content["funnels"]],
                "withheld": page.content["withheld"],
            }
        )
    yield Page(
        addresses.comparing(),
        "Compare",
        "compare.html",
        {"measures": listed},
        description="Forces and neighbourhoods beside each other: whose difference is more than chance?",
        in_az=True,
    )


def _page(measuring: Measuring, measure: Measure) -> Page:
    withheld = measuring.is_withheld(measure.name)
    forces = measuring.forces(measure.name)
    rows = [row for row in measuring.newest_of_forces(measure.name) if row["force"] != ALL]
    content = {
        "measure": figure_lines.measure_told(measure),
        "withheld": WITHHELD if withheld else "",
        "funnels": funnels_of_forces(measuring, measure),
        "compared": [] if withheld else [_compared(measuring, row) for row in rows],
        "period": words.period(rows[0]["period"], rows[0]["period_start"]) if rows else "",
        "places": [
            {"name": measuring.reading.name(force), "address": addresses.places(measure.name, force)}
            for force in forces
            if measuring.places(measure.name, force)
        ],
        "overview": addresses.measure(measure.name),
    }
    return Page(
        addresses.comparing(measure.name),
        f"Compare: {measure.title}",
        "compare_measure.html",
        content,
        description=f"{words.capital(measure.title)}: forces in a funnel, against last year and similar forces.",
        crumbs=(("Compare", addresses.comparing()),),
        run=measuring.reading.newest_run_of(rows),
    )


def _compared(measuring: Measuring, row: Row) -> dict[str, Any]:
    return {
        "name": measuring.reading.name(row["force"]),
        "address": addresses.force_measure(row["measure"], row["force"]),
        "standard_title": measuring.standard_title(row["standard"]),
        **figure_lines.plain(row),
        "against": [figure_lines.compared(one) for one in measuring.comparisons(row)],
    }


def funnels_of_forces(measuring: Measuring, measure: Measure) -> list[dict[str, Any]]:
    """The funnel of all forces by each standard, in the newest period that is over."""
    names = {force: measuring.reading.name(force) for force in measuring.forces(measure.name)}
    links = {force: addresses.force_measure(measure.name, force) for force in names}
    return _funnels(measuring, measure, measuring.newest_of_forces(measure.name), ALL, "forces", names, links)


def funnels_of_places(measuring: Measuring, measure: Measure, force: str) -> list[dict[str, Any]]:
    """The funnel of the neighbourhoods of a force by each standard, in the newest period that is over."""
    rows = measuring.places(measure.name, force)
    names = {row["neighbourhood"]: row["neighbourhood"] for row in rows if row["neighbourhood"]}
    what = f"neighbourhoods of {measuring.reading.name(force)}"
    return _funnels(measuring, measure, rows, force, what, names, {})


def _funnels(
    measuring: Measuring,
    measure: Measure,
    rows: Sequence[Row],
    within: str,
    what: str,
    names: Mapping[str, str],
    links: Mapping[str, str],
) -> list[dict[str, Any]]:
    if measuring.is_withheld(measure.name):
        return []
    main = measuring.reading.known.main
    by_standard = {row["standard"]: row for row in sorted(rows, key=lambda row: row["standard"] not in main)}
    told: dict[str, dict[str, Any]] = {}
    for standard, row in by_standard.items():
        placed = measuring.funnel(row, within)
        if placed:
            one = _funnel(measure, placed, what, names, links)
            # Two standards that count alike have one funnel.
            same = told.setdefault(one["chart"].fingerprint, one | {"standards": []})
            same["standards"].append(measuring.standard_title(standard))
    return list(told.values())


def _funnel(
    measure: Measure,
    rows: Sequence[Row],
    what: str,
    names: Mapping[str, str],
    links: Mapping[str, str],
) -> dict[str, Any]:
    when = words.period(rows[0]["period"], rows[0]["period_start"])
    finding = chart_findings.of_funnel(measure.title, what, when, rows, names)
    title = f"{words.capital(measure.title)}: {what}, {when}"
    return {
        "period": when,
        "what": what,
        "finding": finding,
        "note": rows[0]["note"],
        "chart": charts.funnel_chart(title, finding, rows, names),
        "units": [
            {
                "name": names.get(row["unit"], row["unit"]),
                "address": links.get(row["unit"], ""),
                "numerator": row["numerator"],
                "denominator": row["denominator"],
                "rate": words.share(row["rate"]),
                "limits_95": f"{words.share(row['low_95'])} to {words.share(row['high_95'])}",
                "limits_998": f"{words.share(row['low_998'])} to {words.share(row['high_998'])}",
                "place": words.capital(row["place"]),
                "kind": _TAGS.get(row["place"], "inside"),
            }
            for row in sorted(rows, key=lambda row: names.get(row["unit"], row["unit"]).casefold())
        ],
    }
