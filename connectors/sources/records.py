"""What every file reader is: a header, and records as columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from checks.errors import NotFitError
from connectors.sources.delivery import ROW_NUMBER, Batch

# Refused records are kept one by one; with more than this something else is wrong with the file.
MOST_REFUSED = 100_000


class Records(Protocol):
    """A file of one format. `header` holds the column names as delivered, cleaned and without repeats."""

    header: tuple[str, ...]

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        """Read the columns at these header positions, named as in the header; others are dropped at once."""
        ...


def text_table(
    names: Sequence[str], columns: Sequence[pa.Array | Sequence[str | None]], numbers: Sequence[int]
) -> pa.Table:
    """Columns of text and their row numbers as one table."""
    arrays = [c if isinstance(c, pa.Array) else pa.array(c, pa.string()) for c in columns]
    return pa.table([*arrays, pa.array(numbers, pa.int64())], names=[*names, ROW_NUMBER])


def bounded(where: str, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, until too many records were refused: then NotFitError, before they fill the memory."""
    refused = 0
    for batch in batches:
        refused += len(batch.refusals)
        if refused > MOST_REFUSED:
            raise NotFitError(
                where,
                f"more than {MOST_REFUSED:,} records could not be split into columns",
                "records as wide as the header",
                "Check the delimiter, the quotes and the encoding of the export.",
            )
        yield batch
