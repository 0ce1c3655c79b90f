"""Patterns in a force's records that are worth a look: where, how many, against what. Never why, and never who."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from checks.integrity import FALSE_DISCOVERIES, signals
from connectors.site import addresses, sentences, words
from connectors.site.page import Page
from connectors.site.reading import Reading, Row
from connectors.store.read import read_table

NAVIGATION = (("Integrity", addresses.integrity()),)


def pages(reading: Reading) -> Iterator[Page]:
    """None for outside: they are made of record references and small numbers, and are places to look, not findings."""
    if reading.known.published:
        return
    found: dict[str, list[Row]] = defaultdict(list)
    for row in read_table(reading.conn, "integrity_signals"):
        found[row["force"]].append(_told(row))
    yield _first(reading, found)
    for force in reading.forces:
        yield _of_force(reading, force, found.get(force, []))


def _told(row: Row) -> Row:
    signal = signals().get(row["signal"])
    return row | {
        "title": words.capital(signal.title if signal else row["signal"].replace("_", " ")),
        "of_measure": words.capital(sentences.title_of(row["measure"])) if row["measure"] else "",
        "place": row["area"] or "The whole force",
        "share": words.share(row["count"] / row["of"]) if row["of"] else words.NOTHING,
        "usual": words.share(row["base_rate"]),
        "records": ", ".join(filter(None, row["cases"].split(","))),
    }


def _first(reading: Reading, found: dict[str, list[Row]]) -> Page:
    rows = [
        {
            "name": reading.name(force),
            "address": addresses.integrity(force),
            "notable": sum(1 for row in found.get(force, ()) if row["notable"]),
            "looked": len(found.get(force, ())),
        }
        for force in reading.forces
    ]
    looked_for = [
        {"title": words.capital(each.title), "looks_for": each.looks_for, "base": each.base_rate}
        for each in signals().values()
    ]
    return Page(
        addresses.integrity(),
        "Integrity signals",
        "integrity.html",
        {"rows": rows, "looked_for": looked_for, "false": words.share(FALSE_DISCOVERIES, 0)},
        description="Patterns in the records that are more than chance or more than elsewhere: places to look.",
        in_az=True,
    )


def _of_force(reading: Reading, force: str, rows: list[Row]) -> Page:
    name = reading.name(force)
    ordered = sorted(rows, key=lambda row: (row["title"], row["area"]))
    content: dict[str, Any] = {
        "force": force,
        "name": name,
        "notable": [row for row in ordered if row["notable"]],
        "usual": [row for row in ordered if not row["notable"]],
    }
    return Page(
        addresses.integrity(force),
        f"Integrity signals: {name}",
        "integrity_force.html",
        content,
        description=f"{words.counted(len(content['notable']), 'pattern')} worth a look in the records of {name}.",
        crumbs=((name, addresses.force(force)), ("Integrity signals", addresses.integrity())),
        in_az=True,
    )
