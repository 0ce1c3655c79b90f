-- visible_when_needed: someone visible in the hours agreed with the community
-- Commitment:  3
-- Promise:     Work the hours the community most needs its team to be seen.
-- Case:        A neighbourhood and calendar month, from the month of the force's earliest duty in the log.
-- Clock:       None: the time with at least one officer visible inside the agreed hours of that local month, divided
--              by those hours. Agreed hours are wall clock, both are measured in elapsed time.
-- Limit:       None: the figure is published without a verdict unless a standard sets a least share in %. Unknown
--              where no hours were agreed, or a duty ends before it begins.
-- Leaves out:  Months in which the neighbourhood was active only in part (created, merged or closed).
-- Needs:       neighbourhoods.active_from, duties.started_at, duties.ended_at, duties.activity,
--              agreed_hours.from_time, agreed_hours.to_time
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 3.
with begun as (
    select "force", min(started_at) as begun_at from duties group by "force"
),

edges as (
    select "force", neighbourhood, "month", began_at as moment, 1 as agreed, 0 as seen from promised_hours
    union all
    select "force", neighbourhood, "month", over_at, -1, 0 from promised_hours
    union all
    select "force", neighbourhood, "month", began_at, 0, 1 from team_hours where doing = 'visible'
    union all
    select "force", neighbourhood, "month", over_at, 0, -1 from team_hours where doing = 'visible'
),

stretches as (
    select
        "force",
        neighbourhood,
        "month",
        epoch_us(lead(moment) over so_far) - epoch_us(moment) as microseconds,
        sum(agreed) over so_far > 0 as is_agreed,
        sum(seen) over so_far > 0 as is_seen
    from edges
    window so_far as (partition by "force", neighbourhood, "month" order by moment rows unbounded preceding)
),

spent as (
    select
        "force",
        neighbourhood,
        "month",
        sum(microseconds) filter (where is_agreed and is_seen) as seen,
        sum(microseconds) filter (where is_agreed) as agreed
    from stretches
    group by all
),

wrong as (
    select distinct "force", neighbourhood, "month", true as contradictory from team_hours where doing = 'contradictory'
)

select
    neighbourhood_months.* exclude (zone),
    rule,
    coalesce(seen, 0) as part,
    coalesce(agreed, 0) as whole,
    true as at_least,
    limit_percent,
    ended_at as due_at,
    contradictory,
    'month' as covers
from neighbourhood_months
inner join rule using ("force")
inner join begun using ("force")
left join spent using ("force", neighbourhood, "month")
left join wrong using ("force", neighbourhood, "month")
where ended_at > begun_at
