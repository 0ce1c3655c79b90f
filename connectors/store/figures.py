"""Figures: written only when they changed; the same night twice adds nothing, a change is a restatement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from checks.errors import UsageError
from connectors.store import stored
from connectors.store.engine import lock_slice
from connectors.store.newest import KEYS, newest
from connectors.store.tables import COUNTS, FIGURE, commitments, verdicts
from connectors.store.write import json_text, run_number

Row = Mapping[str, Any]
IN_PROGRESS = "in_progress"
WHY_NOT_SAID = "the cause was not recorded"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value) if value else ""


# What a figure says, with what makes equal values equal: numbers from numpy or Decimal, NULLs, dicts.
_SAYS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(COUNTS, lambda value: int(value or 0)),
    "excluded_by_reason": _json,
    "minimum_n": _whole,
    "target": _number,
    "verdict": str,
    "depends_on_unknown": bool,
    "outside_force_dates": bool,
    "p50_seconds": _number,
    "p90_seconds": _number,
}
# What the chart says of a figure when it is written; a chart that changes later never writes a figure again.
_CHARTED: Row = {"signal": "", "signal_rules": "", "signal_why": "", "assurance": "", "trial": False}
# A change in one of these is a restatement; a change in another (a percentile, a flag) is only a new row.
_PUBLISHED = (*COUNTS, "verdict")


def _uncharted(_: Row) -> Row:
    return {}


def record_figures(
    conn: Connection, run_id: str, figures: Sequence[Row], charted: Callable[[Row], Row] = _uncharted
) -> int:
    """Add the figures of a run that differ from what the store says; returns how many were written.

    Args:
        figures: dicts of the columns of `verdicts` (no run_id, no rates). `commitment`, the key columns and
            `verdict` are needed, absent counts are 0. `restated_why` is kept only where the figure is
            restated: published before (not as `in_progress`) with other counts or another verdict.
        charted: gives `signal`, `signal_rules`, `signal_why`, `assurance` and `trial` of a figure; asked only for
            those that are written, since what it says is no reason to write one.

    Raises:
        UsageError: the run is unknown, a figure is given twice, or this run said otherwise before.
    """
    number = run_number(conn, run_id)
    new = _by_key(figures, FIGURE)
    _lock_forces(conn, "figures", new, FIGURE)
    old = _current(conn, verdicts, new)
    rows = []
    for key, figure in new.items():
        said = {name: clean(figure.get(name)) for name, clean in _SAYS.items()}
        before = old.get(key)
        if before is None or any(said[name] != before[name] for name in said):
            _refuse_same_run(before, number, key)
            row = _figure_row(key, figure, said, before)
            rows.append({**row, **_CHARTED, **charted(figure)} | {"run_id": run_id, "run_number": number})
    stored.add_said(conn, verdicts, rows)
    return len(rows)


def _figure_row(key: tuple[Any, ...], figure: Row, said: Row, before: Row | None) -> dict[str, Any]:
    restated = (
        before is not None
        and before["verdict"] != IN_PROGRESS
        and any(said[name] != before[name] for name in _PUBLISHED)
    )
    why = (figure.get("restated_why") or WHY_NOT_SAID) if restated else ""
    return {
        **dict(zip(FIGURE, key, strict=True)),
        **said,
        "commitment": int(figure["commitment"]),
        "restated": restated,
        "restated_why": why,
    }


def record_commitments(conn: Connection, run_id: str, rows: Sequence[Row]) -> int:
    """Add the commitment verdicts of a run that differ from what the store says; returns how many.

    Rows are dicts of the columns of `commitments` without run_id; `decided_by` is a comma list or a sequence.
    """
    number = run_number(conn, run_id)
    new = _by_key(rows, KEYS["commitments"])
    _lock_forces(conn, "commitments", new, KEYS["commitments"])
    old = _current(conn, commitments, new)
    changed = []
    for key, row in new.items():
        decided_by = row.get("decided_by") or ""
        said = {
            "verdict": str(row["verdict"]),
            "decided_by": decided_by if isinstance(decided_by, str) else ",".join(decided_by),
        }
        before = old.get(key)
        if before is None or any(said[name] != before[name] for name in said):
            _refuse_same_run(before, number, key)
            named = dict(zip(KEYS["commitments"], key, strict=True))
            changed.append({**named, **said, "run_id": run_id, "run_number": number})
    stored.add_said(conn, commitments, changed)
    return len(changed)


def figures_of_run(conn: Connection, run_id: str) -> list[str]:
    """What a run wrote into `verdicts`, a line each, sorted; without what is of the run and not of the figure."""
    names = (*FIGURE, *_SAYS)
    chosen = select(*(verdicts.c[name] for name in names)).where(verdicts.c.run_id == run_id)
    return sorted(repr(tuple(row)) for row in conn.execute(chosen))


def charted_figures(conn: Connection, days_from: date | None) -> list[dict[str, Any]]:
    """What charts are made of: the figures of days (from this one on, None = all) and months above neighbourhoods."""
    in_time: ColumnElement[bool] = verdicts.c.period.in_(("day", "month"))
    if days_from is not None:
        in_time = and_(in_time, or_(verdicts.c.period == "month", verdicts.c.period_start >= days_from))
    now = newest(verdicts, in_time, verdicts.c.neighbourhood == "")
    names = (*FIGURE, "numerator", "denominator", "met", "missed", "unknown", "timed", "target", "verdict")
    rows = conn.execute(select(*(now.c[name] for name in names)).where(now.c.denominator > 0))
    return [dict(zip(names, row, strict=True)) for row in rows]


def emptied_figures(
    conn: Connection,
    named: Collection[tuple[Any, ...]],
    *,
    standard: str,
    measure: str,
    force: str,
    period: str,
    first: date,
    last: date,
) -> list[dict[str, Any]]:
    """Figures of 0 cases for those the store still states in a slice though no case of it is left.

    `named`: the keys (FIGURE) of all the slice now has; `first` and `last` (inclusive) bound the period_start judged.
    Add the answer to the figures for `record_figures`. Their verdict is `too_few`, or `no_target`.
    """
    says = (*FIGURE, "commitment", "target", "minimum_n", "outside_force_dates")
    now = newest(
        verdicts,
        verdicts.c.standard == standard,
        verdicts.c.measure == measure,
        verdicts.c.force == force,
        verdicts.c.period == period,
        verdicts.c.period_start.between(first, last),
        columns=(*says, "cases", "excluded", "timed"),
    )
    stated = select(*(now.c[name] for name in says)).where(now.c.cases + now.c.excluded + now.c.timed > 0)
    return [
        {
            **dict(zip(says, row, strict=True)),
            "verdict": "no_target" if row.target is None else "too_few",
            "restated_why": "no case of this period is left: its records were withdrawn or corrected",
        }
        for row in conn.execute(stated)
        if tuple(row[: len(FIGURE)]) not in named
    ]


def _key(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row.get(name, "") if name in ("area", "neighbourhood") else row[name] for name in names)


def _by_key(rows: Sequence[Row], names: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    by_key = {_key(row, names): row for row in rows}
    if len(by_key) != len(rows):
        found = f"{len(rows) - len(by_key)} of {len(rows)} figures are given twice"
        raise UsageError("record", found, "each figure once", "Report this: it is a fault of the product.")
    return by_key


def _lock_forces(conn: Connection, what: str, new: Mapping[tuple[Any, ...], Row], names: Sequence[str]) -> None:
    position = names.index("force")
    for force in sorted({key[position] for key in new}):
        lock_slice(conn, what, force)


def _current(conn: Connection, table: Table, new: Mapping[tuple[Any, ...], Row]) -> dict[tuple[Any, ...], Row]:
    """What the store says now of the slices the new rows are of, by key."""
    if not new:
        return {}
    names = KEYS[table.name]
    period, start = names.index("period"), names.index("period_start")
    starts: dict[str, list[date]] = defaultdict(list)
    for key in new:
        starts[key[period]].append(key[start])
    # A year begins long before the days that are stated with it.
    inside: list[ColumnElement[bool]] = [
        or_(
            *(
                and_(table.c.period == each, table.c.period_start.between(min(of_period), max(of_period)))
                for each, of_period in sorted(starts.items())
            )
        )
    ]
    for name in {"standard", "measure", "force"}.intersection(names):
        inside.append(table.c[name].in_(sorted({key[names.index(name)] for key in new})))
    heading = [name for name in (*names, "run_number", *_SAYS, "decided_by") if name in table.c]
    rows_now = newest(table, *inside)
    found = conn.execute(select(*(rows_now.c[name] for name in heading)))
    rows = (dict(zip(heading, row, strict=True)) for row in found)
    return {tuple(row[name] for name in names): row for row in rows}


def _refuse_same_run(before: Row | None, number: int, key: tuple[Any, ...]) -> None:
    if before is not None and before["run_number"] == number:
        where = " ".join(str(part) for part in key if part)
        found = "this run recorded it before with other counts"
        raise UsageError(where, found, "one figure per run", "Start a new run: what was said stays.")
