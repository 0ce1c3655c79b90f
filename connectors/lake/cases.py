"""Judged cases in the lake: one slice (standard, measure, force) is compared with what stands and only its changed
months are written, so that a night costs what changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import DeltaTable, write_deltalake

from checks.database import literal
from connectors.lake.schema import CASES, schema_of
from connectors.lake.tables import Lake, in_list, one_writer

if TYPE_CHECKING:
    import pyarrow as pa

# What stands for the case of an erased record: a token in place of its name. It stays as it was counted.
ERASED = "erased:"
_JUDGED = [name for name in CASES if name not in ("first_run", "last_changed_run")]
_DIFFERS = " or ".join(f'new."{name}" is distinct from old."{name}"' for name in _JUDGED)


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


def open_cases(con: duckdb.DuckDBPyConnection, files: list[str], states: Collection[str]) -> list[tuple[Any, ...]]:
    """The cases of some states as the store holds them (`connectors.store.cases.CASE`), but those of erased records."""
    read_cases(con, files, "slice_cases")
    started, due, stopped = (
        f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%dT%H:%M:%S.%fZ')"
        for name in ("clock_started_at", "due_at", "clock_stopped_at")
    )
    return con.execute(
        "select case_id, coalesce(area, ''), coalesce(neighbourhood, ''), state, coalesce(reason, ''), "
        f"{started}, limit_seconds::double, {due}, {stopped}, elapsed_seconds::double, strftime(local_day, '%Y-%m-%d') "
        f"from slice_cases where state in ({in_list(sorted(states))}) and not starts_with(case_id, '{ERASED}') "
        "order by case_id"
    ).fetchall()


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
    """What `lay_missed_cases` runs, for whoever runs it elsewhere (`in_folders` as in the lake); '' without a case."""
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
    inside = (
        f"coalesce(local_day >= coalesce({literal(first_day)}, local_day) "
        f"and local_day <= coalesce({literal(last_day)}, local_day) and not {frozen}, false)"
    )
    changed = _changed_months(con, inside)
    if changed:
        read_cases(con, of_months(changed), "held_cases")
        _overwrite(con, table, where, changed, inside, run_id)
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
    # And with it Arrow, which whoever only reads cases does not need.
    from connectors.lake.reaching import files_between

    of_slice = {key: [value] for key, value in where.items()}
    held = set(lake.listing("cases", version).chosen("partition.month", **of_slice))
    first, last = f"{first_day:%Y-%m}" if first_day else "", f"{last_day:%Y-%m}" if last_day else "9999-99"
    inside = {month for month in held if first <= month <= last}

    def of_months(months: Collection[str]) -> list[str]:
        return lake.files("cases", version, **of_slice, month=months) if months else []

    read_cases(con, of_months(inside), "held_in_months")
    files: list[str] = []
    if elsewhere := held - inside:
        con.execute(
            "create or replace temp table new_here as select case_id from judged_now "
            "anti join (select case_id from held_in_months) using (case_id)"
        )
        ((least, greatest),) = con.execute("select min(case_id), max(case_id) from new_here").fetchall()
        if least is not None:  # of the files of years, few hold such names
            files = files_between(lake, "cases", "case_id", least, greatest, version, **of_slice, month=elsewhere)
    read_cases(con, files, "held_elsewhere")
    new_here = "semi join new_here using (case_id)" if files else ""
    con.execute(f"create or replace temp table strays as select * from held_elsewhere {new_here}")
    con.execute("create or replace temp view held_near as from held_in_months union all by name from strays")
    return of_months


def _changed_months(con: duckdb.DuckDBPyConnection, inside: str) -> list[str]:
    """The months in which a case judged now is not the one held, or one held (`inside`) is no longer judged.

    A case moves to another month when its clock is corrected, even out of the days that are judged now: both change.
    """
    con.execute(
        "create or replace temp table differing as select new.month, old.month as month_before "
        f"from judged_now as new full join (select *, {inside} as is_inside from held_near) as old "
        f"on new.case_id = old.case_id where if(new.case_id is null, old.is_inside, old.case_id is null or {_DIFFERS})"
    )
    months = con.execute("select month from differing union select month_before from differing order by 1").fetchall()
    return [row[0] for row in months if row[0] is not None]


def _overwrite(
    con: duckdb.DuckDBPyConnection,
    table: DeltaTable,
    where: dict[str, str],
    months: list[str],
    inside: str,
    run_id: str,
) -> None:
    """Write months anew: the cases judged now, with the runs of those held (view `held_cases`, all of these months),
    and the held ones that are not judged now."""
    judged, names, run = ", ".join(_JUDGED), ", ".join(CASES), literal(run_id)
    rows: pa.Table = con.sql(
        f"select new.*, coalesce(old.first_run, {run}) as first_run, "
        f"if(old.case_id is null or {_DIFFERS}, {run}, old.last_changed_run) as last_changed_run "
        f"from (select {judged} from judged_now where month in ({in_list(months)})) as new "
        "left join held_cases as old on new.case_id = old.case_id union all by name "
        f"select {names} from held_cases anti join judged_now using (case_id) where not {inside} "
        "order by month, case_id"
    ).to_arrow_table()
    partition = " and ".join(f"{key} = {in_list([value])}" for key, value in where.items())
    write_deltalake(
        table,
        rows.select(list(CASES)).cast(schema_of("cases")),
        mode="overwrite",
        predicate=f"{partition} and month in ({in_list(months)})",
        commit_properties=one_writer(table, "/".join(where.values())),
    )
