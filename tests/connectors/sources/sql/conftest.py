from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy import make_url

from connectors.sources.description import described
from connectors.sources.sql.fetch import SqlWanted, fetch
from connectors.sources.whole_fetch import sha256

FIRST = datetime(2026, 3, 10, 5, tzinfo=UTC)
SELECT = "select call_id, line, kind, received_at, answered_at from raw"


class Cad:
    """A force's database with a table `calls`, and the fetches of it: `fetched(day)` is the night so many days on."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.said: list[str] = []
        self.engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        self.select = SELECT
        self.query: dict[str, Any] = {"table": "calls", "watermark": "changed_at", "overlap": 60}
        self.front: dict[str, Any] = {}
        self.connection: dict[str, Any] = {}
        self.admitted: set[tuple[str, str]] = set()

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def do(self, *statements: str) -> None:
        with self.engine.connect() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)

    def create(self) -> None:
        kind = "text" if self.is_sqlite else "timestamptz"
        self.do(
            f"create table calls (call_id text primary key, line text, kind text, caller text, received_at {kind}, "
            f"answered_at {kind}, changed_at {kind})"
        )

    def call(self, name: str, day: str, changed: str = "", line: str = "999") -> None:
        """A call at 10:00 of a day, changed then or later."""
        received, changed = f"{day} 10:00:00+00:00", changed or f"{day} 10:00:00+00:00"
        self.do(
            f"insert into calls values "
            f"('{name}', '{line}', 'public', 'A. Person', '{received}', '{received}', '{changed}')"
        )

    def wanted(self, day: int = 0) -> SqlWanted:
        sources = self.folder / "sources"
        sources.mkdir(exist_ok=True)
        shown = make_url(self.url)._replace(password=None).render_as_string()
        front = {
            "log": "calls", "force": "norfolk", "connection": {"sql": shown, **self.connection}, "query": self.query,
            **self.front,
        }  # fmt: skip
        (sources / "cad.sql").write_text(f"/*---\n{yaml.safe_dump(front)}\n---*/\n{self.select}\n")
        found = SqlWanted(described("cad", [sources]), shown, (), FIRST + timedelta(days=day), self.folder / "fetched")
        return replace(found, admitted=frozenset(self.admitted))

    def fetched(self, day: int = 0, fit: bool = True) -> list[dict[str, Any]]:
        """Fetch as the night would, and let what came be fit, or not; returns the rows."""
        wanted = self.wanted(day)
        fetch(wanted, self.said.append, sleep=lambda _: None)
        path = wanted.file("calls")
        if fit:
            self.admitted.add(("calls", sha256(path)))
        return pq.read_table(path).to_pylist()

    def ids(self, day: int = 0, fit: bool = True) -> list[str]:
        return sorted(row["call_id"] for row in self.fetched(day, fit))


@pytest.fixture
def postgres_cad(postgres_url: str, tmp_path: Path) -> Iterator[Cad]:
    """An empty PostgreSQL database of a force."""
    database = f"cad_{uuid.uuid4().hex}"
    server = Cad(postgres_url, tmp_path)
    server.do(f"create database {database}")
    cad = Cad(make_url(postgres_url).set(database=database).render_as_string(hide_password=False), tmp_path)
    yield cad
    cad.engine.dispose()
    server.do(f"drop database {database} with (force)")
    server.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def cad(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cad]:
    """A force's database with an empty table of calls, once in a SQLite file and once on PostgreSQL."""
    if request.param == "sqlite":
        found = Cad(f"sqlite:///{tmp_path / 'cad.sqlite'}", tmp_path)
    else:
        found = request.getfixturevalue("postgres_cad")
    found.create()
    yield found
    found.engine.dispose()
