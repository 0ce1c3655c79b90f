"""The step that builds the site: reads what the pages need, chains their subjects, writes what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from checks.errors import UsageError
from checks.feed_states import feed_states
from checks.feeds import ALL, gaps
from checks.standard import Standard, editions
from connectors.settings import Settings
from connectors.site import (
    assets,
    breaches,
    finding,
    forces,
    glance,
    history,
    integrity,
    measures,
    overview,
    quality,
    reference,
)
from connectors.site.building import Built, build
from connectors.site.drawn import Drawings
from connectors.site.page import File, Frame, Page
from connectors.site.reading import Known, Reading
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store.engine import open_store, reading
from connectors.store.read import read_table
from connectors.store.tables import commitments
from dags.budgets import budgets
from dags.comparing import rebases_of
from dags.delivered import delivered_of
from dags.plan import forces_of, standards_of, zones
from dags.published import hidden_of, published_verdicts
from dags.recorded import recorded_run
from dags.serving import folder as folder
from expectations.published import differences, in_words

Say = Callable[[str], None]
Row = dict[str, Any]
# In the order of the navigation.
SUBJECTS = (overview, forces, glance, measures, breaches, integrity, quality, history, reference, assets)
"""Modules of `connectors.site`: `pages(reading)`, and `NAVIGATION` where they have a place in it."""


def report(settings: Settings, out: Path, *, published: bool = False) -> Built:
    """Bring the site in a folder up to date with the store.

    Args:
        published: small numbers about persons suppressed, no record references: the site may leave the house.

    Raises:
        UsageError: no run has finished, or the folder holds something else.
    """
    with reading(open_store(settings.store, create=False)) as conn:
        newest = recorded_run(conn, None)
        if newest is None:
            expected, do = "a run that got to its end", "Say `pledge run` first."
            raise UsageError("pledge report", "no run has finished", expected, do)
        found = known(conn, settings, dict(newest), published, Drawings(out))
        read = Reading(conn, replace(found, data_docs="" if published else _data_docs_seen_from(out)))
        frame = Frame(tuple(navigation()), newest, published, version("policing-pledge"))
        return build(out, every_page(read), frame)


def engineers_pages(settings: Settings, out: Path) -> Path:
    """Build Data Docs of the newest run that took something in, beside the site in a folder; returns their first page.

    They are no part of the site: they load styles and scripts from other hosts.
    """
    from expectations.data_docs import build_data_docs

    with reading(open_store(settings.store, create=False)) as conn:
        for run in reversed(list(read_table(conn, "runs"))):
            if rows := list(read_table(conn, "expectation_results", {}, run["run_id"])):
                return build_data_docs(rows, run["run_id"], run["as_at"], _data_docs(out))
    raise UsageError("--data-docs", "no run has put a rule to a delivery", "a run that did", "Say `pledge run` first.")


def _data_docs(out: Path) -> Path:
    return out.with_name(f"{out.name}-data-docs")


def _data_docs_seen_from(out: Path) -> str:
    """Their address as seen from the page on data quality; '' where there are none."""
    there = _data_docs(out) / "index.html"
    return f"../../{there.parent.name}/{there.name}" if there.is_file() else ""


def told(out: Path, built: Built) -> str:
    """What a build did, in a line."""
    counts = f"{len(built.written):,} written, {built.unchanged:,} unchanged, {len(built.removed):,} removed"
    return f"{out}: {counts}."


def navigation() -> Iterator[tuple[str, str]]:
    for subject in (*SUBJECTS, finding):
        yield from getattr(subject, "NAVIGATION", ())


def every_page(read: Reading) -> list[Page | File]:
    subjects = [each for subject in SUBJECTS for each in subject.pages(read)]
    return [*subjects, *finding.pages(subjects)]


def known(
    conn: Connection, settings: Settings, newest: Row, published: bool, drawings: Drawings | None = None
) -> Known:
    """What the pages need beside the store's tables."""
    today = newest["as_at"].astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    standards = standards_of(settings)
    brought = list(read_table(conn, "deliveries"))
    return Known(
        newest=newest,
        today=today,
        main=frozenset(_main(standards, settings.default_standard, json.loads(newest["standards"]))),
        standards=standards,
        names={slug: force.name for slug, force in forces_of(settings).items()},
        verdicts=_verdicts(conn, settings, published),
        published=published,
        budgets=[] if published else list(budgets(conn, settings, {}, None)),
        **_feeds(conn, settings, newest, brought, published),
        words={name: in_words(standard) for name, standard in standards.items()},
        differences=_differences(standards),
        rebases=rebases_of(settings),
        drawings=drawings or Drawings(),
    )


def _main(standards: Mapping[str, Standard], default: str, judged_by: list[str]) -> set[str]:
    """The standard of the first pages, with all its editions: the default one, or else the first of the newest run."""
    main = {each.name for each in editions(standards.values(), default)} or {default}
    if main.intersection(judged_by) or not judged_by:
        return main
    return {each.name for each in editions(standards.values(), judged_by[0])} or {judged_by[0]}


def _verdicts(conn: Connection, settings: Settings, published: bool) -> Callable[[Mapping[str, Any]], Iterator[Row]]:
    if not published:
        return lambda filters: read_table(conn, "verdicts", filters)
    hidden = hidden_of(conn, settings, {}, None)  # looked for once, however often figures are asked for
    return lambda filters: published_verdicts(conn, settings, filters, None, hidden=hidden)


def _feeds(conn: Connection, settings: Settings, newest: Row, brought: list[Row], published: bool) -> dict[str, Any]:
    """The state of the feeds and the gaps of each force, by the deliveries of all runs."""
    runs = {row["run_id"]: row["run_number"] for row in read_table(conn, "runs")}
    zone = zones(settings, sorted({ALL, *(row["force"] for row in brought)}))
    delivered = [delivered_of(row, runs[row["run_id"]], zone[row["force"]]) for row in brought]
    today = newest["as_at"].astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    reasons = {(row["force"], row["log"]): row["reason"] for row in sorted(brought, key=lambda r: runs[r["run_id"]])}
    states = feed_states(delivered, today, {} if published else reasons)
    judged = set(conn.execute(select(commitments.c.force).distinct()).scalars())
    named = (judged | {row["force"] for row in brought}) - {ALL, ""}
    found = {force: own for force in sorted(named) if (own := gaps(delivered, force))}
    return {"feeds": states, "gaps": found}


def _differences(standards: Mapping[str, Standard]) -> dict[tuple[str, str], list[str]]:
    return {(one, other): differences(standards[one], standards[other]) for one, other in permutations(standards, 2)}
