-- The days around each force's events, and how many working days there were up to each: no Saturday, Sunday or bank
-- holiday of the force's nation.
create or replace view working_days as
with spans as (
    select
        victim_events."force",
        min(wall_clock(happened_at, zone))::date as first_day,
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
),

marked as (
    select
        days."force",
        days."day",
        isodow(days."day") < 6 and bank_holidays."day" is null as is_working
    from days
    left join bank_holidays on days."force" = bank_holidays."force" and days."day" = bank_holidays."day"
)

select
    *,
    -- A free day bears the number of the working day before it.
    count(*) filter (where is_working) over (partition by "force" order by "day") as number
from marked;
