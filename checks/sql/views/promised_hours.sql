-- The hours agreed with each community as stretches of time, cut at the ends of the neighbourhood's months.
create or replace view promised_hours as
with days as (
    -- The day before the month too: its hours may run past midnight.
    select *, unnest(generate_series("month" - 1, last_day("month"), interval 1 day)) as midnight
    from neighbourhood_months
),

clocked as (
    select
        days.*,
        midnight + from_time::interval as from_wall,
        midnight + to_time::interval as to_wall
    from days
    inner join agreed_hours
        on
            days."force" = agreed_hours."force"
            and days.neighbourhood = agreed_hours.neighbourhood
            and weekday = lower(dayname(midnight))
            and midnight between valid_from_on and coalesce(valid_to_on, midnight)
),

placed as (
    select
        "force",
        neighbourhood,
        "month",
        greatest(utc(from_wall, zone), started_at) as began_at,
        least(utc(case when to_wall < from_wall then to_wall + interval 1 day else to_wall end, zone), ended_at) as over_at
    from clocked
)

select * from placed where over_at > began_at;
