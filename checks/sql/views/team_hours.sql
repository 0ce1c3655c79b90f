-- What each officer of a neighbourhood's team did, stretch by stretch, cut at the ends of the neighbourhood's months.
-- Every moment of an officer counts once. Where entries overlap, the one that stands against the shift's ordinary
-- business is believed: abstracted, then away (training, leave, sick), then other neighbourhood work, then visible.
create or replace view officer_hours as
with entered as (
    -- A duty that ends before it begins says nothing but that something is wrong between the two.
    select
        "force",
        neighbourhood,
        officer_id,
        case
            when ended_at < started_at then 'contradictory'
            when activity in ('training', 'leave', 'sick') then 'away'
            else activity
        end as activity,
        least(started_at, ended_at) as began_at,
        greatest(started_at, coalesce(ended_at, as_at)) as over_at
    from duties
    cross join run
),

edges as (
    select
        * exclude (began_at, over_at),
        began_at as moment,
        1 as step
    from entered
    union all
    select
        * exclude (began_at, over_at),
        over_at,
        -1
    from entered
),

counted as (
    select
        "force",
        neighbourhood,
        officer_id,
        moment as began_at,
        lead(moment) over so_far as over_at,
        sum(case when activity = 'contradictory' then step end) over so_far as contradictory,
        sum(case when activity = 'abstracted' then step end) over so_far as abstracted,
        sum(case when activity = 'away' then step end) over so_far as away,
        sum(case when activity = 'neighbourhood_other' then step end) over so_far as other,
        sum(case when activity = 'visible' then step end) over so_far as visible
    from edges
    window so_far as (
        partition by "force", neighbourhood, officer_id order by moment rows unbounded preceding
    )
)

select
    "force",
    neighbourhood,
    began_at,
    over_at,
    case
        when contradictory > 0 then 'contradictory'
        when abstracted > 0 then 'abstracted'
        when away > 0 then 'away'
        when other > 0 then 'neighbourhood_other'
        when visible > 0 then 'visible'
    end as doing
from counted
where over_at > began_at;

create or replace view team_hours as
select
    neighbourhood_months."force",
    neighbourhood_months.neighbourhood,
    "month",
    doing,
    greatest(began_at, started_at) as began_at,
    least(over_at, ended_at) as over_at,
    epoch_us(least(over_at, ended_at)) - epoch_us(greatest(began_at, started_at)) as microseconds
from officer_hours
inner join neighbourhood_months
    on
        officer_hours."force" = neighbourhood_months."force"
        and officer_hours.neighbourhood = neighbourhood_months.neighbourhood
        and began_at < ended_at
        and over_at > started_at
where doing is not null;
