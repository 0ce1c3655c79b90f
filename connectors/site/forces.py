"""A force now: its newest closed month, what the open one still allows, what its logs do, and its months in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from connectors.site import addresses, sentences, words
from connectors.site.glance import budgets, glance, tags
from connectors.site.page import Page
from connectors.site.reading import Reading

NAVIGATION = (("Forces", addresses.forces()),)
MONTHS = 13
"""Months in a row on a force's page: a year, and the same month of the year before."""


def pages(reading: Reading) -> Iterator[Page]:
    for force in reading.forces:
        yield _page(reading, force)
    yield Page(
        addresses.forces(),
        "Forces",
        "forces.html",
        {"forces": [{"name": reading.name(force), "address": addresses.force(force)} for force in reading.forces]},
        description="Every force whose logs are judged.",
        in_az=True,
    )


def _page(reading: Reading, force: str) -> Page:
    closed = _newest(reading, force, closed=True)
    opened = _newest(reading, force, closed=False)
    name = reading.name(force)
    shown = [month for month in reading.months if reading.figures_of(force, ("month", month))]
    rows = [row for month in shown[:MONTHS] for row in reading.figures_of(force, ("month", month))]
    summary = glance(reading, force, ("month", closed)) if closed else None
    left, logs = budgets(reading, force) if opened else [], feeds(reading, force)
    if summary and opened:
        for each in summary["commitments"]:
            each["budget"] = _left(each["number"], left, words.period("month", opened))
    content = {
        "force": force,
        "name": name,
        "closed": summary,
        "closed_address": addresses.force_period("month", closed, force) if closed else "",
        "open": words.period("month", opened) if opened else "",
        "open_address": addresses.force_period("month", opened, force) if opened else "",
        "budgets": left,
        "feeds": logs,
        "blind": _amiss(logs),
        "months": [_month(reading, force, month) for month in shown[:MONTHS]],
        "earlier": [_link(force, "month", month) for month in shown[MONTHS:]],
        "years": [_link(force, "year", year) for year in reading.years if reading.figures_of(force, ("year", year))],
        "numbers": [str(number) for number in words.COMMITMENTS],
        "titles": {str(number): title for number, title in words.COMMITMENTS.items()},
        "measures": _measures(reading, force),
    }
    return Page(
        addresses.force(force),
        name,
        "force.html",
        content,
        description=summary["headline"] if summary else f"{name}: no closed month was judged.",
        crumbs=(("Forces", addresses.forces()),),
        run=reading.newest_run_of(rows),
        in_az=True,
    )


def _left(commitment: int, left: Sequence[Mapping[str, Any]], month: str) -> str:
    """What the open month still allows of a commitment: by the tightest of its measures."""
    own = [each for each in left if each["commitment"] == commitment]
    if any(each["broken"] for each in own):
        return f"Can no longer be kept in {month}."
    known = [each["left"] for each in own if each["left"] is not None]
    if not known:
        return ""
    return f"Left in {month}: {words.counted(min(known), 'miss', 'misses') if min(known) else 'no miss'}."


def _amiss(logs: Sequence[Mapping[str, Any]]) -> str:
    """The logs that did not come, or cannot be used, in a sentence; '' where all is well."""
    told = {"unfit": "not fit to judge from", "silent": "did not come"}
    found = [
        f"{each['log']} since {words.day(each['since'])} ({told[each['state']]})"
        for each in logs
        if each["state"] in told
    ]
    return f"Logs amiss now: {words.listed(found)}." if found else ""


def _newest(reading: Reading, force: str, *, closed: bool) -> date | None:
    """The newest closed (or the open) month the force has figures of."""
    found = (month for month in reading.months if reading.is_closed(("month", month)) == closed)
    return next((month for month in found if reading.figures_of(force, ("month", month))), None)


def _month(reading: Reading, force: str, month: date) -> dict[str, Any]:
    return {**_link(force, "month", month), "tags": tags(reading, force, ("month", month))}


def _link(force: str, kind: str, start: date) -> dict[str, Any]:
    return {"words": words.period(kind, start), "address": addresses.force_period(kind, start, force)}


def feeds(reading: Reading, force: str) -> list[dict[str, Any]]:
    """The state of each log the force delivers, alone or in a file of several forces; what is amiss comes first."""
    told = {
        "fit": "Comes and is fit to judge from",
        "unfit": "Came, but is not fit to judge from",
        "silent": "Did not come",
    }
    own = [feed for feed in reading.known.feeds if feed.force in (force, "all", "")]
    return [
        {
            "log": words.capital(feed.log.replace("_", " ")),
            "state": feed.state,
            "told": told[feed.state],
            "since": feed.since,
            "reason": feed.reason,
        }
        for feed in sorted(own, key=lambda feed: (feed.state == "fit", feed.log))
    ]


def _measures(reading: Reading, force: str) -> list[dict[str, str]]:
    return [
        {"title": words.capital(sentences.title_of(name)), "address": addresses.force_measure(name, force)}
        for name in sorted(reading.measures.get(force, ()), key=sentences.title_of)
    ]
