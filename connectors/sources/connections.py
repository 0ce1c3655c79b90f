"""Where a source is fetched from: one reader of front matter for each kind of connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sources.drops.connection import BUCKETS, SFTP, DropConnection, checked_drop_url, read_drop_connection
from connectors.sources.http.connection import HttpConnection, checked_url, read_connection
from connectors.sources.sql.connection import SqlConnection, SqlQuery, checked_sql_url, read_sql_connection
from connectors.sources.stated import wrong

Connection = HttpConnection | SqlConnection | DropConnection
_READERS: Mapping[str, Callable[[str, Mapping[str, Any]], Connection]] = {
    "http": read_connection,
    "sql": read_sql_connection,
    "drops": read_drop_connection,
}


def connection_of(where: str, stated: Mapping[str, Any]) -> Connection:
    """The connection of a description's front matter; raises UsageError when a part of it is wrong."""
    kinds = [kind for kind in _READERS if kind in stated]
    if len(kinds) != 1:
        raise wrong(f"{where}, connection", "it is of no kind, or of several", f"one of {', '.join(_READERS)}")
    return _READERS[kinds[0]](where, stated)


def check_together(where: str, connection: Connection | None, query: SqlQuery | None, files: str, form: str) -> None:
    """Raise UsageError unless what is read, and the format it is stated in, belong to where it is read from."""
    if query and form:
        raise wrong(where, f"format is {form}", "none: a database has rows")
    if bool(query) != isinstance(connection, SqlConnection):
        raise wrong(where, "a query or a database stands alone", "both: connection: with sql:, and query:")
    if bool(files) != isinstance(connection, DropConnection):
        raise wrong(where, "files or the place they are dropped at stands alone", "connection: with drops:, and files:")
    if "/" in files:
        raise wrong(where, f"files is {files!r}", "a pattern of names in the folder itself, such as calls_*.csv")


def is_address(text: str) -> bool:
    """Whether what follows NAME= is an address rather than a path."""
    return "://" in text


def checked_address(where: str, connection: Connection, address: str) -> str:
    """Another address of the same kind; raises UsageError for any other."""
    if isinstance(connection, HttpConnection):
        if not address.startswith(("http://", "https://")):
            raise wrong(where, "the address is none", "one such as https://data.police.uk/api/")
        return checked_url(where, address, connection.plain_http)
    if isinstance(connection, SqlConnection):
        return checked_sql_url(where, address)
    kinds = (SFTP,) if connection.scheme == SFTP else BUCKETS
    if not address.startswith(tuple(f"{kind}://" for kind in kinds)):
        raise wrong(where, "the address is of another kind", f"one of {', '.join(kinds)}")
    return checked_drop_url(where, address)
