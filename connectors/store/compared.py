"""Comparisons and funnels: like figures, a row is written only where it differs from the newest of its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select

from connectors.store.newest import KEYS, newest
from connectors.store.tables import metadata, verdicts
from connectors.store.write import run_number

Row = Mapping[str, Any]
_WRITTEN_BY = ("run_id", "run_number")


def periods_written(conn: Connection, run_id: str, periods: Sequence[str]) -> set[tuple[str, str, str, date]]:
    """The (standard, measure, period, period_start) of which a run wrote a figure."""
    columns = [verdicts.c[name] for name in ("standard", "measure", "period", "period_start")]
    chosen = select(*columns).where(verdicts.c.run_id == run_id, verdicts.c.period.in_(periods)).distinct()
    return {tuple(row) for row in conn.execute(chosen)}


def record_compared(conn: Connection, run_id: str, name: str, rows: Sequence[Row]) -> int:
    """Add those rows of `comparisons` or `funnels` that differ from what the store says; returns how many.

    Args:
        rows: dicts of all columns of the table but run_id and run_number, each key once.
    """
    if not rows:
        return 0
    table = metadata.tables[name]
    heading = [column.name for column in table.c if column.name not in _WRITTEN_BY]
    about = [table.c[part].in_(sorted({row[part] for row in rows})) for part in ("standard", "measure")]
    starts = [row["period_start"] for row in rows]
    now = newest(table, *about, table.c.period_start.between(min(starts), max(starts)))
    stated = {
        tuple(row[part] for part in KEYS[name]): dict(row)
        for row in conn.execute(select(*(now.c[column] for column in heading))).mappings()
    }
    number = run_number(conn, run_id)
    changed = [
        {**row, "run_id": run_id, "run_number": number}
        for row in rows
        if stated.get(tuple(row[part] for part in KEYS[name])) != row
    ]
    if changed:
        conn.execute(insert(table), changed)
    return len(changed)
