"""Deliveries from files: which files are logs, in which format, and how each becomes the contract's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from checks.errors import UsageError
from checks.logs import LOGS
from connectors.sources.csv_records import CsvRecords
from connectors.sources.delivery import ROW_NUMBER, Batch, Delivery, Refusal, Source
from connectors.sources.header import contract_positions
from connectors.sources.json_records import JsonRecords
from connectors.sources.parquet_records import ParquetRecords
from connectors.sources.records import Records
from connectors.sources.selecting import described_delivery
from connectors.sources.workbook import WorkbookRecords

FORMATS = {
    "csv": (".csv", ".csv.gz"),
    "parquet": (".parquet",),
    "excel": (".xlsx",),
    "jsonl": (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"),
}


def canonical(log: str) -> Source:
    """The source of a file that is already in a log's columns; raises UsageError when no log has that name."""
    if log not in LOGS:
        raise UsageError(
            f"log {log!r}", "the contract has no such log", f"one of {', '.join(LOGS)}", "Correct the name."
        )
    return Source(log, log)


def find_logs(folder: Path) -> tuple[list[tuple[str, Path]], list[Path]]:
    """The files of a folder that are named after logs (`calls.csv`, `incidents.parquet`), and those that are not.

    Two files of one log are both listed; hidden files and folders are in neither list. Raises UsageError when there
    is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(str(folder), "no such folder", "a folder with logs such as calls.csv", "Correct the path.")
    found, others = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")) or not path.is_file():
            continue
        log = path.name.casefold().removesuffix(_ending(path))
        if log in LOGS and _ending(path):
            found.append((log, path))
        else:
            others.append(path)
    return found, others


def open_delivery(source: Source, path: Path) -> Delivery:
    """Open a delivered file and see that its header fits; records are read by `Delivery.batches`.

    Raises:
        UsageError: no such file, or the source's description is wrong.
        NotFitError: the file cannot be read, or required columns are absent.
    """
    if not path.is_file():
        found = "it is a folder" if path.is_dir() else "no such file"
        raise UsageError(str(path), found, "a delivered file", "Correct the path.")
    try:
        records = _records(source, path)
        return described_delivery(source, path, records) if source.sql else _canonical_delivery(source, path, records)
    except PermissionError as error:
        raise UsageError(
            str(path), "it may not be read", "a file this user may read", "Mend its permissions."
        ) from error


def _ending(path: Path) -> str:
    """The longest known ending of a file's name, '' where it has none."""
    known = (ending for endings in FORMATS.values() for ending in endings if path.name.casefold().endswith(ending))
    return max(known, key=len, default="")


def _format_by_name(path: Path) -> str:
    return next((form for form, endings in FORMATS.items() if _ending(path) in endings), "")


def _format_by_content(path: Path) -> str:
    with path.open("rb") as file:
        beginning = file.read(4)
    return {b"PK\x03\x04": "excel", b"PAR1": "parquet"}.get(beginning, "csv")


def _records(source: Source, path: Path) -> Records:
    form = source.format or _format_by_name(path) or _format_by_content(path)
    if form == "parquet":
        return ParquetRecords(path)
    if form == "excel":
        return WorkbookRecords(path)
    if form == "jsonl":
        return JsonRecords(path, source.encoding)
    known = () if source.sql else LOGS[source.log].by_name
    return CsvRecords(path, source.encoding, source.delimiter, known)


def _canonical_delivery(source: Source, path: Path, records: Records) -> Delivery:
    filled = {"force": source.force} if source.force else {}
    found = contract_positions(str(path), records.header, LOGS[source.log], filled)
    columns = tuple(found)
    names = {records.header[position]: name for name, position in found.items()}
    missing = {name: value for name, value in filled.items() if name not in found}

    def read() -> Iterator[Batch]:
        for batch in records.read(tuple(found.values())):
            rows = batch.rows.rename_columns([*columns, ROW_NUMBER])
            for name, value in missing.items():
                rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
            yield Batch(rows, tuple(_renamed(refusal, names) for refusal in batch.refusals))

    return Delivery(source, path, (*columns, *missing), read)


def _renamed(refusal: Refusal, names: Mapping[str, str]) -> Refusal:
    return replace(refusal, kept_values={names[key]: value for key, value in refusal.kept_values.items()})
