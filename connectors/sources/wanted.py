"""What a fetch is to bring, and where it is kept: the same for every kind of connection."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.sources.columns_read import columns_read
from connectors.sources.delivery import Source


@dataclass(frozen=True)
class Wanted(ABC):
    """One fetch: the descriptions of one source, the address asked, the forces (none = all the source has).

    `known` are (log, SHA-256) of the files that were delivered by this source before, `admitted` those that were fit.
    """

    sources: tuple[Source, ...]
    url: str
    forces: tuple[str, ...]
    as_at: datetime
    area: Path
    known: frozenset[tuple[str, str]] = frozenset()
    admitted: frozenset[tuple[str, str]] = frozenset()

    @property
    def name(self) -> str:
        return self.sources[0].name

    @property
    def where(self) -> str:
        return self.sources[0].file

    @cached_property
    def folder(self) -> Path:
        return self.area / self.name / f"{self.as_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{self._digest}"

    @property
    def _digest(self) -> str:
        """Changes with everything that decides what is asked and kept."""
        return hashlib.sha256(json.dumps(self._asked, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def _asked(self) -> list[Any]:
        how = [_how(source) for source in self.sources]
        assert self.sources[0].connection, "only sources with a connection are fetched"
        return [self.url, self.forces, asdict(self.sources[0].connection), how]

    @abstractmethod
    def file(self, log: str) -> Path:
        """Where the file of a log lies once the fetch is whole."""


def _how(source: Source) -> list[Any]:
    read = sorted(columns_read(source.sql) or "*")
    if source.query:  # what is read once only, or never again, is read anew by another select
        return [source.log, read, asdict(source.query), source.sql, source.zone, source.delivers, source.key]
    if source.files:  # a file is taken as it is, whatever is read of it
        return [source.log, source.files, source.delivers]
    return [source.log, source.spread, read]
