-- Where the delay is: attendance split into its stages, for each measure, force, area ('' = the force) and local month.
--   answer    call received → answered, where the incident names its call
--   grade     received (or the call answered, if that is later) → incident created
--   dispatch  created → first unit dispatched
--   travel    dispatched → first unit at the scene
-- A stage counts where both its times are known; one that ends before it begins is left out and counted as such.
-- `share` is the stage's mean time as a part of all stages' mean times; `costs_most` marks the longest of them.
create or replace view stages as
with attended as (
    select
        incidents.force,
        nullif(incidents.area, '') as area,
        date_trunc('month', wall_clock(incidents.received_at, zone))::date as month,
        case
            when grade_first = 'emergency' then 'attend_emergency'
            when grade_first = 'resolution_without_deployment' then null
            when vulnerable then 'attend_vulnerable'
            when neighbourhood_priority then 'attend_priority'
        end as measure,
        calls.received_at as called_at,
        calls.answered_at,
        -- The incident often begins when its call does: the answering is then not counted twice.
        case when calls.answered_at between incidents.received_at and created_at then calls.answered_at
            else incidents.received_at
        end as taken_at,
        created_at,
        dispatched_at,
        arrived_at
    from incidents
    inner join zones on incidents.force = zones.force
    cross join run
    left join calls on incidents.force = calls.force and incidents.call_id = calls.call_id
    where
        measure is not null
        and arrived_at is not null
        and duplicate_of is null
        and origin in ('public', 'partner')
        and wall_clock(incidents.received_at, zone)::date >= coalesce(window_from, date '0001-01-01')
        and wall_clock(incidents.received_at, zone)::date <= coalesce(window_to, date '9999-12-31')
),

taken as (
    select
        force,
        area,
        month,
        measure,
        unnest([
            {'stage': 'answer', 'us': epoch_us(answered_at) - epoch_us(called_at)},
            {'stage': 'grade', 'us': epoch_us(created_at) - epoch_us(taken_at)},
            {'stage': 'dispatch', 'us': epoch_us(dispatched_at) - epoch_us(created_at)},
            {'stage': 'travel', 'us': epoch_us(arrived_at) - epoch_us(dispatched_at)}
        ], recursive := true)
    from attended
),

counted as (
    select
        measure,
        force,
        area,
        month,
        stage,
        grouping(area) = 0 as of_area,
        count(*) filter (where us >= 0) as n,
        count(*) filter (where us < 0) as left_out,
        (quantile_cont(us, 0.5) filter (where us >= 0)) / 1000000 as p50_seconds,
        (quantile_cont(us, 0.9) filter (where us >= 0)) / 1000000 as p90_seconds,
        (avg(us) filter (where us >= 0)) / 1000000 as mean_seconds
    from taken
    group by grouping sets ((measure, force, month, stage), (measure, force, area, month, stage))
)

select
    measure,
    force,
    coalesce(area, '') as area,
    month,
    stage,
    n,
    left_out,
    p50_seconds,
    p90_seconds,
    mean_seconds,
    mean_seconds / nullif(sum(mean_seconds) over whole, 0) as share,
    coalesce(mean_seconds > 0 and mean_seconds = max(mean_seconds) over whole, false) as costs_most
from counted
where (n > 0 or left_out > 0) and not (of_area and area is null)
window whole as (partition by measure, force, of_area, area, month)
order by measure, force, area, month, list_position(['answer', 'grade', 'dispatch', 'travel'], stage);
