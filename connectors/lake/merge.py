"""Merging admitted rows into a log's Delta table by key: new rows in, corrections over, repeats left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from checks.database import connect, literal
from checks.logs import Kind, Log
from connectors.lake.staging import Staged
from connectors.lake.tables import UNDATED, Lake, in_list, log_schema

# Rows merged in one commit: larger deliveries go in month by month, so that memory stays flat.
_ONE_COMMIT = 400_000


@dataclass(frozen=True)
class Merged:
    """How many of the admitted rows were new or corrected, and how many said nothing new."""

    changed: int
    unchanged: int


def merge(lake: Lake, staged: Staged, refused_rows: Collection[int], delivery_id: str, lacks: str) -> Merged:
    """Merge every staged row but the refused ones and the repeats; each commit stands by itself and can be repeated."""
    log = staged.log
    if not staged.path.exists():
        return Merged(0, 0)
    con = connect(memory_limit="2GB", spill=str(staged.path.parent))
    try:
        _admitted(con, staged, refused_rows, delivery_id, lacks)
        forces = [row[0] for row in con.execute("select distinct force from admitted order by 1").fetchall()]
        changed = 0
        for force in forces:
            changed += lake.change(log.name, partial(_merge_force, con, lake, log, force))
        rows = con.execute("select count(*) from admitted").fetchone()
    finally:
        con.close()
    admitted = rows[0] if rows else 0
    return Merged(changed, admitted - changed + len(staged.repeats - set(refused_rows)))


def withdraw(lake: Lake, staged: Staged, refused_rows: Collection[int]) -> int:
    """Take the keys a snapshot no longer holds out of the table, for the forces it speaks of; returns how many."""
    log = staged.log
    con = connect()
    try:
        _admitted(con, staged, refused_rows, "", "")
        forces = [row[0] for row in con.execute("select distinct force from admitted").fetchall()]
        gone = 0
        for force in forces:
            gone += lake.change(log.name, partial(_withdraw_force, con, lake, log, force))
    finally:
        con.close()
    return gone


def _admitted(
    con: duckdb.DuckDBPyConnection,
    staged: Staged,
    refused_rows: Collection[int],
    delivery_id: str,
    lacks: str,
) -> None:
    log = staged.log
    con.register("refused", pa.table({"row_number": pa.array(sorted({*refused_rows, *staged.repeats}), pa.int64())}))
    columns = ", ".join(
        f'"{c.name}"' if c.name in staged.columns else f'null::{_type(c.kind)} as "{c.name}"' for c in log.columns
    )
    con.execute(
        f"create or replace view admitted as select {columns}, {literal(delivery_id)} as delivery_id, row_number, "
        f"{literal(lacks)} as lacks, {_month(log)} as month "
        f"from read_parquet({literal(str(staged.path))}) anti join refused using (row_number)"
    )


def _type(kind: Kind) -> str:
    return {
        Kind.MOMENT: "timestamptz",
        Kind.DATE: "date",
        Kind.COUNT: "integer",
        Kind.FLAG: "boolean",
    }.get(kind, "varchar")


def _month(log: Log) -> str:
    return f"strftime(\"{log.dated_by}\", '%Y-%m')" if log.dated_by else f"'{UNDATED}'"


def _differs(log: Log) -> str:
    names = [*(column.name for column in log.columns if not column.key), "lacks"]
    return " or ".join(f'new."{name}" is distinct from old."{name}"' for name in names)


def _held(con: duckdb.DuckDBPyConnection, lake: Lake, table: DeltaTable, log: Log, force: str) -> None:
    """The rows the table holds of one force, as view `held`."""
    files = lake.files(log.name, table.version(), force=[force])
    schema = log_schema(log)
    if files:
        con.execute(
            f"create or replace view held as select * from read_parquet({literal(files)}, hive_partitioning = true, "
            "hive_types = {'force': varchar, 'month': varchar}, union_by_name = true)"
        )
    else:
        con.register("nothing", schema.empty_table())
        con.execute("create or replace view held as select * from nothing")


def _merge_force(con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, force: str, table: DeltaTable) -> int:
    _held(con, lake, table, log, force)
    same_key = " and ".join(f'new."{key}" = old."{key}"' for key in log.keys)
    con.execute(
        f"create or replace temp table changes as select new.*, old.month as month_before "
        f"from admitted as new left join held as old on {same_key} "
        f"where new.force = {literal(force)} and (old.force is null or {_differs(log)})"
    )
    done = 0
    for months in _commits(con):
        rows = con.sql(
            f"select * exclude (month_before) from changes where month in ({in_list(months)})"
        ).to_arrow_table()
        before = con.execute(
            f"select distinct month_before from changes where month_before is not null and month in ({in_list(months)})"
        ).fetchall()
        touched = sorted({*months, *(row[0] for row in before)})
        # Literals in the predicate: Delta prunes by them, and merges of different slices do not conflict.
        predicate = f"t.force = {in_list([force])} and t.month in ({in_list(touched)}) and " + " and ".join(
            f't."{key}" = s."{key}"' for key in log.keys
        )
        fresh = lake.table(log.name) if done else table
        merger = (fresh or table).merge(
            rows.cast(log_schema(log)), predicate=predicate, source_alias="s", target_alias="t"
        )
        merger.when_matched_update_all().when_not_matched_insert_all().execute()
        done += rows.num_rows
    return done


def _commits(con: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    """The months of the changes, bundled so that a commit stays small."""
    bundle: list[str] = []
    size = 0
    for month, count in con.execute("select month, count(*) from changes group by 1 order by 1").fetchall():
        if bundle and size + count > _ONE_COMMIT:
            yield bundle
            bundle, size = [], 0
        bundle.append(month)
        size += count
    if bundle:
        yield bundle


def _withdraw_force(con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, force: str, table: DeltaTable) -> int:
    _held(con, lake, table, log, force)
    same_key = " and ".join(f'held."{key}" = admitted."{key}"' for key in log.keys)
    gone = con.sql(
        f"select held.* from held anti join admitted on {same_key} where held.force = {literal(force)}"
    ).to_arrow_table()
    if not gone.num_rows:
        return 0
    months = sorted(set(gone["month"].to_pylist()))
    predicate = f"t.force = {in_list([force])} and t.month in ({in_list(months)}) and " + " and ".join(
        f't."{key}" = s."{key}"' for key in log.keys
    )
    table.merge(
        gone.cast(log_schema(log)), predicate=predicate, source_alias="s", target_alias="t"
    ).when_matched_delete().execute()
    return gone.num_rows
