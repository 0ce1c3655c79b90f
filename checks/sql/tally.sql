-- How any judged cases are counted: table `facts` (the shape of `judged`) in, `figures` out.
-- Levels: neighbourhood, area, force, all forces; periods: local day and month. Levels that do not apply are ''.
create or replace view figures as
with dated as (
    select
        facts.* exclude (area, neighbourhood),
        nullif(facts.area, '') as area,
        nullif(facts.neighbourhood, '') as neighbourhood,
        date_trunc('month', local_day)::date as local_month
    from facts
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
        grouping(force) = 1 as all_forces,
        grouping(area) = 0 as of_area,
        grouping(neighbourhood) = 0 as of_neighbourhood,
        case when grouping(local_day) = 0 then 'day' else 'month' end as period,
        min(area) as lowest_area,
        max(area) as highest_area,
        any_value(force) as any_force,
        count(*) filter (where state not in ('excluded', 'timed')) as cases,
        count(*) filter (where state = 'met') as met,
        count(*) filter (where state = 'missed') as missed,
        count(*) filter (where state = 'pending') as pending,
        count(*) filter (where state = 'unknown') as unknown,
        count(*) filter (where state = 'excluded') as excluded,
        count(*) filter (where state = 'timed') as timed,
        to_json(histogram(reason) filter (where state = 'excluded'))::varchar as excluded_by_reason,
        quantile_cont(elapsed_seconds, [0.5, 0.9]) as quantiles,
        bool_or(unjudgeable) as unjudgeable,
        bool_or(outside_force_dates) as outside_force_dates
    from dated
    group by grouping sets (
        (standard, measure, definition_id, local_day),
        (standard, measure, definition_id, force, local_day),
        (standard, measure, definition_id, force, area, local_day),
        (standard, measure, definition_id, force, neighbourhood, local_day),
        (standard, measure, definition_id, local_month),
        (standard, measure, definition_id, force, local_month),
        (standard, measure, definition_id, force, area, local_month),
        (standard, measure, definition_id, force, neighbourhood, local_month)
    )
)

select
    standard,
    measure,
    definition_id,
    case when all_forces then 'all' else counted.force end as force,
    case when of_area then area when of_neighbourhood and lowest_area = highest_area then lowest_area else '' end as area,
    case when of_neighbourhood then neighbourhood else '' end as neighbourhood,
    period,
    coalesce(local_day, local_month) as period_start,
    cases,
    met,
    missed,
    pending,
    unknown,
    excluded,
    timed,
    coalesce(excluded_by_reason, '{}') as excluded_by_reason,
    quantiles[1] as p50_seconds,
    quantiles[2] as p90_seconds,
    unjudgeable,
    outside_force_dates,
    utc(period_start + case when counted.period = 'day' then to_days(1) else to_months(1) end, zones.zone) > run.as_at
        as period_open
from counted
inner join zones on counted.any_force = zones.force
cross join run
where
    not (of_area and area is null)
    and not (of_neighbourhood and neighbourhood is null)
    -- A month is published whole or not at all: half a month is not a figure of that month.
    and (counted.period = 'day' or run.window_from is null or run.window_from <= local_month)
    and (
        counted.period = 'day' or run.window_to is null
        or run.window_to >= last_day(local_month) or run.window_to >= wall_clock(run.as_at, zones.zone)::date
    );
