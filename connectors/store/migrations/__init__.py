"""Brings a store's tables up to date, or back: the Alembic revisions in `versions/`, run on opening a store.

No alembic.ini: the scripts are found beside this file, so that an installed package migrates too. A store
that is up to date is recognised by one query, without importing Alembic.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from checks.errors import UsageError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0016"
"""The newest revision; a test compares it with the files."""
_LOCK = 2_908_052_008
"""Any fixed number: PostgreSQL's advisory lock under which one process migrates while others wait."""


def upgrade(engine: Engine, revision: str = HEAD) -> None:
    """Migrate up to a revision, in one transaction; at once when already there, safe in two processes.

    Raises UsageError when the store was made by a newer version of the product.
    """
    with engine.connect() as conn:
        conn.execution_options(reading=True)
        found = current_revision(conn)
    if found == revision:
        return
    _refuse_newer(engine, found)
    with engine.begin() as conn:
        _lock(conn)
        if current_revision(conn) != revision:
            _alembic(conn, "upgrade", revision)
            _close_new_tables(conn, revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Migrate down to a revision ('base' = no tables), in one transaction. What the tables held is lost."""
    with engine.begin() as conn:
        _lock(conn)
        _alembic(conn, "downgrade", revision)


def current_revision(conn: Connection) -> str:
    """The store's revision, '' for an empty database."""
    if not inspect(conn).has_table("alembic_version"):
        return ""
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def configuration() -> Config:
    """Alembic's configuration for these scripts."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _alembic(conn: Connection, direction: str, revision: str) -> None:
    from alembic import command

    config = configuration()
    config.attributes["connection"] = conn
    getattr(command, direction)(config, revision)


def _close_new_tables(conn: Connection, revision: str) -> None:
    """Give the roles what is new, where the database was given to them; a new table would else be open to nobody."""
    if conn.dialect.name == "postgresql" and revision == HEAD:
        from connectors.store import roles

        if roles.is_laid_out(conn):
            roles.lay_out(conn)


def _lock(conn: Connection) -> None:
    """SQLite's transaction has its write lock already."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def _refuse_newer(engine: Engine, found: str) -> None:
    if found > HEAD:
        where = engine.url.render_as_string(hide_password=True)
        raise UsageError(where, f"revision {found} of a newer version", f"at most {HEAD}", "Update the product.")
