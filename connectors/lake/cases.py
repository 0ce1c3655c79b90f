"""Judged cases in the lake: one slice (standard, measure, force) is compared with what stands and only its changed
months are written, so that a night costs what changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import duckdb
from deltalake import DeltaTable, write_deltalake

from checks.database import literal
from connectors.lake.schema import CASES, schema_of
from connectors.lake.tables import Lake, in_list, one_writer

if TYPE_CHECKING:
    import pyarrow as pa

# What stands for the case of an erased record: a token in place of its name. It stays as it was counted.
ERASED = "erased:"
_COMPARED = [name for name in CASES if name not in ("first_run", "last_changed_run")]


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
    frozen_before: date | None = None,
) -> list[str]:
    """Bring the slice's cases into line with table `facts` on `con`.

    Args:
        first_day, last_day: the local days that were judged (None = open); cases of other days are left as they are.
        frozen_before: records from before this day were erased: what was judged by them stands, and nothing is added.

    Returns:
        The months whose cases changed; empty when nothing did, and then nothing is written.
    """
    stands = frozen(frozen_before)
    return lake.change(
        "cases", lambda table: _bring_into_line(con, lake, table, slice_, run_id, first_day, last_day, stands)
    )


def frozen(before: date | None) -> str:
    """The condition of a case whose records were erased, as SQL; one that covers a year may reach back that far."""
    if before is None:
        return f"starts_with(case_id, '{ERASED}')"
    return (
        f"(starts_with(case_id, '{ERASED}') or local_day < {literal(before)}::date + "
        "if(coalesce(covers, '') in ('year', 'rolling_12_months'), interval 1 year, interval 0 day))"
    )


def read_cases(con: duckdb.DuckDBPyConnection, files: list[str], view: str) -> None:
    """Create a view over the files of the `cases` table; its times are timezone-aware UTC."""
    if not files:
        con.register(f"{view}_nothing", schema_of("cases").empty_table())
        con.execute(f"create or replace view {view} as select * from {view}_nothing")
        return
    con.execute(_cases_script(files, view))


def _cases_script(files: list[str], view: str, in_folders: bool = True) -> str:
    parts = "{'standard': varchar, 'measure': varchar, 'force': varchar, 'month': varchar}"
    partitioned = f"hive_partitioning = true, hive_types = {parts}, " if in_folders else ""
    return (
        f"create or replace view {view} as select * from read_parquet({literal(files)}, "
        f"{partitioned}union_by_name = true);\n"
    )


def lay_missed_cases(con: duckdb.DuckDBPyConnection, files: list[str], commitments: Mapping[str, int]) -> None:
    """Create the view `missed_cases` (naive UTC): what the closing promise wants explained."""
    read_cases(con, files, "cases_so_far")
    con.execute(_missed_script(commitments))


def empty_cases_script() -> str:
    """`cases_so_far` without any case, for whoever only wants to know its columns."""
    con = duckdb.connect()
    con.register("nothing", schema_of("cases").empty_table())
    columns = con.execute("describe nothing").fetchall()
    con.close()
    empty = ", ".join(f'null::{kind} as "{name}"' for name, kind, *_ in columns)
    return f"create or replace view cases_so_far as select {empty} where false;\n"


def missed_cases_script(files: list[str], commitments: Mapping[str, int], *, in_folders: bool = True) -> str:
    """What `lay_missed_cases` runs, for whoever runs it elsewhere; '' where there is no case.

    `in_folders`: the files lie in folders that say standard, measure, force and month, as in the lake.
    """
    return _cases_script(files, "cases_so_far", in_folders) + _missed_script(commitments) if files else ""


def _missed_script(commitments: Mapping[str, int]) -> str:
    rows = ", ".join(f"({literal(measure)}, {literal(commitment)})" for measure, commitment in commitments.items())
    return (
        "create or replace view missed_cases as select standard, measure, commitment, force, "
        "area, neighbourhood, case_id, local_day, make_timestamp(epoch_us(coalesce("
        "due_at, clock_stopped_at, clock_started_at))) as missed_at "
        f"from cases_so_far inner join (values {rows}) as commitment_of (measure, commitment) using (measure) "
        f"where state = 'missed' and not starts_with(case_id, '{ERASED}');\n"
    )


def _bring_into_line(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: DeltaTable,
    slice_: Slice,
    run_id: str,
    first_day: date | None,
    last_day: date | None,
    frozen: str,
) -> list[str]:
    where = {"standard": slice_.standard, "measure": slice_.measure, "force": slice_.force}
    _judged_now(con, where, frozen)
    of_months = _near(con, lake, table.version(), where, first_day, last_day)
    first, last = literal(first_day), literal(last_day)
    con.execute(
        "create or replace temp view held_inside as select * from held_near "
        f"where local_day >= coalesce({first}, local_day) and local_day <= coalesce({last}, local_day) "
        f"and not {frozen}"
    )
    _compare(con, run_id)
    # A case moves to another month when its clock is corrected, even out of the days that are judged now.
    months = con.execute(
        "select month from compared where changed union select month_before from compared where changed "
        "union select month from held_inside anti join compared using (case_id) order by 1"
    ).fetchall()
    changed = [row[0] for row in months if row[0] is not None]
    if changed:
        read_cases(con, of_months(changed), "held_cases")
        _overwrite(con, table, where, changed)
    return changed


def _judged_now(con: duckdb.DuckDBPyConnection, where: dict[str, str], frozen: str) -> None:
    """View `judged_now`: the slice's rows of `facts` in the shape in which cases are kept."""
    chosen = " and ".join(f"{key} = {literal(value)}" for key, value in where.items())
    con.execute(
        "create or replace temp view judged_now as select standard, measure, force, "
        "strftime(local_day, '%Y-%m') as month, case_id, area, neighbourhood, state, reason, "
        "make_timestamptz(epoch_us(clock_started_at)) as clock_started_at, limit_seconds, "
        "make_timestamptz(epoch_us(due_at)) as due_at, "
        "make_timestamptz(epoch_us(clock_stopped_at)) as clock_stopped_at, "
        f"elapsed_seconds, part, whole, covers, local_day, unjudgeable, outside_force_dates from facts "
        f"where {chosen} and not {frozen}"
    )


def _near(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    version: int,
    where: dict[str, str],
    first_day: date | None,
    last_day: date | None,
) -> Callable[[Collection[str]], list[str]]:
    """View `held_near`: the held cases of the months judged, and those of other months that are judged in them now.

    Returns what gives the slice's files of some months: years of them take long to open.
    """
    of_slice = {key: [value] for key, value in where.items()}
    held = set(lake.listing("cases", version).chosen("partition.month", **of_slice))
    first, last = f"{first_day:%Y-%m}" if first_day else "", f"{last_day:%Y-%m}" if last_day else "9999-99"
    inside = {month for month in held if first <= month <= last}

    def of_months(months: Collection[str]) -> list[str]:
        return lake.files("cases", version, **of_slice, month=months) if months else []

    read_cases(con, of_months(inside), "held_in_months")
    elsewhere = held - inside
    if elsewhere:
        con.execute(
            "create or replace temp table new_here as select case_id from judged_now "
            "anti join (select case_id from held_in_months) using (case_id)"
        )
        (new,) = con.execute("select count(*) from new_here").fetchall()[0]
        elsewhere = elsewhere if new else set()
    # Without a new case there is nothing to look for in the files of all other months.
    read_cases(con, of_months(elsewhere), "held_elsewhere")
    new_here = "where case_id in (from new_here)" if elsewhere else ""
    con.execute(f"create or replace temp table strays as select * from held_elsewhere {new_here}")
    con.execute(
        "create or replace temp view held_near as select * from held_in_months union all by name select * from strays"
    )
    return of_months


def _compare(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Table `compared`: the cases judged now, whether each differs from the one held, and its runs."""
    differs = " or ".join(f'new."{name}" is distinct from old."{name}"' for name in _COMPARED)
    con.execute(
        "create or replace temp table compared as select new.*, "
        f"coalesce(old.first_run, {literal(run_id)}) as first_run, "
        f"case when old.case_id is null or {differs} then {literal(run_id)} else old.last_changed_run end "
        "as last_changed_run, old.month as month_before, old.case_id is null or "
        f"{differs} as changed from judged_now as new left join held_near as old on new.case_id = old.case_id"
    )


def _overwrite(con: duckdb.DuckDBPyConnection, table: DeltaTable, where: dict[str, str], months: list[str]) -> None:
    names = ", ".join(f'"{name}"' for name in CASES)
    rows: pa.Table = con.sql(
        f"select {names} from compared where month in ({in_list(months)}) union all "
        f"select {names} from held_cases anti join held_inside using (case_id) anti join compared using (case_id) "
        "order by month, case_id"
    ).to_arrow_table()
    partition = " and ".join(f"{key} = {in_list([value])}" for key, value in where.items())
    write_deltalake(
        table,
        rows.cast(schema_of("cases")),
        mode="overwrite",
        predicate=f"{partition} and month in ({in_list(months)})",
        commit_properties=one_writer(table, "/".join(where.values())),
    )
