"""The cases of erased records: they stay as they were counted, without their name and their times.

Figures are counted from cases. Were these deleted, the next night would restate what was published, only because a
record's time to be kept is over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import partial

import duckdb
from deltalake import DeltaTable

from checks.chain import Seal
from checks.database import literal
from connectors.lake.cases import ERASED, frozen, read_cases
from connectors.lake.erasing import data_files, no_longer_named, overwrite
from connectors.lake.schema import CASES, schema_of
from connectors.lake.tables import Lake

# A case is named by its record; of several cases of one record each adds `/` and its time, and the closing promise
# names what is to be explained by its measure and its case.
_NAMED = """
create or replace temp view named as
with told as (
    select distinct
        cases.standard, cases.measure, cases.case_id,
        case when cases.measure in (select measure from of_misses) then split_part(cases.case_id, '/', 1)
            else cases.measure end as of_measure,
        case when cases.measure in (select measure from of_misses)
            then cases.case_id[len(split_part(cases.case_id, '/', 1)) + 2:]
            else cases.case_id end as name
    from {view} as cases
    where not starts_with(cases.case_id, '{erased}')
)
select distinct told.standard, told.measure, told.case_id
from told
inner join erased_references as gone
    on gone."force" = {force}
    and (gone.reference = told.name or gone.reference = regexp_replace(told.name, '/[^/]*$', ''))
left join logs_of_measures on told.of_measure = logs_of_measures.measure and gone.log = logs_of_measures.log
where gone.log = '' or logs_of_measures.log is not null
"""
_WITHOUT = ("clock_started_at", "due_at", "clock_stopped_at")


def find_cases(con: duckdb.DuckDBPyConnection, lake: Lake, force: str) -> list[str]:
    """Find the cases of `erased_references` in every version of the lake; returns the files that hold one.

    Needs the tables `logs_of_measures` (measure, log) and `of_misses` (measure: those whose cases name other cases).
    Table `cases_to_erase` (standard, measure, force, case_id) gets them.
    """
    con.execute(
        'create table if not exists cases_to_erase (standard varchar, measure varchar, "force" varchar, '
        "case_id varchar)"
    )
    files = data_files(lake, "cases", force)
    if not files:
        return []
    paths = lake.at_hand("cases", files)
    con.execute(
        f"create or replace view ever_judged as select * from read_parquet({literal(paths)}, hive_partitioning = true, "
        "hive_types = {'standard': varchar, 'measure': varchar, 'force': varchar, 'month': varchar}, "
        "union_by_name = true, filename = true)"
    )
    con.execute(_NAMED.format(view="ever_judged", erased=ERASED, force=literal(force)))
    con.execute(f"insert into cases_to_erase select standard, measure, {literal(force)}, case_id from named")
    found = con.execute(
        "select distinct filename from ever_judged semi join named using (standard, measure, case_id) order by 1"
    )
    return [lake.storage.name_of(row[0]) for row in found.fetchall()]


def lay_frozen_cases(con: duckdb.DuckDBPyConnection, files: list[str], before: date | None) -> None:
    """View `frozen_cases`: those of some files whose records were erased. Macro `is_frozen`: whether a case is one.

    Args:
        before: the first local day that cases can still be judged on, None = every day.
    """
    read_cases(con, files, "cases_with_frozen")
    con.execute(
        f"create or replace view frozen_cases as from cases_with_frozen where {frozen(before)};\n"
        f"create or replace macro is_frozen(case_id, local_day, covers) as {frozen(before)}"
    )


def hide_cases(
    con: duckdb.DuckDBPyConnection, lake: Lake, force: str, run_id: str, files: Collection[str]
) -> list[Seal]:
    """Write the slices anew with tokens in place of the cases to erase; returns the seals of the files to go."""
    slices = con.execute(
        f'select distinct standard, measure from cases_to_erase where "force" = {literal(force)} order by all'
    ).fetchall()
    for standard, measure in slices:
        lake.change("cases", partial(_hide, con, lake, (standard, measure, force), run_id))
    return no_longer_named(lake, "cases", force, sorted(files))


def _hide(
    con: duckdb.DuckDBPyConnection, lake: Lake, slice_: tuple[str, str, str], run_id: str, table: DeltaTable
) -> None:
    where = {name: [value] for name, value in zip(("standard", "measure", "force"), slice_, strict=True)}
    read_cases(con, lake.files("cases", table.version(), **where), "held_cases")
    con.execute(
        "create or replace temp table hidden as select held_cases.*, gone.case_id is not null as is_erased "
        'from held_cases left join cases_to_erase as gone using (standard, measure, "force", case_id)'
    )
    months = [row[0] for row in con.execute("select distinct month from hidden where is_erased").fetchall()]
    if not months:
        return
    token = (
        f"'{ERASED}' || {literal(run_id)} || ':' || row_number() over (partition by is_erased order by month, case_id)"
    )
    said = {name: f"case when is_erased then null else {name} end" for name in _WITHOUT}
    said["case_id"] = f"case when is_erased then {token} else case_id end"
    columns = ", ".join(f'{said.get(name, chr(34) + name + chr(34))} as "{name}"' for name in CASES)
    rows = con.sql(
        f"select {columns} from hidden where list_contains({literal(months)}, month) order by month, case_id"
    ).to_arrow_table()
    overwrite(table, rows.cast(schema_of("cases")), "/".join(slice_), {**where, "month": months})
