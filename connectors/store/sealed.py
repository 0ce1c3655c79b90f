"""The rows a run vouches for: those it added to the append-only tables, as the store holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, Select, Table, Text, select, type_coerce

from checks import chain
from checks.chain import Seal
from connectors.store.moment import Moment
from connectors.store.number import BigInteger, Double, Integer
from connectors.store.tables import (
    acknowledgements,
    alert_health,
    deliveries,
    explanations,
    metadata,
    quarantine,
    runs,
    signings,
)

# What a run's own row says before it is sealed.
RUN_COLUMNS = (
    "run_id", "run_number", "as_at", "window_from", "window_to", "standards", "code_version", "input_key",
    "started_at", "finished_at", "status", "figures_hash",
)  # fmt: skip


def sealed_tables() -> list[Table]:
    """The append-only tables whose rows belong to a run: `run_id` leads their key, or their delivery names it."""
    led = [table for table in metadata.sorted_tables if next(iter(table.primary_key.columns)).name == "run_id"]
    sealed = {*led, deliveries, quarantine} - {runs, alert_health}  # how alerts fare is told after the sealing
    return sorted(sealed, key=lambda table: table.name)


def row_seals(conn: Connection, run_ids: Sequence[str] | None, *, damaged: bool = False) -> Iterator[Seal]:
    """The seals of the rows these runs added (None: of those that belong to no run there is).

    Computed columns are left out: they follow from the others. A value that JSON cannot say raises a ValueError: none
    is ever sealed. `damaged`: it is another text than what was sealed, for whoever verifies.
    """
    for table in sealed_tables():
        names = [column.name for column in table.columns if column.computed is None]
        key = [column.name for column in table.primary_key.columns]
        rows = conn.execute(_rows(conn, table, names, run_ids), execution_options={"yield_per": 5_000})
        yield from chain.row_seals(table.name, key, names, map(_legible, rows) if damaged else rows)


def _legible(row: Sequence[Any]) -> list[Any]:
    """A row in which bytes and endless numbers, which damage alone can have left there, are said as text."""
    return [
        repr(value) if isinstance(value, bytes) or (isinstance(value, float) and not isfinite(value)) else value
        for value in row
    ]


def answer_seals(conn: Connection, *, damaged: bool = False) -> Iterator[Seal]:
    """The seals of what officers answered and registrars signed: given between runs, the next run vouches for it.

    `damaged` as in `row_seals`.
    """
    for table in (acknowledgements, explanations, signings):
        names = [column.name for column in table.columns]
        key = [column.name for column in table.primary_key.columns]
        chosen = select(*(_as_stored(conn, column) for column in table.columns))
        rows = conn.execute(chosen, execution_options={"yield_per": 5_000})
        yield from chain.row_seals(table.name, key, names, map(_legible, rows) if damaged else rows)


def _as_stored(conn: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """SQLite holds values as the chain writes them: a damaged one is then another text, not an error."""
    is_read = isinstance(column.type, Date | Moment | BigInteger | Double | Integer)
    return type_coerce(column, Text).label(column.name) if is_read and conn.dialect.name == "sqlite" else column


def _rows(conn: Connection, table: Table, names: Sequence[str], run_ids: Sequence[str] | None) -> Select[Any]:
    of_run = deliveries.c.run_id if table is quarantine else table.c.run_id
    chosen = select(*(_as_stored(conn, table.c[name]) for name in names))
    if table is quarantine:
        chosen = chosen.outerjoin(deliveries, deliveries.c.delivery_id == quarantine.c.delivery_id)
    if run_ids is None:
        return chosen.outerjoin(runs, runs.c.run_id == of_run).where(runs.c.run_id.is_(None))
    return chosen.where(of_run.in_(run_ids))


def run_said(row: dict[str, Any]) -> dict[str, Any]:
    """What a run's row says of the run, as its manifest repeats it."""
    return {name: row[name] for name in RUN_COLUMNS}
