"""What every file reader is: a header, and records as columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from connectors.sources.delivery import ROW_NUMBER, Batch

# Records read and handed over together: some tens of megabytes.
CHUNK = 100_000


class Records(Protocol):
    """A file of one format. `header` holds the column names as delivered, cleaned and without repeats."""

    header: tuple[str, ...]

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        """Read the columns at these header positions, named as in the header; others are dropped at once."""
        ...


def text_table(names: Sequence[str], columns: Sequence[Sequence[str | None]], numbers: Sequence[int]) -> pa.Table:
    """Columns of text and their row numbers as one table."""
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.table([*arrays, pa.array(numbers, pa.int64())], names=[*names, ROW_NUMBER])
