"""What a source is and what it hands over: batches of text rows, and the records that could not be split into columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from connectors.sources.local_time import LocalTime

BATCH = 100_000


@dataclass(frozen=True)
class Refusal:
    """A record that cannot be used; `row_number` counts the file's data records from 1, this one included.

    `kept_values` are those of its contract columns that could be told, as delivered.
    """

    row_number: int
    rule: str
    sentence: str
    kept_values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """Some rows of a delivery: text columns (NULL or '' = empty) and `row_number` (int64)."""

    rows: pa.Table
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Source:
    """How a log is read from a file.

    `name` is the description's, or the log's own name for a file already in the contract's columns; `force` fills
    that column where the file has none; `empty` are further texts that mean "not recorded"; `delivers` is `changes`
    or `snapshot` (a key that is gone was withdrawn); `expected` are the freshness and size its owner states; `sql` is
    the description's select from `raw`, '' for a file in the contract's columns; `location` its usual place.
    """

    name: str
    log: str
    force: str = ""
    zone: str = "Europe/London"
    ambiguous: str = "refuse"
    nonexistent: str = "refuse"
    delivers: str = "changes"
    expected: Mapping[str, object] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    encoding: str = ""
    format: str = ""
    sql: str = ""
    location: str = ""

    @property
    def local_time(self) -> LocalTime:
        """How its times without an offset are placed."""
        return LocalTime(self.zone, self.ambiguous, self.nonexistent)


class RawRows(Protocol):
    """A file as text: its header, and its records in batches whose columns are the header's."""

    header: tuple[str, ...]

    def batches(self) -> Iterator[Batch]:
        """The records in file order; raises NotFitError where the file cannot be read any further."""
        ...


class Delivery(Protocol):
    """One delivered file, opened: `columns` are the contract columns it brings, `sha256` is of its bytes."""

    source: Source
    sha256: str
    columns: tuple[str, ...]

    def batches(self) -> Iterator[Batch]:
        """Its rows in contract columns; raises NotFitError where it cannot be read any further."""
        ...
