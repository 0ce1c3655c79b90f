"""Files in a folder: which log each is, and how it is opened, in the contract's columns or through a description."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path


from checks.errors import NotFitError, UsageError
from checks.logs import LOGS, Log
from connectors.sources.csv_file import CsvFile, fold
from connectors.sources.delivery import Batch, Delivery, RawRows, Source
from connectors.sources.other_files import JsonLinesFile, ParquetFile, WorkbookFile

# What a file's name ends in, and the format that means; longest first.
FORMATS = {
    ".csv.gz": "csv",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


def canonical(log: str) -> Source:
    """The source of a file that is already in the contract's columns."""
    return Source(name=log, log=log)


def find_logs(folder: Path) -> tuple[list[tuple[str, Path]], list[Path]]:
    """The files of a folder that are logs (`calls.csv`, `incidents.parquet` …) as (log, path), and those that are not.

    Raises UsageError when the folder cannot be read.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(str(folder), error.strerror or "unreadable", "a folder of logs", "Correct the path.") from error
    found = [(path.name[: -len(_ending(path))].lower(), path) for path in files if _ending(path)]
    logs = [(log, path) for log, path in found if log in LOGS]
    known = {path for _, path in logs}
    return logs, [path for path in files if path not in known]


def _ending(path: Path) -> str:
    return next((ending for ending in FORMATS if path.name.lower().endswith(ending)), "")


def format_of(source: Source, path: Path) -> str:
    """The format of a file: what its source states, else what its name ends in; raises UsageError for neither."""
    form = source.format or FORMATS.get(_ending(path), "")
    if form not in FORMATS.values():
        raise UsageError(
            str(path), "its name tells no known format", f"a name ending in {', '.join(FORMATS)}", "Rename it."
        )
    return form


def raw_rows(source: Source, path: Path, wanted: Sequence[str] = ()) -> RawRows:
    """The file as text rows; `wanted` (folded names) limits the columns that are kept at all."""
    form = format_of(source, path)
    if form == "parquet":
        return ParquetFile(path, wanted)
    if form == "excel":
        return WorkbookFile(path, wanted)
    if form == "jsonl":
        return JsonLinesFile(path, source.encoding, wanted)
    return CsvFile(path, source.encoding, lambda names: sum(not wanted or name in wanted for name in names), wanted)


def open_delivery(source: Source, path: Path) -> Delivery:
    """Open a delivered file.

    Raises:
        NotFitError: it is empty, binary, in another encoding, or lacks a required column.
        UsageError: there is no such file, or its name tells no format.
    """
    if not path.is_file():
        raise UsageError(str(path), "no such file", "a delivered file", "Correct the path.")
    if source.sql:
        from connectors.sources.description import DescribedDelivery

        return DescribedDelivery(source, path, sha256_of(path))
    return CanonicalDelivery(source, path, sha256_of(path))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class CanonicalDelivery:
    """A file whose columns are named as in the contract, in any order; other columns are dropped at once."""

    def __init__(self, source: Source, path: Path, sha256: str) -> None:
        self.source, self.sha256 = source, sha256
        log = LOGS[source.log]
        self._rows = raw_rows(source, path, tuple(log.by_name))
        delivered = {fold(name) for name in self._rows.header}
        self.columns = tuple(column.name for column in log.columns if column.name in delivered)
        refuse_incomplete(path, log, self.columns, self._rows.header)

    def batches(self) -> Iterator[Batch]:
        """Its rows, their columns named as the contract names them."""
        for batch in self._rows.batches():
            names = [fold(name) for name in batch.rows.column_names]
            yield Batch(batch.rows.rename_columns(names).select(["row_number", *self.columns]), batch.refusals)


def refuse_incomplete(path: Path, log: Log, columns: Sequence[str], header: Sequence[str]) -> None:
    """Raise NotFitError when a required column is not delivered; a column that looks like it is named."""
    absent = [name for name in log.required if name not in columns]
    if not absent:
        return
    others = [name for name in header if fold(name) not in log.by_name]
    near = get_close_matches(absent[0], others, n=1, cutoff=0.5)
    do = f"Is {near[0]} it? Rename it, or describe the source." if near else "Add it, or describe the source."
    raise NotFitError(
        str(path), f"no column {', '.join(absent)}", f"every required column of {log.name}: {', '.join(log.required)}", do
    )


