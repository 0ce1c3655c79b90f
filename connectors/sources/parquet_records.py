"""Parquet: typed columns to the one text form every value has until the typing door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from checks.errors import NotFitError
from connectors.sources.csv_lines import MALFORMED
from connectors.sources.delivery import BATCH, ROW_NUMBER, Batch, Refusal
from connectors.sources.header import cleaned
from connectors.sources.unpacked import ALWAYS_ALLOWED, most_unpacked, too_much

# No row of a log is less text than this: its required values.
_SMALLEST_ROW = 32


class ParquetRecords:
    """A Parquet file, read by row group. Times with a zone become UTC instants, times without stay local."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stat().st_size == 0:
            raise NotFitError(str(path), "the file has 0 bytes", "a Parquet file", "Deliver it again.")
        try:
            with pq.ParquetFile(path) as file:
                self._names = file.schema_arrow.names
                self._repeated = _repeated(file)
                self._check_size(file.metadata)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise self._damaged() from error
        self.header = cleaned(str(path), self._names)

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        number = 1
        names = [self._names[position] for position in wanted]
        try:
            with pq.ParquetFile(self._path, read_dictionary=self._repeated) as file:
                for batch in file.iter_batches(BATCH, columns=names):
                    columns = [self._text(name, batch.column(name)) for name in names]
                    numbers = pa.array(range(number, number + batch.num_rows), pa.int64())
                    number += batch.num_rows
                    header = [self.header[position] for position in wanted]
                    yield _readable_rows(pa.table([*columns, numbers], names=[*header, ROW_NUMBER]))
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise self._damaged() from error

    def _check_size(self, metadata: pq.FileMetaData) -> None:
        """Raise NotFitError where the file says of itself that it becomes far more than exports do."""
        groups = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        if max(groups, metadata.num_rows * _SMALLEST_ROW) > most_unpacked(self._path):
            raise too_much(self._path)

    def _damaged(self) -> NotFitError:
        return NotFitError(
            str(self._path), "it is no Parquet file, or a damaged one", "a whole Parquet file", "Deliver it again."
        )

    def _text(self, name: str, column: pa.Array) -> pa.Array:
        try:
            if pa.types.is_dictionary(column.type) and _written_out(column) > ALWAYS_ALLOWED:
                raise too_much(self._path)
            return _as_text(column)
        except pa.ArrowException as error:
            raise NotFitError(
                str(self._path),
                f"column {name} is of type {column.type}, whose values cannot be written as text",
                "text, numbers, dates, times, true/false",
                "Deliver the column as one of those.",
            ) from error


def _repeated(file: pq.ParquetFile) -> list[str]:
    """The columns of text that are kept as numbers of a list: a few bytes of such a number may stand for megabytes."""
    metadata, texts = file.metadata, {each.name for each in file.schema_arrow if _is_text(each.type)}
    chunks = (
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    )
    return sorted({each.path_in_schema for each in chunks if each.has_dictionary_page} & texts)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _written_out(column: pa.DictionaryArray) -> int:
    """How many bytes the texts of a batch are once each is written out."""
    if not _is_text(column.type.value_type):
        return 0
    return pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0


def _readable_rows(table: pa.Table) -> Batch:
    """Refuse the rows in which a text is no UTF-8, whatever the file says, or holds a NUL."""
    bad = pa.array([False] * table.num_rows)
    for name in table.column_names[:-1]:
        bad = pc.or_(bad, pc.fill_null(pc.match_substring(table[name], "\0"), False))
    bad = pc.or_(bad, _undecodable(table))
    if not pc.any(bad).as_py():
        return Batch(table)
    sentence = "A text of the row is not UTF-8, or holds a NUL, which is no character of any text; expected text."
    numbers = table[ROW_NUMBER].filter(bad).to_pylist()
    return Batch(table.filter(pc.invert(bad)), tuple(Refusal(number, MALFORMED, sentence) for number in numbers))


def _undecodable(table: pa.Table) -> pa.Array:
    """Which rows hold a text that is not UTF-8; looked at one by one only where Arrow finds any."""
    try:
        table.validate(full=True)
        return pa.array([False] * table.num_rows)
    except pa.ArrowInvalid:
        columns = [table[name].cast(pa.binary()).to_pylist() for name in table.column_names[:-1]]
        return pa.array([not all(map(_is_utf8, row)) for row in zip(*columns, strict=True)])


def _is_utf8(text: bytes | None) -> bool:
    try:
        (text or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numbers(column)
    if pa.types.is_date64(kind):
        return column.cast(pa.date32()).cast(pa.string())
    return column.cast(pa.string())


def _moments(column: pa.Array) -> pa.Array:
    """Nanoseconds are cut to microseconds, as everywhere in the product; a zone becomes the Z of UTC."""
    return column.cast(pa.timestamp("us", column.type.tz and "UTC"), safe=False).cast(pa.string())


def _numbers(column: pa.Array) -> pa.Array:
    """Whole numbers lose their point (a column with gaps is all floats in a data frame); not-a-number is empty."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2**53))
        integers = pc.if_else(whole, column, pa.scalar(None, column.type)).cast(pa.int64())
        return pc.coalesce(integers.cast(pa.string()), column.cast(pa.string()))
    return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
