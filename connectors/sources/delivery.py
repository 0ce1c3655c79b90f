"""What a source is and what a delivery hands over: contract columns as text, a batch at a time.

Readers know nothing of types: every value is text, so that there is one typing door, in `connectors/lake`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from connectors.sources.connections import Connection
from connectors.sources.local_time import LocalTime
from connectors.sources.sql.connection import SqlQuery

ROW_NUMBER = "row_number"
# How many records are handed over together.
BATCH = 100_000


@dataclass(frozen=True)
class Refusal:
    """A record that could not even be split into columns; `kept_values` holds contract columns only."""

    row_number: int
    rule: str
    sentence: str
    kept_values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """About 100,000 records: text columns (NULL or '' = empty) and `row_number` (int64, 1 = first data record).

    With the text column `deleted` where the source's description names a deletion marker.
    """

    rows: pa.Table
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Source:
    """How deliveries of one log are read.

    `force`, `encoding`, `format` and `delimiter` are '' where the file itself says; `sql` is '' where the file is in
    the contract's columns already; `empty` are texts that mean "not recorded"; `expected` is what the fitness suite
    takes (`max_age_hours`, `min_rows`, `max_rows`, `may_be_empty`); `deleted` is the column of the select that marks
    records withdrawn at the source, '' where there is none; `file` is the description's own path. `connection`
    is where it is fetched from, with `spread`, the answer over HTTP whose elements each become a line, `query`, what is
    read from a database, or `files`, the pattern of dropped files' names.
    """

    name: str
    log: str
    force: str = ""
    zone: str = "Europe/London"
    ambiguous: str = "refuse"
    nonexistent: str = "refuse"
    delivers: str = "changes"
    deleted: str = ""
    expected: Mapping[str, object] | None = None
    empty: tuple[str, ...] = ()
    encoding: str = ""
    format: str = ""
    delimiter: str = ""
    key: str = ""
    location: str = ""
    sql: str = ""
    file: str = ""
    connection: Connection | None = None
    spread: str = ""
    query: SqlQuery | None = None
    files: str = ""

    @property
    def local_time(self) -> LocalTime:
        return LocalTime(self.zone, self.ambiguous, self.nonexistent)


@dataclass
class Delivery:
    """One file, opened: its header was read and fits, its records are read when asked for.

    `columns` are the contract columns it brings; `rows` counts the records handed over so far, refused ones included.
    """

    source: Source
    path: Path
    columns: tuple[str, ...]
    read: Callable[[], Iterator[Batch]] = field(repr=False)
    rows: int = 0
    _sha256: str = field(default="", repr=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file as it lies there, compressed or not."""
        if not self._sha256:
            with self.path.open("rb") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return self._sha256

    def batches(self) -> Iterator[Batch]:
        """Read the file from its beginning; memory does not grow with the file.

        Raises:
            NotFitError: what can only be seen while reading (undecodable bytes, a file cut short).
        """
        self.rows = 0
        for batch in self.read():
            self.rows += batch.rows.num_rows + len(batch.refusals)
            yield batch
