"""Reads the tables for the commands: the same filters for each, rows streamed in a stable order.

What is written only when it changed (the tables of `newest.KEYS`) is read as it stands, or as a run left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, Table, and_, or_, select, tuple_
from sqlalchemy.sql.util import ClauseAdapter

from checks.errors import UsageError
from connectors.store.filters import DATED_BY, column_of, column_of_filter, condition
from connectors.store.newest import KEYS, newest
from connectors.store.tables import COUNTS, FIGURE, breaches, deliveries, quarantine, runs, verdicts
from connectors.store.write import run_number

ROWS_AT_ONCE = 5_000
TABLES = {table.name: table for table in DATED_BY}
_ORDER = (
    "received_at", "force", "standard", "commitment", "measure", "area", "neighbourhood", "period",
    "period_start", "changed", "clock_started_at", "due_at",
)  # fmt: skip


def columns_of(name: str) -> list[str]:
    """The columns of a table in the order they are read, for a heading when there are no rows."""
    return [column.name for column in _table(name).columns]


def read_table(
    conn: Connection,
    name: str,
    filters: Mapping[str, Any] | None = None,
    run: str | None = None,
    up_to: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Stream the rows of a table as dicts of its columns.

    Args:
        conn: read while it is open; `reading(engine)` gives one that disturbs nobody.
        name: one of `TABLES`.
        filters: column → value or list of values, and `from`, `to`: dates, both inclusive, or moments, `to`
            exclusive. A date bounds a moment column by the UTC day. None and empty filters are passed over.
        run: a run_id. Figures as that run left them; breaches standing after it; else only the rows it added.
        up_to: a run_id. Of a table whose rows are only added: those of this run and of every one before it.

    Raises:
        UsageError: unknown table, filter or run, or a filter the table cannot answer.
    """
    table = _table(name)
    number = run_number(conn, run) if run else None
    asked = {key: value for key, value in (filters or {}).items() if value not in (None, "", [], ())}
    if name in KEYS:
        return _stream(conn, _standing(table, asked, number))
    statuses = asked.pop("status", None) if table is breaches and run else None  # what it was then is told below
    conditions = [condition(table, key, value) for key, value in asked.items()]
    if run is not None and number is not None:
        conditions.append(_of_run(table, run, number))
    if up_to is not None:
        known = select(runs.c.run_id).where(runs.c.run_number <= run_number(conn, up_to))
        conditions.append(_run_column(table).in_(known))
    chosen = select(table).where(*conditions).order_by(*_order(table, table))
    if table is quarantine:
        chosen = chosen.join(deliveries, deliveries.c.delivery_id == quarantine.c.delivery_id)
    if table is breaches and run:
        then = map(_not_withdrawn_yet, _stream(conn, chosen))
        return (row for row in then if statuses is None or row["status"] in statuses)
    return _stream(conn, chosen)


# Thousands of runs with all that they were sealed with would be read again and again.
_SEALED_WITH = ("manifest", "signature", "public_key")


def run_rows(conn: Connection) -> list[dict[str, Any]]:
    """Every run, oldest first, without its manifest and what that is signed with: `manifest` gives it."""
    columns = [column for column in runs.c if column.name not in _SEALED_WITH]
    return [dict(row) for row in conn.execute(select(*columns).order_by(runs.c.run_number)).mappings()]


def manifest(conn: Connection, run_id: str) -> str:
    """What a run was sealed with; '' where it was not, or where there is no such run."""
    return conn.scalar(select(runs.c.manifest).where(runs.c.run_id == run_id)) or ""


def stated_counts(
    conn: Connection, standard: str, measure: str, periods: Sequence[str], run: str | None = None
) -> list[dict[str, Any]]:
    """Key, counts and verdict of the newest figures of a measure, or of those a run left; in the order of the key."""
    number = run_number(conn, run) if run else None
    about = verdicts.c.standard == standard, verdicts.c.measure == measure, verdicts.c.period.in_(periods)
    names = (*FIGURE, *COUNTS, "verdict")
    now = newest(verdicts, *about, up_to=number, columns=names)
    return [dict(row) for row in conn.execute(select(now).order_by(*(now.c[name] for name in FIGURE))).mappings()]


def measured(conn: Connection, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (standard, measure) there are figures of, in order; `filters` as for `read_table`."""
    asked = [condition(verdicts, key, value) for key, value in filters.items() if value not in (None, "", [], ())]
    place = verdicts.c.standard, verdicts.c.measure
    chosen = select(*place).where(*asked).order_by(*place).limit(1)
    found: list[tuple[str, str]] = []
    row = conn.execute(chosen).first()
    while row is not None:  # from one to the next by the index: there are few of them, and millions of figures
        found.append((row.standard, row.measure))
        row = conn.execute(chosen.where(tuple_(*place) > found[-1])).first()
    return found


def _table(name: str) -> Table:
    if name not in TABLES:
        expected = f"one of {', '.join(TABLES)}"
        raise UsageError(f"table {name}", "there is no such table", expected, "Correct the name.")
    return TABLES[name]


def _standing(table: Table, asked: Mapping[str, Any], number: int | None) -> Select[Any]:
    """The newest rows asked for. What a row says may change: only among the newest is it asked for."""
    about: list[ColumnElement[bool]] = []
    saying: list[ColumnElement[bool]] = []
    for key, value in asked.items():
        is_about = column_of_filter(table, key) in (*KEYS[table.name], "commitment")
        (about if is_about else saying).append(condition(table, key, value))
    standing = newest(table, *about, up_to=number)
    said = [ClauseAdapter(standing).traverse(each) for each in saying]
    return select(standing).where(*said).order_by(*_order(table, standing))


def _stream(conn: Connection, chosen: Select[Any]) -> Iterator[dict[str, Any]]:
    for row in conn.execute(chosen, execution_options={"yield_per": ROWS_AT_ONCE}).mappings():
        yield dict(row)


def _not_withdrawn_yet(breach: dict[str, Any]) -> dict[str, Any]:
    """A breach that stood after a run, and that a later run withdrew."""
    return breach | {"status": "open", "closed_run": None} if breach["closed_run"] else breach


def _of_run(table: Table, run: str, number: int) -> ColumnElement[bool]:
    if table is breaches:
        up_to = select(runs.c.run_id).where(runs.c.run_number <= number)
        still_open = or_(breaches.c.closed_run.is_(None), breaches.c.closed_run.not_in(up_to))
        return and_(breaches.c.opened_run.in_(up_to), still_open)
    return _run_column(table) == run


def _run_column(table: Table) -> ColumnElement[Any]:
    column = column_of(table, "run_id")
    if column is None:
        do = "Leave it out: the store keeps them as they are now; the lake keeps what each run judged."
        raise UsageError("filter run", f"{table.name} are not kept by run", "a table with a history", do)
    return column


def _order(table: Table, read_from: Table | Subquery) -> list[ColumnElement[Any]]:
    """By place and time, then by key, so that two readings agree."""
    first = ["run_number"] if table is runs else [name for name in _ORDER if name in table.c]
    keys = [*KEYS.get(table.name, ()), *(column.name for column in table.primary_key.columns)]
    return [read_from.c[name] for name in dict.fromkeys([*first, *keys])]
