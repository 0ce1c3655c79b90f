"""Bare DuckDB, the best we can write by hand: no contract, no history, no definitions but the Pledge's own.

    python -m tests.bench.bare_duckdb judge FILES COUNTS          from admitted Parquet
    python -m tests.bench.bare_duckdb whole FOLDER COUNTS KEPT    from the delivered CSV: type, refuse, keep, judge

It knows what the product must find out: times are in UTC, forces keep British time, and when its clocks changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from checks.database import literal
from checks.logs import LOGS, Kind
from tests.bench import data
from tests.bench.asked import AS_AT, COLUMNS, files_in

_AS_AT = literal(AS_AT)

_FACTS = """
-- The clocks of 2025 and 2026: the day of a moment by comparing, without asking a time-zone library about each row.
create macro local_day(t) as (t + case
    when t >= timestamp '2026-10-25 01:00' then interval 0 hour
    when t >= timestamp '2026-03-29 01:00' then interval 1 hour
    when t >= timestamp '2025-10-26 01:00' then interval 0 hour
    when t >= timestamp '2025-03-30 01:00' then interval 1 hour
    else interval 0 hour end)::date;
create macro wall(t) as (t at time zone 'UTC') at time zone 'Europe/London';
create macro utc(t) as (t at time zone 'Europe/London') at time zone 'UTC';
create macro us(t) as epoch_us(t);
-- A time after the moment it is judged from is not known yet.
create macro known(t) as if(us(t) <= us({as_at}), us(t), null);
create macro day_of(us) as local_day(make_timestamp(us));

create view called as
select
    if(line = '999', 'answer_999', 'answer_non_emergency') as measure, force, area, null::varchar as neighbourhood,
    call_id as case_id,
    us(received_at) as started, known(answered_at) as stopped, known(abandoned_at) as ended,
    started + if(line = '999', 10000000, 30000000) as due, known(ended_at) is not null as closed,
    if(kind in ('test', 'phantom', 'dropped'), kind, null) as exclusion,
    coalesce(least(stopped, ended) < started, false) as contradictory
from calls where us(received_at) <= us({as_at});

create view attended as
select
    case
        when grade_first = 'emergency' then 'attend_emergency' when vulnerable then 'attend_vulnerable'
        when neighbourhood_priority then 'attend_priority'
    end as measure,
    force, area, neighbourhood, incident_id as case_id, us(received_at) as started, known(arrived_at) as stopped,
    known(cancelled_at) as ended,
    started + case when grade_first <> 'emergency' then 3600000000 when setting_first = 'rural' then 1200000000
        else 900000000 end as due,
    known(closed_at) is not null as closed,
    case when origin = 'test' then 'test' when duplicate_of is not null then 'duplicate'
        when origin = 'officer' then 'officer_initiated' end as exclusion,
    coalesce(stopped < started, false) as contradictory
from incidents
where us(received_at) <= us({as_at}) and grade_first <> 'resolution_without_deployment' and measure is not null;

create view written as
select
    'message_answered' as measure, force, area, neighbourhood, message_id as case_id, us(received_at) as started,
    known(responded_at) as stopped, null::bigint as ended, started + 86400000000 as due, false as closed,
    case when kind = 'test' then 'test' when duplicate_of is not null then 'duplicate'
        when not reply_needed then 'no_reply_needed' end as exclusion,
    coalesce(stopped < started, false) as contradictory
from messages where us(received_at) <= us({as_at});

create view updated as
with cases as (
    select
        force, area, neighbourhood, crime_id, us(opened_at) as opened, known(closed_at) as closed_us,
        coalesce(update_every_days, 0) as every,
        least(known(closed_at), known(updates_declined_at), known(update_until)) as ended
    from victim_cases where us(opened_at) <= us({as_at})
),
moments as (
    select force, crime_id, opened as moment from cases
    union
    select c.force, c.crime_id, us(contacted_at) from victim_contacts k inner join cases c using (force, crime_id)
    where us(contacted_at) > opened and us(contacted_at) <= coalesce(closed_us, us({as_at}))
        and us(contacted_at) <= us({as_at})
),
cut as (select *, lead(moment) over (partition by force, crime_id order by moment) as next from moments)
select
    'victim_updated' as measure, force, area, neighbourhood,
    crime_id || '/' || strftime(make_timestamp(moment), '%Y-%m-%dT%H:%M:%SZ') as case_id,
    moment as started, next as stopped, ended,
    us(utc(wall(make_timestamp(moment)) + if(every > 0, to_days(every), interval 1 month))) as due, false as closed,
    null::varchar as exclusion, coalesce(closed_us < opened, false) as contradictory
from cut inner join cases using (force, crime_id)
where moment = opened or moment < coalesce(closed_us, moment + 1);

create table facts as
with every_case as (
    from called union all by name from attended union all by name from written union all by name from updated
)
select
    measure, force, area, neighbourhood, case_id, make_timestamp(started) as started_at, make_timestamp(due) as due_at,
    make_timestamp(stopped) as stopped_at, exclusion, day_of(started) as day, date_trunc('month', day)::date as month,
    date_trunc('year', day)::date as year,
    case
        when exclusion is not null then 'excluded' when contradictory then 'unknown'
        when ended < stopped or (stopped is null and ended is not null) then if(ended <= due, 'excluded', 'missed')
        when stopped <= due then 'met' when stopped is not null then 'missed'
        when closed then 'unknown' when us({as_at}) <= due then 'pending' else 'missed'
    end as state,
    if((stopped <= ended or ended is null) and state in ('met', 'missed'), (stopped - started) / 1000000, null)
        as seconds
from every_case;
"""

# What all ends in: one line for each level and period.
_COUNTS = """
create table counts as
with grouped as (
    select
        measure, force, area, neighbourhood, day, month, year,
        grouping(force) as g_force, grouping(area) as g_area, grouping(neighbourhood) as g_hood,
        grouping(day) as g_day, grouping(month) as g_month,
        any_value(area) as of_area,
        count(*) filter (where state = 'met') as met, count(*) filter (where state = 'missed') as missed,
        count(*) filter (where state = 'pending') as pending, count(*) filter (where state = 'unknown') as unknown,
        count(*) filter (where state = 'excluded') as excluded, 0 as timed,
        quantile_cont(seconds, [0.5, 0.9]) as quantiles
    from facts
    group by grouping sets (
        (measure, day), (measure, force, day), (measure, force, area, day), (measure, force, area, neighbourhood, day),
        (measure, month), (measure, force, month), (measure, force, area, month),
        (measure, force, area, neighbourhood, month),
        (measure, year), (measure, force, year), (measure, force, area, year),
        (measure, force, area, neighbourhood, year)
    )
)
select
    measure, if(g_force = 1, 'all', force) as force, if(g_area = 0, area, '') as area,
    if(g_hood = 0, neighbourhood, '') as neighbourhood,
    case when g_day = 0 then 'day' when g_month = 0 then 'month' else 'year' end as period,
    coalesce(day, month, year) as period_start, met, missed, pending, unknown, excluded, timed,
    quantiles[1] as p50_seconds, quantiles[2] as p90_seconds
from grouped where g_hood = 1 or neighbourhood is not null;
"""


def _read_value(name: str, kind: Kind) -> str:
    types = {Kind.MOMENT: "timestamptz", Kind.DATE: "date", Kind.COUNT: "integer", Kind.FLAG: "boolean"}
    return f'try_cast("{name}" as {types[kind]})' if kind in types else f'"{name}"'


def admit(con: duckdb.DuckDBPyConnection, folder: Path, kept: Path) -> int:
    """Type the delivered CSV, refuse rows, keep the others as Parquet; returns how many are refused."""
    refused = 0
    for name in data.LOGS:
        log = LOGS[name]
        con.execute(f"create view raw as from read_csv({literal(str(folder / f'{name}.csv'))}, all_varchar = true)")
        given = [row[0] for row in con.execute("describe raw").fetchall()]
        columns = [log.by_name[each] for each in given]
        bad = [f'"{c.name}" is not null and t."{c.name}" is null' for c in columns if c.kind is not Kind.TEXT]
        bad += [f't."{c.name}" is null' for c in columns if c.required]
        bad += [f't."{c.name}" not in {tuple(c.values)}' for c in columns if c.values]
        bad += [f"t.\"{c.name}\" < '1990-01-01'" for c in columns if c.kind is Kind.MOMENT]
        bad += [f't."{c.name}" > {_AS_AT}' for c in columns if c.kind is Kind.MOMENT and not c.planned]
        typed = ", ".join(f'"{c.name}": {_read_value(c.name, c.kind)}' for c in columns)
        keys = ", ".join(f'"{key}"' for key in log.keys)
        con.execute(
            f"create table typed as select t.*, coalesce({' or '.join(f'({each})' for each in bad)}, false) as bad "
            f"from (select *, {{{typed}}} as t from raw)"
        )
        # Identical rows are one; rows of one key that say different things are all refused.
        con.execute(
            f"create table again as select {keys}, count(distinct row) > 1 as conflicting "
            f"from (select {keys}, typed as row from typed semi join "
            f"(select {keys} from typed group by all having count(*) > 1) using ({keys})) group by {keys}"
        )
        con.execute(
            f"create view whole as select * from typed anti join again using ({keys}) where not bad union all "
            f"select distinct * from typed semi join (from again where not conflicting) using ({keys}) where not bad"
        )
        month = f"strftime(\"{log.dated_by}\", '%Y-%m')"
        con.execute(
            f"copy (select * exclude (bad), '' as lacks, {month} as month from whole) to {literal(str(kept / name))} "
            "(format parquet, compression zstd, partition_by (force, month))"
        )
        found = con.execute(
            f"select count(*) from typed where bad or ({keys}) in (select ({keys}) from again where conflicting)"
        ).fetchall()
        refused += int(found[0][0])
        con.execute("drop view whole; drop table again; drop table typed; drop view raw")
    return refused


def judging_script(files: dict[str, list[str]]) -> str:
    """Tables `facts` (cases) and `counts` over the Parquet files of each log."""
    views = [
        f"create view {name} as select * from read_parquet({literal(paths)}, hive_partitioning = true, "
        "hive_types = {'force': varchar, 'month': varchar}, union_by_name = true);"
        for name, paths in files.items()
    ]
    return "\n".join([*views, _FACTS.replace("{as_at}", _AS_AT), _COUNTS])


def judge(con: duckdb.DuckDBPyConnection, files: dict[str, list[str]], counts: str) -> None:
    """Judge and count the measures of the bench."""
    con.execute(judging_script(files))
    con.execute(f"copy (select {', '.join(COLUMNS)} from counts) to {literal(counts)}")


def connected() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    # As much memory as it wants: all quantiles at once take more than ours may have (3 GB).
    con.execute("set TimeZone = 'UTC'; set memory_limit = '16GB'; set preserve_insertion_order = false")
    con.execute("set enable_progress_bar = false")
    return con


def main(mode: str, given: str, counts: str, kept: str = "") -> None:
    con = connected()
    if mode == "judge":
        judge(con, files_in(Path(given)), counts)
        return
    print(admit(con, Path(given), Path(kept)))
    judge(con, {name: [f"{kept}/{name}/*/*/*.parquet"] for name in data.LOGS}, counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
