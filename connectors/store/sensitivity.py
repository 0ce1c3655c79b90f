"""Sensitivity in the store: what the other definitions count to, and what was said of it; only changes are written."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from connectors.store.engine import lock_slice
from connectors.store.newest import newest
from connectors.store.tables import COUNTS, FIGURE, SENSITIVITY, definition_counts, sensitivity, verdicts
from connectors.store.write import json_text, run_number

Row = Mapping[str, Any]
SliceName = tuple[str, ...]
_SAYS = ("changed", *COUNTS, "target", "verdict", "verdict_changes")


class Counted(NamedTuple):
    """The counts of a slice: what they rest on (`basis`, any text) and when, and any JSON."""

    basis: str
    as_at: datetime
    counts: Any


def counted(conn: Connection, forces: Collection[str]) -> dict[SliceName, Counted]:
    """The counts kept for these forces, by (standard, measure, force)."""
    asked = select(definition_counts).where(definition_counts.c.force.in_(sorted(forces)))
    return {
        (row.standard, row.measure, row.force): Counted(row.basis, row.as_at, json.loads(row.counts))
        for row in conn.execute(asked)
    }


def keep_counts(conn: Connection, found: Mapping[SliceName, Counted]) -> None:
    """Replace what is kept of these slices."""
    names = ("standard", "measure", "force")
    for slice_, one in sorted(found.items()):
        lock_slice(conn, "definition_counts", *slice_)
        of_slice = dict(zip(names, slice_, strict=True))
        conn.execute(delete(definition_counts).where(*_is(definition_counts, of_slice)))
        row = {**of_slice, "basis": one.basis, "as_at": one.as_at, "counts": json_text(one.counts)}
        conn.execute(insert(definition_counts), [row])


def own_standing(conn: Connection, first: date | None) -> list[dict[str, Any]]:
    """The figures of whole forces for months and longer that begin on `first` or later, as they stand."""
    about = (verdicts.c.period != "day", verdicts.c.area == "", verdicts.c.neighbourhood == "")
    since = (verdicts.c.period_start >= first,) if first else ()
    now = newest(verdicts, *about, *since)
    names = (*FIGURE, *(name for name in COUNTS if name in now.c), "numerator", "denominator", "verdict")
    chosen = select(*(now.c[name] for name in dict.fromkeys(names)))
    return [dict(row) for row in conn.execute(chosen).mappings()]


def record_sensitivity(
    conn: Connection,
    run_id: str,
    rows: Sequence[Row],
    emptied: Collection[SliceName] = (),
    first: date | None = None,
) -> int:
    """Add the rows of a run that differ from what the store says; returns how many were written.

    Args:
        rows: dicts of the columns of `sensitivity` (no run_id, no rate); of slices that are whole or in part there.
        emptied: slices of which `rows` has everything: what else the store states of them has no case left.
        first: `rows` are of periods that begin on this day or later, None = of all; others are left as they are.
    """
    number = run_number(conn, run_id)
    new = {tuple(row[name] for name in SENSITIVITY): {name: row[name] for name in _SAYS} for row in rows}
    for force in sorted({key[2] for key in new} | {slice_[2] for slice_ in emptied}):
        lock_slice(conn, "sensitivity", force)
    old = _stated(conn, {key[:3] for key in new} | set(emptied), first)
    wholly = set(emptied)
    new |= {key: _emptied(row) for key, row in old.items() if key not in new and key[:3] in wholly}
    changed = [
        {**dict(zip(SENSITIVITY, key, strict=True)), **row, "run_id": run_id, "run_number": number}
        for key, row in new.items()
        if key not in old or old[key] != row
    ]
    if changed:
        conn.execute(insert(sensitivity), changed)
    return len(changed)


def _stated(
    conn: Connection, slices: Collection[SliceName], first: date | None
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What the store says now of these slices, by key."""
    inside: list[ColumnElement[bool]] = [
        sensitivity.c[name].in_(sorted({slice_[place] for slice_ in slices}))
        for place, name in enumerate(SENSITIVITY[:3])
    ]
    inside += [sensitivity.c.period_start >= first] if first else []
    rows_now = newest(sensitivity, *inside)
    asked = select(*(rows_now.c[name] for name in (*SENSITIVITY, *_SAYS)))
    width = len(SENSITIVITY)
    found = ((tuple(row[:width]), dict(zip(_SAYS, row[width:], strict=True))) for row in conn.execute(asked))
    return {key: row for key, row in found if key[:3] in slices}


def _emptied(row: Row) -> dict[str, Any]:
    """A figure of no case, judged like one; one that had none stays as it is."""
    if not (row["cases"] or row["excluded"] or row["timed"]):
        return dict(row)
    nothing = dict.fromkeys(COUNTS, 0)
    return {**row, **nothing, "verdict": "no_target" if row["target"] is None else "too_few", "verdict_changes": False}


def _is(table: Table, values: Mapping[str, str]) -> list[Any]:
    return [table.c[name] == value for name, value in values.items()]
