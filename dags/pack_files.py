"""The files of a pack that hold data: figures, cases, rows and where they came from, as Parquet, CSV and a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.pack.readme import Told, notes
from connectors.pack.workbook import Sheet, workbook
from connectors.settings import masked
from dags.pack_rows import BESIDE, Rows
from dags.tables import write_csv

Row = dict[str, Any]
CASE = (
    "standard", "measure", "force", "case_id", "area", "neighbourhood", "state", "reason", "clock_started_at",
    "limit_seconds", "due_at", "clock_stopped_at", "elapsed_seconds", "part", "whole", "covers", "local_day",
)  # fmt: skip
FIGURE = (
    "standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "verdict", "numerator",
    "denominator", "rate", "rate_low", "rate_high", "rate_if_unknown_missed", "cases", "met", "missed", "pending",
    "unknown", "excluded", "timed", "excluded_by_reason", "target", "minimum_n", "depends_on_unknown", "restated",
    "run_id",
)  # fmt: skip
DELIVERY = (
    "delivery_id", "source", "log", "force", "location", "received_at", "rows_read", "rows_admitted",
    "rows_quarantined", "sha256", "fitness",
)  # fmt: skip
CAME = ("delivery_id", "row_number", "location", "sha256")
SHEET_ROWS = 2_000
_ORDER = 'order by standard, measure, "force", local_day, clock_started_at, case_id'


def cases_of(con: duckdb.DuckDBPyConnection, table: str) -> pa.Table:
    """The cases of a table that `Names.name_cases` made, in the order of time."""
    columns = ", ".join(f'"{name}"' for name in CASE)
    return con.sql(f"select {columns} from {table} {_ORDER}").to_arrow_table()  # noqa: S608


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def csv_of(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Rows as CSV."""
    out = io.StringIO()
    write_csv(out, rows, columns)
    return out.getvalue().encode()


def rows_in_batches(table: pa.Table) -> Iterable[Row]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def sampled_rows(rows: Rows, deliveries: Mapping[str, Row]) -> dict[str, list[Row]]:
    """The rows of the sample by log, each beside the file it came with."""
    return {log: [_came(row, deliveries) for row in table.to_pylist()] for log, table in rows.sampled.items()}


def _came(row: Row, deliveries: Mapping[str, Row]) -> Row:
    delivery = deliveries.get(row["delivery_id"], {})
    return {**row, "location": masked(delivery.get("location") or ""), "sha256": delivery.get("sha256")}


def delivery_lines(deliveries: Mapping[str, Row]) -> list[Row]:
    return [{**row, "location": masked(row["location"] or "")} for _, row in sorted(deliveries.items())]


def columns_of_rows(rows: Sequence[Row]) -> list[str]:
    """The heading of a log's sampled rows: the case, the contract, and where it came from."""
    return [*(name for name in rows[0] if name not in (*BESIDE, *CAME)), *CAME]


def spreadsheet(
    told: Told, figures: Sequence[Row], sample: Sequence[Row], rows: Mapping[str, Sequence[Row]], came: Sequence[Row]
) -> bytes:
    """The workbook: figures, the sample, its rows log by log, deliveries; of a long table its first rows."""
    sheets = [
        _sheet("Figures", "The published figures", FIGURE, figures),
        _sheet("Sample", "The sampled cases", CASE, sample),
        *(
            _sheet(f"Rows {log}"[:31], f"Rows of the sampled cases: {log}", columns_of_rows(r), r)
            for log, r in rows.items()
        ),
        _sheet("Deliveries", "The files the rows came with", DELIVERY, came),
    ]
    about = [
        "What a second person needs to re-derive figures of the Policing Pledge monitor from the records they rest on.",
        "README.md beside this file says how. All cases are in cases.csv, all rows in the folders rows and sample.",
    ]
    return workbook("Re-performance pack", about, notes(told), sheets, told.as_at)


def _sheet(label: str, title: str, columns: Sequence[str], rows: Sequence[Row]) -> Sheet:
    said = f"{title} (the first {SHEET_ROWS:,} of {len(rows):,})" if len(rows) > SHEET_ROWS else title
    return Sheet(label, said, columns, rows[:SHEET_ROWS])
