"""What a description says of a database and of what is read from it, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from connectors.sources.sql.one_select import check_one_select
from connectors.sources.stated import values_of, wrong

_TABLE = re.compile(r"[\w$#]+(\.[\w$#]+){0,2}")
_SECRET = re.compile(r"password|pwd|passwd", re.IGNORECASE)
_EXAMPLE = "one such as postgresql+psycopg://pledge@cad.norfolk.example/cad"


@dataclass(frozen=True)
class SqlConnection:
    """A database, by its SQLAlchemy URL without a password.

    Attributes:
        user, secret: the environment variable, or `airflow:` and a connection's id, that holds the password; the user
            is that of the URL, or of the Airflow connection.
        connect_seconds, statement_seconds, whole_seconds: the longest a connection may take to be made, a statement
            or the next rows to come, and the reading of one log altogether.
    """

    url: str
    secret: str = ""
    connect_seconds: float = 10.0
    statement_seconds: float = 600.0
    whole_seconds: float = 7200.0


@dataclass(frozen=True)
class SqlQuery:
    """What is read for one log: a table or view, or one select in the database's own SQL.

    Attributes:
        watermark: the column that grows whenever a row is added or changed (a moment or a whole number): only what
            is newer than at the last good fetch is read; where the log is delivered as a snapshot everything is read,
            and only that the newest is no older than it was is checked.
        overlap: how much before the last watermark is read again for rows that come late: minutes, or numbers.
        since: the watermark from which the first fetch reads; '' = the beginning.
    """

    table: str = ""
    select: str = ""
    watermark: str = ""
    overlap: int = 1440
    since: str = ""


def read_sql_connection(where: str, stated: Mapping[str, Any]) -> SqlConnection:
    """The connection of a description's front matter; raises UsageError when a part of it is wrong."""
    values = values_of(f"{where}, connection", stated, SqlConnection, {"url": "sql"})
    return SqlConnection(**{**values, "url": checked_sql_url(f"{where}, connection", values["url"])})


def checked_sql_url(where: str, url: str) -> str:
    """An SQLAlchemy URL that may be asked; raises UsageError for any other, and one that holds a password."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise wrong(where, "the address is none", _EXAMPLE) from None
    if address.password or _SECRET.search(" ".join(_parameters(address))):
        raise wrong(where, "the address holds a password", "secret:, which names it")
    if address.get_backend_name() == "sqlite" and (address.database or ":memory:") == ":memory:":
        raise wrong(where, "no file is named", "one such as sqlite:////data/cad.sqlite")
    return url


def _parameters(address: URL) -> list[str]:
    values = [each for value in address.query.values() for each in ([value] if isinstance(value, str) else value)]
    return [*address.query, *values]


def read_sql_query(where: str, stated: Mapping[str, Any]) -> SqlQuery:
    """The query of a description's front matter; raises UsageError when a part of it is wrong."""
    query = SqlQuery(**values_of(f"{where}, query", stated, SqlQuery, {}))
    if bool(query.table) == bool(query.select):
        raise wrong(f"{where}, query", "it names no table and no select, or both", "table: or select:")
    if query.table and not _TABLE.fullmatch(query.table):
        raise wrong(f"{where}, query", f"table is {query.table!r}", "a name such as cad.calls")
    if query.select:
        check_one_select(f"{where}, query", query.select)
    if query.since and not query.watermark:
        raise wrong(f"{where}, query", "since is stated without a watermark", "watermark: the column it counts in")
    return query
