-- meeting_held: a public meeting every month
-- Commitment:  7
-- Promise:     Hold a public meeting in every neighbourhood at least once a month.
-- Case:        A neighbourhood and calendar month, from the month of the force's earliest meeting in the log.
-- Clock:       Yes or no: a meeting, surgery, street briefing or mobile station visit held in that local month.
--              Advertised but not recorded as held, or cancelled, is none.
-- Limit:       None but the end of the month; until then the case is pending.
-- Leaves out:  Months in which the neighbourhood was active only in part (created, merged or closed).
-- Needs:       neighbourhoods.active_from, meetings.starts_at, meetings.held
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 7.
with logged as (
    select
        rule,
        meetings."force",
        neighbourhood,
        date_trunc('month', wall_clock(starts_at, zone))::date as "month",
        starts_at,
        held and cancelled_at is null and starts_at <= as_at as was_held,
        lacks_any(lacks, needs) as lacking
    from meetings
    inner join rule on meetings."force" = rule."force"
    inner join zones on meetings."force" = zones."force"
    cross join run
),

begun as (
    select rule, "force", min(starts_at) as begun_at, bool_and(lacking) as never_told from logged group by all
),

held as (
    select
        rule, "force", neighbourhood, "month", min(starts_at) filter (where was_held) as held_at, bool_or(lacking) as untold
    from logged
    group by all
)

select
    neighbourhood_months.* exclude (zone),
    rule,
    held_at as stopped_at,
    true as yes_no,
    ended_at as latest_at,
    held_at is null and (never_told or coalesce(untold, false)) as unjudgeable,
    'month' as covers
from neighbourhood_months
inner join begun using ("force")
left join held using (rule, "force", neighbourhood, "month")
where ended_at > begun_at
