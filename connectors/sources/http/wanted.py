"""What a fetch over HTTP is to bring: the records of a source, of some forces or of all it lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.sources.columns_read import columns_read
from connectors.sources.http.connection import ALL_OF_IT, HttpConnection
from connectors.sources.wanted import Wanted


class HttpWanted(Wanted):
    """A fetch whose files are JSON Lines."""

    @property
    def connection(self) -> HttpConnection:
        connection = self.sources[0].connection
        assert isinstance(connection, HttpConnection), "it is fetched over HTTP"
        return connection

    def file(self, log: str) -> Path:
        return self.folder / f"{log}.jsonl"

    @property
    def keep(self) -> Mapping[str, str]:
        """Which values are kept: those stated, else the fields the selects name."""
        if self.connection.keep:
            return self.connection.keep
        return {name: ALL_OF_IT for source in self.sources for name in columns_read(source.sql) or ()}
