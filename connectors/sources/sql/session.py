"""A database that is only read: a session without a right to write, where the database has such, in good time."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from checks.errors import NotAnsweringError, PledgeError, UsageError
from connectors.sources.credential import Login
from connectors.sources.sql.connection import SqlConnection

# What a new connection is told; the seconds of a statement are filled in. SQL Server knows no session that only reads.
_SESSION: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "SET default_transaction_read_only = on",
        "SET statement_timeout = {milliseconds}",
        "SET lock_timeout = {milliseconds}",
        "SET TIME ZONE 'UTC'",
    ),
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = {milliseconds}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "mssql": ("SET LOCK_TIMEOUT {milliseconds}",),
}
# One state throughout, from the first statement to the last, where the database has it.
_ISOLATION = {"postgresql": "REPEATABLE READ", "mysql": "REPEATABLE READ", "mariadb": "REPEATABLE READ"}


class ReadOnlyDatabase:
    """Opens read-only connections to one database; what it says becomes one sentence, its own words never repeated."""

    def __init__(self, url: str, connection: SqlConnection, login: Login) -> None:
        address = make_url(url)
        self.name = URL.create(
            address.drivername, None, None, address.host, address.port, address.database
        ).render_as_string()
        self.dialect = address.get_backend_name()
        self._connection = connection
        if self.dialect == "sqlite" and not Path(address.database or "").is_file():
            raise UsageError(self.name, "there is no such file", "a SQLite database", "Correct its description.")
        self._engine = self._made(_with_login(address, login))

    def _made(self, address: URL) -> Engine:
        # Only numbers: no text of a description gets into a statement.
        try:
            engine = sa.create_engine(
                address, poolclass=NullPool, hide_parameters=True, connect_args=self._arguments(address)
            )
        except (NoSuchModuleError, ModuleNotFoundError):
            do = "Install the driver beside the product, as SQLAlchemy's page on this database says."
            found = f"the driver {address.drivername} is not installed"
            raise UsageError(self.name, found, "a driver SQLAlchemy finds", do) from None
        except (SQLAlchemyError, TypeError, ValueError):
            raise UsageError(self.name, "a part of the address is not understood", "one", "Correct it.") from None
        event.listen(engine, "connect", self._prepare)
        return engine

    def _arguments(self, address: URL) -> dict[str, Any]:
        seconds = self._connection.connect_seconds
        if self.dialect == "postgresql":
            waits = {"connect_timeout": max(2, round(seconds)), "keepalives_idle": 30, "keepalives_interval": 10}
            encrypted = {} if "sslmode" in address.query or _is_here(address.host) else {"sslmode": "require"}
            return {**waits, **encrypted}
        names = {"sqlite": "timeout", "mysql": "connect_timeout", "oracle": "tcp_connect_timeout", "mssql": "timeout"}
        name = names.get(self.dialect)
        return {name: seconds if self.dialect in ("sqlite", "oracle") else round(seconds)} if name else {}

    def _prepare(self, connection: Any, _record: object) -> None:
        seconds = self._connection.statement_seconds
        if self.dialect == "oracle":
            connection.call_timeout = round(seconds * 1000)
        cursor = connection.cursor()
        for statement in _SESSION.get(self.dialect, ()):
            cursor.execute(statement.format(seconds=round(seconds), milliseconds=round(seconds * 1000)))
        cursor.close()
        if self.dialect in ("postgresql", "mysql", "mariadb"):
            connection.commit()

    def connect(self) -> sa.Connection:
        """A connection in one transaction; close it in the thread that opened it."""
        options = {"stream_results": True}
        isolation = _ISOLATION.get(self.dialect)
        return self._engine.connect().execution_options(
            **options, **({"isolation_level": isolation} if isolation else {})
        )

    def plainly(self, error: Exception, what: str) -> PledgeError:
        """The sentence for what a database said while `what` was read from it."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        said = str(cause).lower()
        where = f"{self.name}, {what}"
        for words, make in _REFUSALS:
            if any(word in said for word in words):
                return make(where)
        is_query = isinstance(error, sa.exc.ProgrammingError | sa.exc.DataError | sa.exc.NotSupportedError)
        code = getattr(cause, "sqlstate", None)
        kind = type(cause).__name__ + (f", SQLSTATE {code}" if code else "")
        if is_query or not isinstance(error, DBAPIError):
            return UsageError(where, f"it cannot be read ({kind})", "a query this database answers", "Mend `query`.")
        return NotAnsweringError(where, f"no whole answer ({kind})", "all its rows", "Run again.")


def _with_login(address: URL, login: Login) -> URL:
    if login.user and not address.username:
        address = address.set(username=login.user)
    return address.set(password=login.password) if login.password else address


def _is_here(host: str | None) -> bool:
    if not host or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(found: str, expected: str, do: str) -> Callable[[str], PledgeError]:
    return lambda where: UsageError(where, found, expected, do)


def _passing(found: str, expected: str) -> Callable[[str], PledgeError]:
    return lambda where: NotAnsweringError(where, found, expected, "Run again.")


# What databases say, in the words of PostgreSQL, SQLite, SQL Server, Oracle and MySQL.
_REFUSALS: tuple[tuple[tuple[str, ...], Callable[[str], PledgeError]], ...] = (
    (
        ("authentication failed", "no password supplied", "login failed", "ora-01017", "access denied for", 'role "'),
        _refused("user or password is refused", "a user of this database", "Check the user and the secret it names."),
    ),
    (
        ("read-only transaction", "readonly database", "ora-01456"),
        _refused("the query writes", "a query that only reads", "Mend `query`."),
    ),
    (
        ("permission denied", "permission was denied", "ora-01031", "command denied"),
        _refused("the user may not read it", "a user that may", "Grant SELECT on it."),
    ),
    (
        ("statement timeout", "ora-03136", "dpi-1067", "dpy-4024", "maximum statement execution time"),
        _passing("it took too long", "an answer within statement_seconds"),
    ),
    (
        (
            "connection refused",
            "resolve host",
            "translate host",
            "not known",
            "connection timeout",
            "dpy-6005",
            "ora-12541",
        ),
        _passing("it cannot be reached", "a database at this address, to which the network leads"),
    ),
    (("lock timeout", "database is locked", "deadlock"), _passing("another process holds it", "a free table")),
    (
        ('relation "', "no such table", "invalid object name", "ora-00942", "doesn't exist"),
        _refused("there is no such table", "a table or view", "Correct `query`."),
    ),
    (
        ('column "', "no such column", "invalid column name", "ora-00904", "unknown column"),
        _refused("a column it names is not there", "the columns of the table", "Correct `query`."),
    ),
    (
        ("syntax error", "incorrect syntax", "error in your sql syntax", "ora-00907", "ora-00933", "ora-00936"),
        _refused("the query is not understood", "one SELECT in this database's own SQL", "Mend `query`."),
    ),
    (('database "', "ora-12514", "unknown database"), _refused("no such database", "one", "Correct the address.")),
    (
        ("ssl is not", "does not support ssl", "server does not support ssl"),
        _refused("it does not encrypt", "an encrypted connection", "Add ?sslmode=disable only if that is right."),
    ),
    (("not a database", "malformed"), _refused("it is no SQLite database", "one", "Correct the address.")),
)
