-- How any judged cases are counted: table `facts` (the shape of `judged`) in, `figures` out.
-- Levels: neighbourhood, area, force, all forces; periods: local day, month, year and any twelve months in a row (from
-- the month of the force's first case on; their quantiles are not counted). Levels that do not apply are ''.
-- A case that by itself covers a month or a year counts in no shorter period, and one that covers twelve months, whose
-- months overlap with its neighbours', in none but those twelve.

-- A list of {name, n} as a map: how many there are of each name.
create or replace macro added_up(counts) as map_from_entries(list_transform(
    list_sort(list_distinct(list_transform(counts, lambda one: one.name))),
    lambda name: {
        'name': name,
        'n': list_sum(list_transform(list_filter(counts, lambda one: one.name = name), lambda one: one.n))::bigint
    }
));

-- Both quantiles are asked for in the same words: DuckDB then goes through a list once for the two.
create or replace macro p50_of(numbers) as list_aggregate(numbers, 'quantile_cont', [0.5, 0.9])[1];
create or replace macro p90_of(numbers) as list_aggregate(numbers, 'quantile_cont', [0.5, 0.9])[2];

-- Where only part of the cases is counted: the months whose days are not wanted, and the first and last month each slice
-- has a case of. Without them every day counts, and those months are those of the cases counted.
create table if not exists quiet_months ("month" date);
create table if not exists slice_months (
    standard varchar, measure varchar, force varchar, first_month date, last_month date
);

create or replace view figures as
with by_day as (
    select
        standard,
        measure,
        definition_id,
        force,
        area,
        neighbourhood,
        quiet_months."month" is not null as is_quiet,
        coalesce(quiet_months."month", local_day) as first_day,
        covers,
        state,
        reason,
        count(*) as n,
        sum(part) as part,
        sum(whole) as whole,
        list(elapsed_seconds) filter (where elapsed_seconds is not null) as waits,
        bool_or(unjudgeable) as unjudgeable,
        bool_or(outside_force_dates) as outside_force_dates
    from facts
    left join quiet_months on date_trunc('month', local_day)::date = quiet_months."month"
    group by all
),

-- Cases that count alike, in one line: every level and period is added up from these.
alike as materialized (
    select
        by_day.* exclude (area, neighbourhood, is_quiet, first_day),
        nullif(area, '') as area,
        nullif(neighbourhood, '') as neighbourhood,
        case when not is_quiet then first_day end as local_day,
        date_trunc('month', first_day)::date as local_month,
        date_trunc('year', first_day)::date as local_year
    from by_day
),

counted as (
    select
        standard,
        measure,
        definition_id,
        force,
        area,
        neighbourhood,
        local_day,
        local_month,
        local_year,
        grouping(force) = 1 as all_forces,
        grouping(area) = 0 as of_area,
        grouping(neighbourhood) = 0 as of_neighbourhood,
        case
            when grouping(local_day) = 0 then 'day'
            when grouping(local_year) = 0 then 'year'
            when any_value(covers) = 'rolling_12_months' then 'rolling_12_months'
            else 'month'
        end as period,
        any_value(covers) as covers,
        min(area) as lowest_area,
        max(area) as highest_area,
        any_value(force) as any_force,
        coalesce(sum(n) filter (where state not in ('excluded', 'timed')), 0)::bigint as cases,
        coalesce(sum(n) filter (where state = 'met'), 0)::bigint as met,
        coalesce(sum(n) filter (where state = 'missed'), 0)::bigint as missed,
        coalesce(sum(n) filter (where state = 'pending'), 0)::bigint as pending,
        coalesce(sum(n) filter (where state = 'unknown'), 0)::bigint as unknown,
        coalesce(sum(n) filter (where state = 'excluded'), 0)::bigint as excluded,
        coalesce(sum(n) filter (where state = 'timed'), 0)::bigint as timed,
        coalesce(sum(part) filter (where state = 'timed'), 0)::bigint as sum_part,
        coalesce(sum(whole) filter (where state = 'timed'), 0)::bigint as sum_whole,
        to_json(added_up(list({'name': reason, 'n': n}) filter (where state = 'excluded')))::varchar as excluded_by_reason,
        flatten(list(waits)) as waits,
        bool_or(unjudgeable) as unjudgeable,
        bool_or(outside_force_dates) as outside_force_dates
    from alike
    group by
        standard, measure, definition_id,
        grouping sets ((), (force), (force, area), (force, neighbourhood)),
        grouping sets ((local_day), (local_month), (local_year))
),

months as (
    select
        standard,
        measure,
        definition_id,
        force,
        area,
        neighbourhood,
        local_month,
        state,
        reason,
        sum(n) as n,
        sum(part) as part,
        sum(whole) as whole,
        bool_or(unjudgeable) as unjudgeable,
        bool_or(outside_force_dates) as outside_force_dates
    from alike
    where covers is null or covers = 'month'
    group by all
),

ends as (
    select
        standard,
        measure,
        definition_id,
        force,
        unnest(generate_series(
            least(min(local_month), min(first_month)) + to_months(11),
            greatest(max(local_month), max(last_month))::timestamp,
            interval 1 month
        ))::date as end_month
    from months
    left join slice_months using (standard, measure, force)
    group by standard, measure, definition_id, force
),

twelve_months as (
    select
        standard,
        measure,
        definition_id,
        force,
        area,
        neighbourhood,
        end_month as local_month,
        grouping(force) = 1 as all_forces,
        grouping(area) = 0 as of_area,
        grouping(neighbourhood) = 0 as of_neighbourhood,
        'rolling_12_months' as period,
        min(area) as lowest_area,
        max(area) as highest_area,
        any_value(force) as any_force,
        coalesce(sum(n) filter (where state not in ('excluded', 'timed')), 0)::bigint as cases,
        coalesce(sum(n) filter (where state = 'met'), 0)::bigint as met,
        coalesce(sum(n) filter (where state = 'missed'), 0)::bigint as missed,
        coalesce(sum(n) filter (where state = 'pending'), 0)::bigint as pending,
        coalesce(sum(n) filter (where state = 'unknown'), 0)::bigint as unknown,
        coalesce(sum(n) filter (where state = 'excluded'), 0)::bigint as excluded,
        coalesce(sum(n) filter (where state = 'timed'), 0)::bigint as timed,
        coalesce(sum(part) filter (where state = 'timed'), 0)::bigint as sum_part,
        coalesce(sum(whole) filter (where state = 'timed'), 0)::bigint as sum_whole,
        to_json(added_up(list({'name': reason, 'n': n}) filter (where state = 'excluded')))::varchar as excluded_by_reason,
        bool_or(unjudgeable) as unjudgeable,
        bool_or(outside_force_dates) as outside_force_dates,
        end_month - to_months(11) as first_case_day
    from months
    inner join ends using (standard, measure, definition_id, force)
    where months.local_month between end_month - to_months(11) and end_month
    group by
        standard, measure, definition_id, end_month,
        grouping sets ((), (force), (force, area), (force, neighbourhood))
),

bounded as (
    select
        *,
        case period
            when 'day' then local_day when 'year' then local_year
            when 'rolling_12_months' then local_month - to_months(11) else local_month
        end::date as period_start,
        case period
            when 'day' then local_day + 1 when 'year' then local_year + to_years(1) else local_month + to_months(1)
        end::date as period_end
    from (
        select
            *,
            -- The first day that must be in the window for the period's cases to be all there.
            coalesce(local_day, local_month, local_year) as first_case_day
        from counted
        union all by name
        select * from twelve_months
    )
    where
        (
            covers is null
            or (covers = 'month' and period in ('month', 'year'))
            or covers = period
        )
        and (period <> 'day' or local_day is not null)
)

select
    standard::varchar as standard,
    measure::varchar as measure,
    definition_id::varchar as definition_id,
    case when all_forces then 'all' else bounded.force end as force,
    case when of_area then area when of_neighbourhood and lowest_area = highest_area then lowest_area else '' end as area,
    case when of_neighbourhood then neighbourhood else '' end as neighbourhood,
    period,
    period_start,
    cases,
    met,
    missed,
    pending,
    unknown,
    excluded,
    timed,
    sum_part,
    sum_whole,
    coalesce(excluded_by_reason, '{}') as excluded_by_reason,
    p50_of(waits) as p50_seconds,
    p90_of(waits) as p90_seconds,
    unjudgeable,
    outside_force_dates,
    utc(period_end, zones.zone) > run.as_at as period_open
from bounded
inner join zones on bounded.any_force = zones.force
cross join run
where
    not (of_area and area is null)
    and not (of_neighbourhood and neighbourhood is null)
    -- A month or year is published whole or not at all: half a month is not a figure of that month.
    and (period = 'day' or run.window_from is null or run.window_from <= first_case_day)
    and (
        period = 'day' or run.window_to is null
        or run.window_to >= period_end - 1 or run.window_to >= wall_clock(run.as_at, zones.zone)::date
    );
