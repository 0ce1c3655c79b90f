"""Parquet, Excel and JSON Lines as text rows, so that there is one typing door for every format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine

from checks.database import connect
from checks.errors import NotFitError
from connectors.sources.csv_file import MALFORMED, fold
from connectors.sources.delivery import BATCH, Batch, Refusal
from connectors.sources.text_file import lines


def as_text(value: Any) -> str | None:
    """A value as the typing door reads it: moments in ISO 8601, whole numbers without `.0`, true and false."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


class ParquetFile:
    """A Parquet file; times with a zone keep it, times without one stay local."""

    def __init__(self, path: Path, wanted: Sequence[str] = ()) -> None:
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise NotFitError(str(path), "it is no Parquet file", "Parquet", "Deliver it again.") from error
        self._path = path
        self.header = tuple(self._file.schema_arrow.names)
        self._kept = [name for name in self.header if not wanted or fold(name) in wanted]

    def batches(self) -> Iterator[Batch]:
        """Batches of at most BATCH rows."""
        first = 1
        con = connect(threads=2)
        try:
            for batch in self._file.iter_batches(BATCH, columns=self._kept):
                con.register("batch", pa.table(batch))
                columns = ", ".join(_as_text_in_sql(name, batch.schema.field(name).type) for name in self._kept)
                rows = con.sql(f"select {columns or '1'} from batch").to_arrow_table()
                numbers = pa.array(range(first, first + batch.num_rows), pa.int64())
                yield Batch(rows.append_column("row_number", numbers))
                first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise NotFitError(str(self._path), "it is damaged", "a whole Parquet file", "Deliver it again.") from error
        finally:
            con.close()


def _as_text_in_sql(name: str, kind: pa.DataType) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if pa.types.is_floating(kind):
        whole = f"{column} = floor({column}) and abs({column}) < 1e15"
        return f"case when {whole} then {column}::bigint::varchar else {column}::varchar end as {column}"
    return f"{column}::varchar as {column}"


class WorkbookFile:
    """The first sheet of an Excel file; its first row is the header."""

    def __init__(self, path: Path, wanted: Sequence[str] = ()) -> None:
        try:
            sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0)
            self._rows = sheet.to_python(skip_empty_area=False)
        except (python_calamine.CalamineError, OSError, IndexError, ValueError) as error:
            raise NotFitError(str(path), "it is no readable Excel file", "xlsx", "Deliver it again.") from error
        if not self._rows:
            raise NotFitError(str(path), "its first sheet is empty", "at least a header row", "Deliver it again.")
        self.header = tuple(str(cell).strip() for cell in self._rows[0])
        named = [name for name in self.header if name]
        if len({fold(name) for name in named}) != len(named):
            raise NotFitError(str(path), "a column stands twice in the header", "each column once", "Remove one.")
        self._kept = [p for p, name in enumerate(self.header) if name and (not wanted or fold(name) in wanted)]

    def batches(self) -> Iterator[Batch]:
        """Batches of at most BATCH rows; rows without any value are passed over, as blank lines are."""
        records = [row for row in self._rows[1:] if any(cell not in ("", None) for cell in row)]
        for start in range(0, max(len(records), 1), BATCH):
            chunk = records[start : start + BATCH]
            arrays = {self.header[p]: pa.array([as_text(row[p]) for row in chunk], pa.string()) for p in self._kept}
            numbers = pa.array(range(start + 1, start + 1 + len(chunk)), pa.int64())
            yield Batch(pa.table({**arrays, "row_number": numbers}))


class JsonLinesFile:
    """One JSON object a line; its columns are all the names any line uses."""

    def __init__(self, path: Path, encoding: str = "", wanted: Sequence[str] = ()) -> None:
        self._path, self._encoding = path, encoding
        names: dict[str, None] = {}
        for _, record in self._records():
            if isinstance(record, dict):
                names.update(dict.fromkeys(record))
        self.header = tuple(names)
        self._kept = [name for name in self.header if not wanted or fold(name) in wanted]

    def _records(self) -> Iterator[tuple[int, Any]]:
        number = 0
        for line in lines(self._path, self._encoding):
            if not line.strip():
                continue
            number += 1
            try:
                yield number, json.loads(line.lstrip("\ufeff"), parse_float=str)
            except (ValueError, RecursionError):
                yield number, None

    def batches(self) -> Iterator[Batch]:
        """Batches of at most BATCH records."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        refusals: list[Refusal] = []
        for number, record in self._records():
            if not isinstance(record, dict):
                refusals.append(Refusal(number, MALFORMED, "the line is no JSON object; expected one object a line."))
                continue
            rows.append(record)
            numbers.append(number)
            if len(rows) >= BATCH:
                yield self._batch(rows, numbers, refusals)
                rows, numbers, refusals = [], [], []
        yield self._batch(rows, numbers, refusals)

    def _batch(self, rows: list[dict[str, Any]], numbers: list[int], refusals: list[Refusal]) -> Batch:
        arrays = {name: pa.array([as_text(row.get(name)) for row in rows], pa.string()) for name in self._kept}
        return Batch(pa.table({**arrays, "row_number": pa.array(numbers, pa.int64())}), tuple(refusals))
