-- update_published: a full update for every neighbourhood every month
-- Commitment:  8
-- Promise:     Publish each month a crime map, specific crimes and outcomes, action taken and how the force performs.
-- Case:        A neighbourhood and calendar month, from the month of the force's earliest update in the log.
-- Clock:       Yes or no: one update with all four contents published in that local month, whichever month it covers.
-- Limit:       None but the end of the month; until then the case is pending.
-- Leaves out:  Months in which the neighbourhood was active only in part (created, merged or closed).
-- Needs:       neighbourhoods.active_from, updates.published_at, updates.crime_map, updates.outcomes,
--              updates.action_taken, updates.force_performance
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 8.
with logged as (
    select
        rule,
        updates."force",
        neighbourhood,
        date_trunc('month', wall_clock(published_at, zone))::date as "month",
        published_at,
        crime_map and outcomes and action_taken and force_performance as is_full,
        lacks_any(lacks, needs) as lacking
    from updates
    inner join rule on updates."force" = rule."force"
    inner join zones on updates."force" = zones."force"
),

begun as (
    select rule, "force", min(published_at) as begun_at, bool_and(lacking) as never_told from logged group by all
),

published as (
    select
        rule,
        "force",
        neighbourhood,
        "month",
        min(published_at) filter (where is_full) as full_at,
        bool_or(lacking) as untold
    from logged
    group by all
)

select
    neighbourhood_months.* exclude (zone),
    rule,
    full_at as stopped_at,
    true as yes_no,
    ended_at as latest_at,
    full_at is null and (never_told or coalesce(untold, false)) as unjudgeable,
    'month' as covers
from neighbourhood_months
inner join begun using ("force")
left join published using (rule, "force", neighbourhood, "month")
where ended_at > begun_at
