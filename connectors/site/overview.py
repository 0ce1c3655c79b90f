"""All forces beside each other: the first page, a page for each period, the list of periods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from checks.verdict import Verdict
from connectors.site import addresses, words
from connectors.site.glance import signed, standard_title, tags, worst_missed
from connectors.site.page import Page
from connectors.site.reading import Period, Reading

CLOSING = "0"
NAVIGATION = (("At a glance", addresses.INDEX), ("Periods", addresses.periods()))


def pages(reading: Reading) -> Iterator[Page]:
    every: list[Period] = [("month", month) for month in reading.months] + [("year", year) for year in reading.years]
    boards = {period: board(reading, period) for period in every}
    for period, content in boards.items():
        yield Page(
            addresses.period(*period),
            f"All forces, {words.period(*period)}",
            "period.html",
            content,
            description=content["headline"],
            crumbs=(("Periods", addresses.periods()),),
            run=reading.newest_run_of(row for force in reading.forces for row in reading.figures_of(force, period)),
            in_az=True,
        )
    yield Page(
        addresses.periods(),
        "Periods",
        "periods.html",
        {"groups": [("Months", _links(reading, every, "month")), ("Years", _links(reading, every, "year"))]},
        description="Every month and year the promises were judged for.",
        in_az=True,
    )
    yield _first(reading, boards)


def _links(reading: Reading, every: list[Period], kind: str) -> list[dict[str, Any]]:
    return [
        {
            "words": words.period(*period),
            "address": addresses.period(*period),
            "note": "not over yet" if not reading.is_closed(period)
            else "provisional" if reading.is_provisional(period) else "final",
        }
        for period in every
        if period[0] == kind
    ]  # fmt: skip


def _first(reading: Reading, boards: dict[Period, dict[str, Any]]) -> Page:
    month = reading.newest_closed or (reading.months[0] if reading.months else None)
    content = boards[("month", month)] if month else None
    return Page(
        addresses.INDEX,
        "Were the promises kept?",
        "index.html",
        {"board": content, "as_at": reading.as_at, "forces": _entries(reading)},
        description="The ten promises of the Policing Pledge, every force, the newest closed month.",
        in_az=True,
    )


def _entries(reading: Reading) -> list[dict[str, str]]:
    return [{"name": reading.name(force), "address": addresses.force(force)} for force in reading.forces]


def board(reading: Reading, period: Period) -> dict[str, Any]:
    """The commitments of every force in one period; forces with most broken promises first."""
    rows = [_row(reading, force, period) for force in reading.forces]
    rows.sort(key=lambda row: (not row["tags"], -row["missed"], -row["unjudged"], row["name"].casefold()))
    return {
        "period": words.period(*period),
        "address": addresses.period(*period),
        "is_closed": reading.is_closed(period),
        "provisional": reading.is_provisional(period),
        "numbers": list(words.COMMITMENTS),
        "titles": words.COMMITMENTS,
        "rows": rows,
        "headline": _headline(words.period(*period), rows, reading.is_closed(period)),
        "standard": standard_title(reading),
        "signed": signed(reading, period),
    }


def _row(reading: Reading, force: str, period: Period) -> dict[str, Any]:
    found = tags(reading, force, period)
    counts = Counter(tag for number, tag in found.items() if number != CLOSING)
    return {
        "name": reading.name(force),
        "force": force,
        "address": addresses.force_period(*period, force) if reading.figures_of(force, period) else "",
        "tags": found,
        "missed": counts[Verdict.MISSED],
        "judged": counts[Verdict.MISSED] + counts[Verdict.KEPT] + counts[words.CONDITIONAL],
        "unjudged": counts[Verdict.CANNOT_JUDGE],
        "worst": worst_missed(reading, force, period),
    }


def _headline(period: str, rows: list[dict[str, Any]], is_closed: bool) -> str:
    """What all forces did in a period, in a sentence."""
    judged = sum(row["judged"] for row in rows)
    if not is_closed:
        return f"{period} is not over: there are no verdicts for it yet."
    if not judged:
        return f"No promise could be judged for {period}."
    missed = sum(row["missed"] for row in rows)
    forces = sum(1 for row in rows if row["judged"])
    of = f"{words.counted(judged, 'promise')} that could be judged in {words.counted(forces, 'force')}"
    return f"In {period} {missed:,} of the {of} {'was' if missed == 1 else 'were'} missed."
