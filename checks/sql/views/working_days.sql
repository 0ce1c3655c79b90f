-- The working days around each force's events, numbered: no Saturday, Sunday or bank holiday of the force's nation.
create or replace view working_days as
with spans as (
    select
        victim_events."force",
        min(wall_clock(happened_at, zone))::date - 7 as first_day,
        max(wall_clock(happened_at, zone))::date as last_day,
        -- Wider than any run of free days can make the limit.
        30 + 2 * max(greatest(limit_working_days, limit_working_days_enhanced)) as days_after
    from victim_events
    inner join zones on victim_events."force" = zones."force"
    inner join rule on victim_events."force" = rule."force"
    group by all
),

days as (
    select
        "force",
        unnest(generate_series(first_day, last_day + days_after, interval 1 day))::date as "day"
    from spans
)

select
    "force",
    "day",
    row_number() over (partition by "force" order by "day") as number
from days
anti join bank_holidays using ("force", "day")
where isodow("day") < 6;
