"""Runs, deliveries, what was quarantined and what was expected: rows that are added and then stay.

Every function takes the connection of an open transaction (`with open_store(url).begin() as conn`) and rows
as dicts of the table's columns; columns left out get their defaults. Moments are timezone-aware.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from checks.errors import UsageError
from connectors.store.engine import lock_slice
from connectors.store.tables import deliveries, expectation_results, quarantine, runs

CHUNK = 10_000
Row = Mapping[str, Any]


def start_run(conn: Connection, run: Row) -> int:
    """Add a run with status `running`; returns its run_number, one more than the newest.

    `run` has run_id, as_at, started_at and standards (a list of names or its JSON text), and may have
    window_from, window_to, code_version, input_key, previous_hash.
    """
    lock_slice(conn, "runs")
    number = (conn.execute(select(func.max(runs.c.run_number))).scalar() or 0) + 1
    conn.execute(insert(runs), [{**cleaned(runs, run), "run_number": number, "status": "running"}])
    return number


def finish_run(conn: Connection, run_id: str, **values: Any) -> None:
    """Write what a running run ended with (status `done` unless given, finished_at, figures_hash, hash …).

    From then on its row is append-only. Raises UsageError when the run is unknown or already finished.
    """
    ended = {"status": "done", **cleaned(runs, values)}
    done = conn.execute(update(runs).where(runs.c.run_id == run_id, runs.c.status == "running").values(ended))
    if done.rowcount != 1:
        raise UsageError(f"run {run_id}", "it is not running", "a started run", "Start it, or look at `pledge runs`.")


def add_delivery(conn: Connection, delivery: Row) -> None:
    """Add one delivery. `columns` may be a list of the contract columns it brought, or their comma list."""
    _insert(conn, deliveries, [delivery])


def delivery_by_hash(conn: Connection, source: str, log: str, sha256: str) -> dict[str, Any] | None:
    """The newest delivery of a source and log with this file hash, None where there is none."""
    chosen = (
        select(deliveries)
        .where(deliveries.c.source == source, deliveries.c.log == log, deliveries.c.sha256 == sha256)
        .order_by(deliveries.c.received_at.desc(), deliveries.c.delivery_id)
        .limit(1)
    )
    found = conn.execute(chosen).mappings().first()
    return dict(found) if found else None


def add_quarantine(conn: Connection, rows: Sequence[Row]) -> None:
    """Add quarantined rows in chunks. `kept_values` may be a dict; it is stored as JSON."""
    _insert(conn, quarantine, rows)


def add_expectation_results(conn: Connection, rows: Sequence[Row]) -> None:
    """Add what the suites found. `observed` and `detail` may be dicts or lists; they are stored as JSON."""
    _insert(conn, expectation_results, rows)


def run_number(conn: Connection, run_id: str) -> int:
    """The number of a run; raises UsageError when it does not exist."""
    number: int | None = conn.execute(select(runs.c.run_number).where(runs.c.run_id == run_id)).scalar()
    if number is None:
        raise UsageError(f"run {run_id}", "there is no such run", "one of `pledge runs`", "Correct the name.")
    return number


def _insert(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    remaining = iter(rows)
    while chunk := [cleaned(table, row) for row in islice(remaining, CHUNK)]:
        # Every row of one executemany has the same columns: those any of them names.
        names = {name for row in chunk for name in row}
        conn.execute(insert(table), [{name: row.get(name, _default(table, name)) for name in names} for row in chunk])


def _default(table: Table, name: str) -> Any:
    column = table.c[name]
    return None if column.nullable else column.type.python_type()


def cleaned(table: Table, row: Row) -> dict[str, Any]:
    """The row as the database takes it: structures as JSON, '' for an absent text, no NUL characters."""
    return {name: _value(table, name, value) for name, value in row.items()}


def _value(table: Table, name: str, value: Any) -> Any:
    if isinstance(value, str):
        # PostgreSQL refuses both; a force's file may hold them.
        return value.replace("\x00", "�").encode("utf-8", "replace").decode("utf-8")
    if value is None:
        return _default(table, name)
    if (table.name, name) in _COMMA_LISTS:
        return ",".join(value)
    return json_text(value) if isinstance(value, dict | list | tuple) else value


_COMMA_LISTS = {("deliveries", "columns"), ("integrity_signals", "cases")}


def json_text(value: Any) -> str:
    """Canonical JSON: sorted keys, so that equal values are equal texts."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
