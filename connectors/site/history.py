"""What was said when: the runs, a permanent page for each, what was restated, and the audit chain they form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import case, func, select

from connectors.site import addresses, sentences, words
from connectors.site.page import Page
from connectors.site.reading import Reading, Row
from connectors.store.revisions import revisions
from connectors.store.tables import commitments, deliveries, verdicts

NAVIGATION = (("Runs", addresses.runs()),)
SHOWN = 60
"""Rows of a long list on its first page: the rest is on further pages, or at the command."""
_FORCE_LEVEL: Mapping[str, Any] = {"area": [""], "neighbourhood": [""]}


def pages(reading: Reading) -> Iterator[Page]:
    listed = _listed(reading)
    years = sorted({row["year"] for row in listed}, reverse=True)
    above = (("Runs", addresses.runs()),)
    yield Page(
        addresses.runs(),
        "Runs",
        "runs.html",
        {
            "runs": listed[:SHOWN],
            "count": len(listed),
            "years": [(year, addresses.runs_of(year)) for year in years],
            "signings": _signings(reading),
        },
        description="Every run: when it judged, from what moment, what it changed, its place in the audit chain.",
        in_az=True,
    )
    for year in years:
        own = [row for row in listed if row["year"] == year]
        yield Page(addresses.runs_of(year), f"Runs of {year}", "runs_of_year.html", {"runs": own}, crumbs=above)
    for run in reading.runs:
        if run["status"] == "done":
            yield Page(
                addresses.run(run["run_id"]),
                f"Run {run['run_id']}",
                "run.html",
                partial(said_by, reading, run),
                inputs=run["run_id"],
                crumbs=above,
                run=run,
                permanent=True,
            )
    yield _restatements(reading)
    yield _chain(reading)


def _listed(reading: Reading) -> list[dict[str, Any]]:
    """The runs, newest first, with how many figures each wrote and how many of those it restated."""
    counted = select(verdicts.c.run_id, func.count(), func.sum(case((verdicts.c.restated, 1), else_=0))).group_by(
        verdicts.c.run_id
    )
    figures = {run_id: (count, int(restated or 0)) for run_id, count, restated in reading.conn.execute(counted)}
    return [
        {
            **{name: run[name] for name in ("run_id", "as_at", "finished_at", "status", "hash")},
            "year": f"{run['as_at']:%Y}",
            "address": addresses.run(run["run_id"]) if run["status"] == "done" else "",
            "figures": figures.get(run["run_id"], (0, 0))[0],
            "restated": figures.get(run["run_id"], (0, 0))[1],
        }
        for run in reading.runs
    ]


def _signings(reading: Reading) -> list[dict[str, Any]]:
    """Who signed which month, the newest month first."""
    told = sorted(reading.signings, key=lambda row: (row["month"], row["signed_at"]), reverse=True)
    return [
        {
            "month": words.period("month", row["month"]),
            "address": addresses.period("month", row["month"]),
            "decision": "✔ Signed" if row["decision"] == "signed" else "✘ Refused",
            "by": "A registrar" if reading.known.published else row["signed_by"],
            "signed_at": row["signed_at"],
            "run_id": row["run_id"],
            "stands": "No: restated since" if row["restated"] else "Yes",
            "missing": row["missing_nights"] or "None",
            "note": "" if reading.known.published else row["note"],
        }
        for row in told
    ]


def said_by(reading: Reading, run: Row) -> dict[str, Any]:
    """What one run said: it stays true whatever later runs say, so its page is written once."""
    run_id = run["run_id"]
    by_verdict = (
        select(verdicts.c.period, verdicts.c.verdict, func.count())
        .where(verdicts.c.run_id == run_id)
        .group_by(verdicts.c.period, verdicts.c.verdict)
    )
    counted: dict[str, dict[str, int]] = {}
    for period, verdict, count in reading.conn.execute(by_verdict):
        counted.setdefault(period, {})[verdict] = count
    month, lines = _commitments_said(reading, run)
    return {
        "standards": [_standard(reading, name) for name in json.loads(run["standards"])],
        "counted": [
            {"period": said, "counts": {verdict: counted[period].get(verdict, 0) for verdict in _COUNTED}}
            for period, said in _PERIODS.items()
            if period in counted
        ],
        "verdicts": _COUNTED,
        "month": month,
        "lines": lines,
        "titles": words.COMMITMENTS,
        "deliveries": _deliveries(reading, run_id),
        "manifest_bytes": len(run["manifest"]),
    }


_PERIODS = {"day": "Days", "month": "Months", "year": "Years", "rolling_12_months": "Any twelve months"}
_COUNTED = ("missed", "cannot_judge", "too_few", "in_progress", "kept", "no_target")


def _standard(reading: Reading, name: str) -> dict[str, str]:
    known = reading.known.standards.get(name)
    return {"name": name, "title": known.title if known else name}


def _commitments_said(reading: Reading, run: Row) -> tuple[str, list[dict[str, Any]]]:
    """The verdicts this run said of commitments in the newest month that was over then; later ones may differ."""
    over = run["as_at"].date().replace(day=1)
    chosen = select(commitments).where(
        commitments.c.run_id == run["run_id"],
        commitments.c.period == "month",
        commitments.c.area == "",
        commitments.c.force != "all",
        commitments.c.standard.in_(sorted(reading.known.main)),
        commitments.c.period_start < over,
    )
    rows = [dict(row) for row in reading.conn.execute(chosen).mappings()]
    if not rows:
        return "", []
    month = max(row["period_start"] for row in rows)
    tags: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["period_start"] == month:
            tags.setdefault(row["force"], {})[str(row["commitment"])] = row["verdict"]
    lines = [{"words": reading.name(force), "address": "", "tags": found} for force, found in tags.items()]
    return words.period("month", month), sorted(lines, key=lambda line: str(line["words"]).casefold())


def _deliveries(reading: Reading, run_id: str) -> list[dict[str, Any]]:
    chosen = select(deliveries).where(deliveries.c.run_id == run_id).order_by(deliveries.c.fitness.desc())
    rows = [dict(row) for row in reading.conn.execute(chosen.limit(2 * SHOWN)).mappings()]
    return [
        {
            "log": words.capital(row["log"].replace("_", " ")),
            "force": reading.name(row["force"]) if row["force"] else "All forces",
            "fit": row["fitness"] == "fit",
            "reason": "" if reading.known.published else row["reason"],
            **{name: row[name] for name in ("rows_read", "rows_admitted", "rows_quarantined", "sha256")},
        }
        for row in rows
    ]


def _restatements(reading: Reading) -> Page:
    found = list(restated(reading))
    found.sort(key=lambda row: (row["run_number"], row["period_start"]), reverse=True)
    return Page(
        addresses.restatements(),
        "Restatements",
        "restatements.html",
        {"rows": [_restatement(reading, row) for row in found[: 2 * SHOWN]], "count": len(found)},
        description="Figures that changed after they were first published: what they were, what they are, and why.",
        in_az=True,
    )


def restated(reading: Reading) -> Iterator[Row]:
    """Figures of forces as wholes, by month and year, that a later run restated; each with the row before it."""
    before: dict[tuple[Any, ...], Row] = {}
    asked = {**_FORCE_LEVEL, "period": ["month", "year"]}
    for row in revisions(reading.conn, asked):
        key = tuple(row[name] for name in ("standard", "measure", "force", "period", "period_start"))
        if row["restated"] and key in before:
            yield {**row, "before": before[key]}
        before[key] = row


def _restatement(reading: Reading, row: Row) -> dict[str, Any]:
    """One restatement as it is shown; to the outside without figures, whose difference may be a small number."""
    old = row["before"]
    shown = not reading.known.published
    return {
        "run": row["run_id"],
        "run_address": addresses.run(row["run_id"]),
        "force": reading.name(row["force"]),
        "address": _address(reading, row),
        "period": words.period(row["period"], row["period_start"]),
        "title": words.capital(sentences.title_of(row["measure"])),
        "old": _said(old) if shown else "",
        "new": _said(row) if shown else "",
        "old_tag": old["verdict"],
        "new_tag": row["verdict"],
        "why": row["restated_why"],
        "days": row["days_after_end"],
    }


def _address(reading: Reading, row: Row) -> str:
    period = (row["period"], row["period_start"])
    has_page = row["force"] != "all" and bool(reading.figures_of(row["force"], period))
    return addresses.force_period(*period, row["force"]) if has_page else ""


def _said(row: Row) -> str:
    return f"{words.share(row['rate'], 2)} of {row['denominator']:,}" if row["denominator"] else "no case"


def _chain(reading: Reading) -> Page:
    sealed = [run for run in reading.runs if run["hash"]]
    return Page(
        addresses.chain(),
        "Check the figures yourself",
        "chain.html",
        {
            "head": sealed[0] if sealed else None,
            "heads": [_head(run) for run in sealed[:SHOWN]],
            "count": len(sealed),
            "key": sealed[0]["public_key"] if sealed else "",
        },
        description="The audit chain: its head, what it seals, and how anybody can check it.",
        crumbs=(("Runs", addresses.runs()),),
        in_az=True,
    )


def _head(run: Row) -> dict[str, Any]:
    return {
        **{name: run[name] for name in ("run_id", "finished_at", "hash")},
        "address": addresses.run(run["run_id"]) if run["status"] == "done" else "",
    }
