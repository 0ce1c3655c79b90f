-- visible_time: most of a team's time spent visibly in its neighbourhood
-- Commitment:  3
-- Promise:     Neighbourhood teams spend at least 80 % of their time visibly working in their neighbourhood.
-- Case:        A neighbourhood and calendar month, from the month of the force's earliest duty in the log.
-- Clock:       None: the team's visible hours in that local month divided by its on-duty hours, elapsed time.
--              An officer's overlapping duties count once, the one that is not ordinary business first (team_hours).
-- Limit:       At least 80 %. Pending until the month is over; unknown where the team has no such hours, or a duty
--              ends before it begins.
-- Leaves out:  Months in which the neighbourhood was active only in part (created, merged or closed).
-- Needs:       neighbourhoods.active_from, duties.started_at, duties.ended_at, duties.activity
-- Switches:    time_base = on_duty | rostered; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 3.
with begun as (
    select "force", min(started_at) as begun_at from duties group by "force"
),

spent as (
    select
        "force",
        neighbourhood,
        "month",
        sum(microseconds) filter (where doing = 'visible') as visible,
        sum(microseconds) filter (where doing in ('visible', 'neighbourhood_other', 'abstracted')) as on_duty,
        sum(microseconds) filter (where doing = 'away') as away,
        bool_or(doing = 'contradictory') as contradictory
    from team_hours
    group by all
)

select
    neighbourhood_months.* exclude (zone),
    rule,
    coalesce(visible, 0) as part,
    coalesce(on_duty, 0) + case chosen_time_base(definition) when 'rostered' then coalesce(away, 0) else 0 end as whole,
    true as at_least,
    limit_percent,
    ended_at as due_at,
    contradictory,
    'month' as covers
from neighbourhood_months
inner join rule using ("force")
inner join begun using ("force")
left join spent using ("force", neighbourhood, "month")
where ended_at > begun_at
