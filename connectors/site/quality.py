"""Data quality: what was delivered, whether it was fit to judge from, what was refused and by which rule, what is
missing. Sentences of rules hold no value of a row; rows themselves are not shown. Outside the house nothing is said of
files, of why one was not fit, and of rows refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import func, select

from checks.feeds import ALL
from connectors.site import addresses, words
from connectors.site.forces import feeds
from connectors.site.page import Page
from connectors.site.reading import Reading, Row
from connectors.store.read import read_table
from connectors.store.tables import deliveries, quarantine

NAVIGATION = (("Data quality", addresses.quality()),)
SHOWN = 200
"""Deliveries on a page, the newest; `pledge deliveries` has all."""


def pages(reading: Reading) -> Iterator[Page]:
    brought: dict[str, list[Row]] = defaultdict(list)
    for row in read_table(reading.conn, "deliveries"):
        brought[row["force"] or ALL].append(_delivery(reading, row))
    refused = {} if reading.known.published else _refused(reading)
    yield _first(reading, brought, refused)
    for force in reading.forces:
        yield _of_force(reading, force, brought, refused)


def _delivery(reading: Reading, row: Row) -> Row:
    run = reading.run_by_id.get(row["run_id"])
    return row | {
        "log": words.capital(row["log"].replace("_", " ")),
        "told": "✔ Fit to judge from" if row["fitness"] == "fit" else "✘ Not fit to judge from",
        "file": "" if reading.known.published else PurePosixPath(row["location"].replace("\\", "/")).name,
        "reason": "" if reading.known.published else row["reason"],
        "run": addresses.run(row["run_id"]) if run else "",
        "covers": (row["covers_from"], row["covers_to"]) if row["covers_from"] and row["covers_to"] else None,
    }


def _refused(reading: Reading) -> dict[str, list[Row]]:
    """Rows refused, by force (`all`: of files of several), log and rule, the most first."""
    chosen = (
        select(deliveries.c.force, quarantine.c.log, quarantine.c.rule, func.count(), func.min(quarantine.c.sentence))
        .join(deliveries, deliveries.c.delivery_id == quarantine.c.delivery_id)
        .group_by(deliveries.c.force, quarantine.c.log, quarantine.c.rule)
        .order_by(func.count().desc(), quarantine.c.log, quarantine.c.rule)
    )
    found: dict[str, list[Row]] = defaultdict(list)
    for force, log, rule, count, sentence in reading.conn.execute(chosen):
        told = {"log": words.capital(log.replace("_", " ")), "rule": rule, "count": count, "sentence": sentence}
        found[force or ALL].append(told)
    return found


def _first(reading: Reading, brought: dict[str, list[Row]], refused: dict[str, list[Row]]) -> Page:
    every = [row for rows in brought.values() for row in rows]
    content = {
        "rows": [_summary(reading, force, brought, refused) for force in reading.forces],
        "of_several": _newest(brought.get(ALL, ())),
        "refused": refused.get(ALL, []),
        "delivered": len(every),
        "unfit": sum(1 for row in every if row["fitness"] != "fit"),
        "data_docs": reading.known.data_docs,
    }
    return Page(
        addresses.quality(),
        "Data quality",
        "quality.html",
        content,
        description="What was delivered, what was fit to judge from, what was refused and why, and what is missing.",
        in_az=True,
    )


def _summary(reading: Reading, force: str, brought: dict[str, list[Row]], refused: dict[str, list[Row]]) -> Row:
    own = feeds(reading, force)
    return {
        "name": reading.name(force),
        "address": addresses.quality(force),
        "amiss": words.listed([each["log"] for each in own if each["state"] != "fit"]),
        "logs": len(own),
        "deliveries": len(brought.get(force, ())),
        "unfit": sum(1 for row in brought.get(force, ()) if row["fitness"] != "fit"),
        "refused": sum(row["count"] for row in refused.get(force, ())),
        "gaps": len(reading.known.gaps.get(force, ())),
    }


def _newest(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["received_at"], row["delivery_id"]), reverse=True)[:SHOWN]


def _of_force(reading: Reading, force: str, brought: dict[str, list[Row]], refused: dict[str, list[Row]]) -> Page:
    name = reading.name(force)
    own = brought.get(force, [])
    content: dict[str, Any] = {
        "name": name,
        "force": force,
        "feeds": feeds(reading, force),
        "gaps": [
            {"log": words.capital(gap.log.replace("_", " ")), "days": words.days(gap.first_day, gap.last_day)}
            for gap in sorted(reading.known.gaps.get(force, ()), key=lambda gap: gap.last_day, reverse=True)
        ],
        "deliveries": _newest(own),
        "count": len(own),
        "refused": refused.get(force, []),
        "of_several": bool(brought.get(ALL)),
    }
    return Page(
        addresses.quality(force),
        f"Data quality: {name}",
        "quality_force.html",
        content,
        description=f"The deliveries of {name}, whether they were fit, what was refused and what is missing.",
        crumbs=((name, addresses.force(force)), ("Data quality", addresses.quality())),
        in_az=True,
    )
