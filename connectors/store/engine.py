"""Opens the store: one call that ends in a migrated database, or in one clear sentence without a password.

SQLite needs nothing set up: the folder is made, the journal is WAL so that readers never wait. A transaction
takes SQLite's write lock when it begins: one that reads first and writes later would otherwise fail at once
if another process wrote in between. `reading` opens one that takes no lock.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from checks.errors import (
    THE_STORE,
    DamagedError,
    NotAnsweringError,
    PledgeError,
    UsageError,
    no_room,
    unreadable_value,
)
from connectors.settings import masked
from connectors.store.migrations import upgrade
from connectors.store.number import row_without_its_number
from connectors.store.tables import metadata

WAIT_SECONDS = 60.0
"""How long a process waits for another's write on SQLite."""
CONNECT_SECONDS = 10
"""How long PostgreSQL may take to answer."""
ANSWER = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""When a connection to PostgreSQL counts as cut (seconds; the last one milliseconds): a network that drops everything
says nothing, and without this a night would wait for hours."""
EXPECTED = "sqlite:///folder/pledge.sqlite or postgresql+psycopg://user@host/database"


def open_store(url: str, *, create: bool = True) -> Engine:
    """Open the store at an SQLAlchemy URL and bring its tables up to date.

    Args:
        url: SQLite (a file) or PostgreSQL.
        create: False refuses a SQLite file that is not there yet, instead of making an empty store.

    Raises:
        UsageError: the URL, the driver, the folder, the user or the password is wrong.
        NotAnsweringError: the server does not answer, or another process holds the file.
    """
    address = _parsed(url)
    if address.get_backend_name() == "sqlite":
        _prepare_file(address, create)
    engine = _engine(address)
    try:
        upgrade(engine)
    except DBAPIError as error:
        engine.dispose()
        raise refusal(_shown(address), error) from None
    except PledgeError:
        engine.dispose()
        raise
    return engine


@contextmanager
def looking(url: str) -> Iterator[Connection]:
    """A connection to a store as it is, whatever its revision: nothing is made or migrated.

    Raises as `open_store` does; UsageError, too, where a SQLite file is not there.
    """
    address = _parsed(url)
    if address.get_backend_name() == "sqlite":
        _prepare_file(address, create=False)
    engine = _engine(address)
    try:
        with reading(engine) as conn:
            yield conn
    except DBAPIError as error:
        raise refusal(_shown(address), error) from None
    finally:
        engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads: on SQLite it takes no lock and sees one state throughout.

    A number in it that is none ends in a DamagedError that names its row.
    """
    with engine.connect() as conn:
        conn.execution_options(reading=True, postgresql_readonly=True)
        try:
            yield conn
        except DamagedError as error:
            row = row_without_its_number(conn, metadata) if error.where == THE_STORE else ""
            if not row:
                raise
            raise unreadable_value("a number", row) from None


def lock_slice(conn: Connection, *names: str) -> None:
    """Make other PostgreSQL transactions on the same slice wait (SQLite has one writer in any case)."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": "|".join(names)})


def _parsed(url: str) -> URL:
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except (ArgumentError, ValueError):
        raise UsageError("the store's URL", "it cannot be read", EXPECTED, "Correct PLEDGE_STORE.") from None
    if backend not in ("sqlite", "postgresql"):
        raise UsageError(_shown(address), f"databases of kind {backend} are not supported", EXPECTED, "Use one.")
    if backend == "sqlite" and (address.database or ":memory:") == ":memory:":
        raise UsageError(_shown(address), "no file is named", EXPECTED, "Name a file: memory would forget all.")
    return address


def _prepare_file(address: URL, create: bool) -> None:
    path = Path(address.database or "")
    if not create and not path.exists():
        do = "Run `pledge run` first, or correct PLEDGE_STORE."
        raise UsageError(_shown(address), "there is no such file", "a store made by an earlier run", do)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"its folder cannot be made ({error.strerror})"
        raise UsageError(_shown(address), found, "a folder this user may write to", "Choose another.") from None


def _engine(address: URL) -> Engine:
    is_sqlite = address.get_backend_name() == "sqlite"
    arguments: dict[str, Any] = (
        {"timeout": WAIT_SECONDS} if is_sqlite else {"connect_timeout": CONNECT_SECONDS, **ANSWER}
    )
    try:
        # An error of the database must not carry an officer's words.
        engine = create_engine(address, connect_args=arguments, pool_pre_ping=not is_sqlite, hide_parameters=True)
    except (NoSuchModuleError, ModuleNotFoundError):
        found = f"the driver {address.drivername} is not installed"
        raise UsageError(_shown(address), found, EXPECTED, "Use postgresql+psycopg://.") from None
    except (ArgumentError, TypeError, ValueError):
        raise UsageError(_shown(address), "a part of it is not understood", EXPECTED, "Correct it.") from None
    if is_sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_postgres)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin transactions on its own, and too late
    _use_wal(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")  # KiB: the indexes of millions of breaches outgrow the usual 2 MiB
    connection.execute("PRAGMA recursive_triggers = ON")  # else INSERT OR REPLACE passes by the append-only triggers
    try:
        connection.execute("SELECT sqrt(4)")
    except sqlite3.OperationalError:  # some builds of SQLite lack it, and the generated rates need it
        connection.create_function("sqrt", 1, _square_root, deterministic=True)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; two processes doing so at once are told "locked" without any waiting."""
    tries = int(WAIT_SECONDS * 10)
    for attempt in range(tries):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == tries - 1:
                raise
            time.sleep(0.1)


def _square_root(value: float | None) -> float | None:
    return math.sqrt(value) if value is not None and value >= 0 else None


def _begin_sqlite(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN" if conn.get_execution_options().get("reading") else "BEGIN IMMEDIATE")


def _set_up_postgres(connection: Any, _record: object) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def refusal(where: str, error: DBAPIError) -> PledgeError:
    """The sentence for what the database said; its words are searched, never repeated."""
    said = str(error.orig).lower()
    if "is full" in said or "no space left" in said:
        return no_room(where)
    if "locked" in said or "busy" in said:
        return NotAnsweringError(where, "another process holds it", "a store free to write", "Try again.")
    if "authentication failed" in said or "no password supplied" in said or "fe_sendauth" in said:
        return UsageError(where, "user or password is refused", "a user of this database", "Correct PLEDGE_STORE.")
    if "does not exist" in said:
        return UsageError(where, "database or user does not exist", "an existing one", "Create it, or correct the URL.")
    if "permission denied for table" in said:
        found, expected = "this login may not read or change what it asks for", "a member of one of its roles"
        do = "Let the owner say `pledge database grant`, after `pledge database upgrade` and `roles`."
        return UsageError(where, found, expected, do)
    if "permission denied" in said or "must be owner" in said:
        found, expected = "this login may not create or change tables", "tables up to date, or their owner"
        do = "Let the owner run `pledge database upgrade`; a new owner needs CREATE on the schema."
        return UsageError(where, found, expected, do)
    if "not a database" in said:
        return UsageError(where, "the file is not a SQLite database", "a store, or no file", "Name another file.")
    if "could not decode" in said:
        return unreadable_value("a text")
    if "malformed" in said:
        do = "Restore it from a copy; `pledge verify` then tells what the copy lacks."
        return UsageError(where, "the file is damaged", "a whole SQLite database", do)
    if "unable to open" in said or "readonly" in said:
        return UsageError(where, "the file cannot be opened for writing", "a file this user may write", "Check it.")
    if "already exists" in said:
        return UsageError(where, "it holds other tables of the same names", "an empty database", "Name another.")
    do = "Start it and run again: what was recorded before is safe."
    return NotAnsweringError(where, "the database does not answer", "a running server", do)


def _shown(address: URL) -> str:
    return masked(address.render_as_string(hide_password=True))
