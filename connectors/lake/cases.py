"""Judged cases in the lake: one slice (standard, measure, force) is compared with what stands and only its changed
months are written, so that a night costs what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from checks.database import literal
from connectors.lake.tables import CASES, Lake, in_list

_COMPARED = [name for name in CASES.names if name not in ("first_run", "last_changed_run")]


@dataclass(frozen=True)
class Slice:
    """One standard's measure in one force."""

    standard: str
    measure: str
    force: str


def write_cases(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    slice_: Slice,
    run_id: str,
    first_day: date | None,
    last_day: date | None,
) -> list[str]:
    """Bring the slice's cases into line with table `facts` on `con`.

    Args:
        first_day, last_day: the local days that were judged (None = open); cases of other days are left as they are.

    Returns:
        The months whose cases changed; empty when nothing did, and then nothing is written.
    """
    return lake.change("cases", lambda table: _bring_into_line(con, lake, table, slice_, run_id, first_day, last_day))


def read_cases(con: duckdb.DuckDBPyConnection, files: list[str], view: str) -> None:
    """Create a view over the files of the `cases` table; its times are timezone-aware UTC."""
    if not files:
        con.register(f"{view}_nothing", CASES.empty_table())
        con.execute(f"create or replace view {view} as select * from {view}_nothing")
        return
    parts = "{'standard': varchar, 'measure': varchar, 'force': varchar, 'month': varchar}"
    con.execute(
        f"create or replace view {view} as select * from read_parquet({literal(files)}, hive_partitioning = true, "
        f"hive_types = {parts}, union_by_name = true)"
    )


def _bring_into_line(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: DeltaTable,
    slice_: Slice,
    run_id: str,
    first_day: date | None,
    last_day: date | None,
) -> list[str]:
    where = {"standard": slice_.standard, "measure": slice_.measure, "force": slice_.force}
    files = lake.files("cases", table.version(), **{key: [value] for key, value in where.items()})
    read_cases(con, files, "held_cases")
    first, last = literal(first_day), literal(last_day)
    inside = f"local_day >= coalesce({first}, local_day) and local_day <= coalesce({last}, local_day)"
    chosen = " and ".join(f"{key} = {literal(value)}" for key, value in where.items())
    con.execute(f"create or replace temp view held_inside as select * from held_cases where {inside}")
    con.execute(
        "create or replace temp view judged_now as select standard, measure, force, "
        "strftime(local_day, '%Y-%m') as month, case_id, area, neighbourhood, state, reason, "
        "make_timestamptz(epoch_us(clock_started_at)) as clock_started_at, limit_seconds, "
        "make_timestamptz(epoch_us(due_at)) as due_at, "
        "make_timestamptz(epoch_us(clock_stopped_at)) as clock_stopped_at, "
        f"elapsed_seconds, part, whole, covers, local_day, unjudgeable, outside_force_dates from facts where {chosen}"
    )
    differs = " or ".join(f'new."{name}" is distinct from old."{name}"' for name in _COMPARED)
    con.execute(
        "create or replace temp table compared as select new.*, "
        f"coalesce(old.first_run, {literal(run_id)}) as first_run, "
        f"case when old.case_id is null or {differs} then {literal(run_id)} else old.last_changed_run end "
        "as last_changed_run, old.month as month_before, old.case_id is null or "
        f"{differs} as changed from judged_now as new left join held_inside as old on new.case_id = old.case_id"
    )
    months = con.execute(
        "select month from compared where changed union select month_before from compared where changed "
        "union select month from held_inside anti join compared using (case_id) order by 1"
    ).fetchall()
    changed = [row[0] for row in months if row[0] is not None]
    if changed:
        _overwrite(con, table, where, changed, inside)
    return changed


def _overwrite(
    con: duckdb.DuckDBPyConnection, table: DeltaTable, where: dict[str, str], months: list[str], inside: str
) -> None:
    names = ", ".join(f'"{name}"' for name in CASES.names)
    rows: pa.Table = con.sql(
        f"select {names} from compared where month in ({in_list(months)}) union all "
        f"select {names} from held_cases where month in ({in_list(months)}) and not ({inside}) "
        "and case_id not in (select case_id from compared) order by month, case_id"
    ).to_arrow_table()
    partition = " and ".join(f"{key} = {in_list([value])}" for key, value in where.items())
    write_deltalake(
        table, rows.cast(CASES), mode="overwrite", predicate=f"{partition} and month in ({in_list(months)})"
    )
