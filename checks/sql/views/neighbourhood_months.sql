-- Every local calendar month of every neighbourhood while it was active, up to the present one.
-- A measure counts those from the month of the force's earliest row in its log: `ended_at` after that row.
create or replace view neighbourhood_months as
with placed as (
    select
        neighbourhoods."force",
        area,
        neighbourhood,
        active_from,
        active_to,
        zone,
        unnest(generate_series(
            date_trunc('month', wall_clock(active_from, zone)),
            wall_clock(least(active_to, as_at), zone),
            interval 1 month
        )) as wall
    from neighbourhoods
    inner join zones on neighbourhoods."force" = zones."force"
    cross join run
),

bounded as (
    select
        * exclude (wall),
        wall::date as "month",
        utc(wall, zone) as started_at,
        utc(wall + interval 1 month, zone) as ended_at
    from placed
)

select
    *,
    neighbourhood || '/' || strftime("month", '%Y-%m') as case_id,
    case when active_from > started_at or active_to < ended_at then 'part_month' end as exclusion
from bounded
where coalesce(active_to > started_at, true);
