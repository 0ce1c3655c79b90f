-- turnover: officers leaving their neighbourhood team
-- Commitment:  3
-- Promise:     Keep staff turnover in neighbourhood teams to a minimum.
-- Case:        A neighbourhood and twelve whole months in a row, named by the last of them (N1/2026-10 is November 2025
--              to October 2026) and dated by its first day; from the month of the force's earliest posting.
-- Clock:       None: officers who left in the twelve months divided by the average strength on their days. Counted
--              as leavers x days and officer days. A posting is over at the end of `ended_on`; one that goes on in the
--              same neighbourhood by the next day is no leaving.
-- Limit:       None: the figure is published without a verdict unless a standard sets a most in %. Pending until the
--              last month is over; unknown where nobody was posted, or a posting ends before it begins.
-- Leaves out:  Neighbourhoods not active on every day of the twelve months (part_month).
-- Needs:       neighbourhoods.active_from, postings.started_on, postings.ended_on
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 3.
with begun as (
    select "force", date_trunc('month', min(started_on))::date as begun_on from postings group by "force"
),

windows as (
    select
        neighbourhood_months.*,
        ("month" - interval 11 months)::date as first_day,
        last_day("month") as last_day,
        date_diff('day', first_day, last_day) + 1 as days,
        -- A neighbourhood younger than the twelve months was not there in all of them.
        utc(first_day, zone) < active_from as too_young
    from neighbourhood_months
),

served as (
    select
        "force",
        neighbourhood,
        "month",
        count(*) filter (where left_on between first_day and last_day) as leavers,
        sum(date_diff('day', greatest(came_on, first_day), least(left_on, last_day)) + 1) as officer_days
    from windows
    inner join team_stays using ("force", neighbourhood)
    where came_on <= last_day and left_on >= first_day
    group by all
),

flawed as (
    select
        rule,
        "force",
        neighbourhood,
        "month",
        bool_or(lacks_any(lacks, needs)) as unjudgeable,
        bool_or(ended_on < started_on) as contradictory
    from windows
    inner join postings using ("force", neighbourhood)
    inner join rule using ("force")
    where
        least(started_on, ended_on) <= last_day
        and greatest(started_on, coalesce(ended_on, 'infinity'::date)) >= first_day
    group by all
)

select
    windows.* exclude (exclusion, zone),
    rule,
    coalesce(exclusion, case when too_young then 'part_month' end) as exclusion,
    coalesce(leavers * days, 0) as part,
    coalesce(officer_days, 0) as whole,
    false as at_least,
    limit_percent,
    ended_at as due_at,
    contradictory,
    unjudgeable,
    'rolling_12_months' as covers
from windows
inner join rule using ("force")
inner join begun using ("force")
left join served using ("force", neighbourhood, "month")
left join flawed using (rule, "force", neighbourhood, "month")
where first_day >= begun_on
