"""Staging: one delivery, typed and on disk, before anything is decided about its rows.

Only contract columns are written. The folder is temporary; memory stays flat because batches are written as they
are read and looked at again one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from checks.database import connect, literal
from checks.logs import DELETED, Kind, Log
from connectors.lake.pseudonyms import Pseudonyms
from connectors.lake.schema import log_schema
from connectors.lake.typing import typed
from connectors.sources.delivery import Delivery, Refusal

# How many rows are looked at together. What Great Expectations does for each rule besides looking costs as much for a
# few rows as for these; the frame of so many calls takes some 200 MB.
CHUNK = 500_000

# What Arrow hands to pandas as objects or floats where values are absent.
_PANDAS_TYPES: dict[Kind, Any] = {Kind.FLAG: "boolean", Kind.COUNT: "Int64", Kind.DATE: "datetime64[us]"}


@dataclass
class Staged:
    """A typed delivery: `path` holds `row_number`, the columns, their troubles and the text of troubled rows.

    `marks` = also `deleted` (true: the record was withdrawn at its source) and its trouble.
    """

    log: Log
    path: Path
    columns: tuple[str, ...]
    marks: bool = False
    rows_read: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    conflicts: set[int] = field(default_factory=set)
    repeats: set[int] = field(default_factory=set)

    def chunks(self) -> Iterator[pd.DataFrame]:
        """Frames of at most CHUNK rows in file order, with `key_conflict` set; `delivered` is raw text or NULL."""
        if not self.path.exists():
            return
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(CHUNK):
                frame = batch.to_pandas()
                frame["key_conflict"] = frame["row_number"].isin(self.conflicts)
                if self.marks:
                    frame[DELETED] = frame[DELETED].astype("boolean")
                for name in self.columns:
                    if wanted := _PANDAS_TYPES.get(self.log.by_name[name].kind):
                        frame[name] = frame[name].astype(wanted)
                yield frame


def stage(delivery: Delivery, log: Log, folder: Path, pseudonyms: Pseudonyms | None = None) -> Staged:
    """Read and type a whole delivery into `folder`; raises what the reader raises when it cannot be read.

    With `pseudonyms` no reference to a person's record reaches the disk: only what stands for it.
    """
    columns = tuple(name for name in delivery.columns if name in log.by_name)
    staged = Staged(log, folder / "typed.parquet", columns, marks=bool(delivery.source.deleted))
    schema = _schema(staged)
    writer = None
    try:
        for batch in delivery.batches():
            staged.refusals += [_hidden(each, pseudonyms) for each in batch.refusals]
            staged.rows_read += batch.rows.num_rows + len(batch.refusals)
            if not batch.rows.num_rows:
                continue
            rows = typed(log, batch.rows, delivery.source.local_time, delivery.source.empty)
            texts = batch.rows
            if pseudonyms:
                rows, texts = (pseudonyms.instead(log, each) for each in (rows, texts))
            rows = rows.append_column("delivered", _text_of_troubled(rows, texts, staged.columns))
            writer = writer or pq.ParquetWriter(staged.path, schema, compression="zstd")
            writer.write_table(rows.select(schema.names).cast(schema))
    finally:
        if writer:
            writer.close()
    if writer and set(log.keys) <= set(staged.columns):
        _compare_keys(staged)
    return staged


def _hidden(refusal: Refusal, pseudonyms: Pseudonyms | None) -> Refusal:
    """A record that could not even be split: which of its texts is a reference cannot be told, so none is kept."""
    return replace(refusal, kept_values={}) if pseudonyms else refusal


def _schema(staged: Staged) -> pa.Schema:
    types = log_schema(staged.log)
    fields = [("row_number", pa.int64())]
    if staged.marks:
        fields += [(DELETED, pa.bool_()), (f"{DELETED}__trouble", pa.string())]
    for name in staged.columns:
        fields += [(name, types.field(name).type), (f"{name}__trouble", pa.string())]
    return pa.schema([*fields, ("delivered", pa.string())])


def _text_of_troubled(rows: pa.Table, delivered: pa.Table, columns: tuple[str, ...]) -> pa.Array:
    """The delivered text (contract columns, as JSON) of the rows in which a value could not be read."""
    troubled = np.zeros(rows.num_rows, dtype=bool)
    for name in columns:
        troubled |= pc.is_valid(rows[f"{name}__trouble"]).to_numpy()
    positions = np.flatnonzero(troubled)
    text = np.full(rows.num_rows, None, dtype=object)
    for position, row in zip(positions, delivered.select(columns).take(positions).to_pylist(), strict=True):
        text[position] = json.dumps({name: value for name, value in row.items() if value}, ensure_ascii=False)
    return pa.array(text, pa.string())


def _compare_keys(staged: Staged) -> None:
    """Find keys that stand more than once: identical repeats collapse to the first, others contradict each other.

    Of two rows marked as deleted both say the same, whatever else stands in them.
    """
    by_key = ", ".join(f'"{key}"' for key in staged.log.keys)
    said = [f'"{each}"' for name in staged.columns for each in (name, f"{name}__trouble")] + ["delivered"]
    if staged.marks:
        said = [DELETED, f"{DELETED}__trouble", *(f"if({DELETED}, null, {each})" for each in said)]
    present = " and ".join(f'"{key}" is not null' for key in staged.log.keys)
    con = connect(memory_limit="1GB", spill=str(staged.path.parent))
    try:
        # Keys are looked for by their hash first: of most deliveries only numbers need to be held.
        again = con.execute(
            f"""
            with delivered as not materialized (
                select *, hash({by_key}) as bucket from read_parquet({literal(str(staged.path))}) where {present}
            ),
            again as (select bucket from delivered group by all having count(*) > 1),
            versions as (
                select row_number, {by_key},
                    dense_rank() over (partition by {by_key} order by {", ".join(said)}) as version
                from delivered semi join again using (bucket)
            )
            select row_number, max(version) over same_key > 1 as conflicting,
                row_number = min(row_number) over same_key as first
            from versions window same_key as (partition by {by_key})
            """
        ).df()
    finally:
        con.close()
    staged.conflicts.update(again["row_number"][again["conflicting"]])
    staged.repeats.update(again["row_number"][~again["conflicting"] & ~again["first"]])


def span(staged: Staged) -> tuple[datetime | None, datetime | None]:
    """The first and last moment the delivery's rows are dated by (UTC); None where it has none."""
    column = staged.log.by_name.get(staged.log.dated_by)
    if column is None or column.name not in staged.columns or not staged.path.exists():
        return None, None
    con = connect()
    try:
        row = con.execute(
            f'select min("{column.name}")::timestamptz, max("{column.name}")::timestamptz '
            f"from read_parquet({literal(str(staged.path))})"
        ).fetchone()
    finally:
        con.close()
    return (row[0], row[1]) if row else (None, None)
