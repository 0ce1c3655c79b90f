"""What a fetch is to bring, and where it is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from connectors.sources.columns_read import columns_read
from connectors.sources.delivery import Source
from connectors.sources.http.connection import ALL_OF_IT, HttpConnection


@dataclass(frozen=True)
class Wanted:
    """One fetch: the descriptions of one source, the address asked, the forces (none = all the source lists)."""

    sources: tuple[Source, ...]
    url: str
    forces: tuple[str, ...]
    as_at: datetime
    area: Path

    @property
    def connection(self) -> HttpConnection:
        connection = self.sources[0].http
        assert connection, "only sources with an HTTP connection are fetched"
        return connection

    @property
    def name(self) -> str:
        return self.sources[0].name

    @cached_property
    def folder(self) -> Path:
        return self.area / self.name / f"{self.as_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{self._digest}"

    @property
    def _digest(self) -> str:
        how = [[source.log, source.spread, sorted(columns_read(source.sql) or "*")] for source in self.sources]
        wanted = json.dumps([self.url, self.forces, self.connection.digest, how])
        return hashlib.sha256(wanted.encode()).hexdigest()[:12]

    def file(self, log: str) -> Path:
        return self.folder / f"{log}.jsonl"

    @property
    def keep(self) -> Mapping[str, str]:
        """Which values are kept: those stated, else the fields the selects name."""
        if self.connection.keep:
            return self.connection.keep
        return {name: ALL_OF_IT for source in self.sources for name in columns_read(source.sql) or ()}
