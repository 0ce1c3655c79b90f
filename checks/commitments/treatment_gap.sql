-- treatment_gap: the same satisfaction whatever one's ethnic group
-- Commitment:  1
-- Promise:     Treat everyone fairly, whoever they are.
-- Case:        A force and calendar year (norfolk/2026), from the year of its earliest survey response.
-- Clock:       Yes or no: satisfaction of white users less that of minority ethnic users is no larger than chance, by
--              the two-sided test of two proportions (pooled) at 95 %. Either group may be the less satisfied.
-- Limit:       The end of the year; until then the case is pending. Unknown below 30 answers in either group.
-- Leaves out:  Responses that state no group or do not answer the question.
-- Needs:       surveys.answered_on, surveys.ethnic_group, surveys.treatment_satisfied
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 1; the minimum of 30 is ours.
with answers as (
    select
        rule,
        surveys."force",
        zone,
        as_at,
        date_trunc('year', answered_on)::date as year_start,
        treatment_satisfied::integer as satisfied,
        satisfied is not null and ethnic_group = 'white' as is_white,
        satisfied is not null and ethnic_group = 'minority' as is_minority,
        lacks_any(lacks, needs) as lacking
    from surveys
    inner join rule on surveys."force" = rule."force"
    inner join zones on surveys."force" = zones."force"
    cross join run
    where answered_on <= wall_clock(as_at, zone)::date
),

years as (
    select
        rule,
        "force",
        zone,
        as_at,
        unnest(generate_series(min(year_start), wall_clock(as_at, zone)::date, interval 1 year))::date as year_start
    from answers
    group by rule, "force", zone, as_at
),

counted as (
    select
        years.*,
        utc(year_start + interval 1 year, zone) as latest_at,
        count(*) filter (where is_white) as white,
        count(*) filter (where is_minority) as minority,
        coalesce(sum(satisfied) filter (where is_white), 0) as white_satisfied,
        coalesce(sum(satisfied) filter (where is_minority), 0) as minority_satisfied,
        bool_or(lacking) as unjudgeable
    from years
    left join answers using (rule, "force", zone, as_at, year_start)
    group by all
),

compared as (
    select
        *,
        latest_at <= as_at as closed,
        least(white, minority) >= 30 as enough,
        -- The gap is part / whole; both in whole numbers, so that nothing is rounded before it is tested.
        white_satisfied * minority - minority_satisfied * white as part,
        white * minority as whole,
        white_satisfied + minority_satisfied as satisfied,
        white + minority as answered
    from counted
)

select
    * exclude (zone, as_at),
    "force" || '/' || year(year_start) as case_id,
    utc(year_start, zone) as started_at,
    enough or not closed as yes_no,
    -- z squared against the square of 1.96, multiplied out: a group without a difference has no deviation to divide by.
    closed and enough and part::double * part * answered
        <= 3.841458820694124::double * whole * satisfied * (answered - satisfied) as answer,
    'year' as covers
from compared
