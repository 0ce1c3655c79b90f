"""Many rows at once, as the databases store them: tuples, moments and days as the text SQLite keeps them in.

SQLAlchemy's own way takes each value through Python's types and back: most of what a first night would cost. PostgreSQL
reads the same texts as moments and days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, Table, Text, func, type_coerce

from connectors.store.moment import Moment

Rows = Sequence[tuple[Any, ...]]
_MOMENT, _DAY = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"', "YYYY-MM-DD"


def column(conn: Connection, of: Column[Any]) -> ColumnElement[Any]:
    """A column to select; a moment or a day as text."""
    if not isinstance(of.type, Date | Moment):
        return of
    if conn.dialect.name == "sqlite":
        return type_coerce(of, Text).label(of.name)
    said = func.to_char(func.timezone("UTC", of), _MOMENT) if isinstance(of.type, Moment) else func.to_char(of, _DAY)
    return said.label(of.name)


def add_said(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, with Python's moments and days."""
    if rows:
        names = list(rows[0])
        add(conn, table, names, [tuple([_said(row[name]) for name in names]) for row in rows])


def add(conn: Connection, table: Table, names: Sequence[str], rows: Rows) -> None:
    """Insert rows whose values stand in the order of `names`."""
    values = ", ".join([_mark(conn)] * len(names))
    _execute(conn, f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})", rows)  # noqa: S608


def change(conn: Connection, table: Table, names: Sequence[str], key: Sequence[str], rows: Rows) -> None:
    """Update rows: the new values in the order of `names`, then those of the key."""
    equal = f"{_equal(conn, names, ', ')} WHERE {_equal(conn, key, ' AND ')}"
    _execute(conn, f"UPDATE {table.name} SET {equal}", rows)  # noqa: S608


def remove(conn: Connection, table: Table, key: Sequence[str], keys: Rows) -> None:
    """Delete the rows of these keys."""
    _execute(conn, f"DELETE FROM {table.name} WHERE {_equal(conn, key, ' AND ')}", keys)  # noqa: S608


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return value.isoformat() if isinstance(value, date) else value


def _execute(conn: Connection, statement: str, rows: Rows) -> None:
    if rows:
        conn.exec_driver_sql(statement, list(rows))


def _equal(conn: Connection, names: Sequence[str], between: str) -> str:
    return between.join(f"{name} = {_mark(conn)}" for name in names)


def _mark(conn: Connection) -> str:
    return "?" if conn.dialect.name == "sqlite" else "%s"
