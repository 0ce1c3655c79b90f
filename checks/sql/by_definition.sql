-- How cases are counted under each definition: view `judged` in; one row for each standard, definition and period.
-- What was erased can be judged by no definition. Its cases (view `frozen_cases`, macro `is_frozen`) count under each
-- as they were counted under the standard's own: so no definition is said to change what the erasure took.
-- $period is that of the figures wanted, `window` for all the days together; $areas empty: every area.
-- As in tally.sql a period is counted whole or not at all: half a month is not a figure of that month.
with counted as (
    select standard, definition_id, "force", area, local_day, state, part, whole, unjudgeable
    from judged
    where not is_frozen(case_id, local_day, covers)
    union all
    select standard, definition_id, "force", area, local_day, state, part, whole, unjudgeable
    from frozen_cases
    inner join (select distinct standard, definition_id from rule) as asked using (standard)
    cross join run
    where local_day >= coalesce(window_from, local_day) and local_day <= coalesce(window_to, local_day)
),

dated as (
    select
        *,
        case $period
            when 'day' then local_day
            when 'month' then date_trunc('month', local_day)
            when 'year' then date_trunc('year', local_day)
            when 'rolling_12_months' then date_trunc('month', local_day)
        end::date as first_case_day
    from counted
    where len($areas) = 0 or list_contains($areas, area)
),

bounded as (
    select
        *,
        case $period when 'rolling_12_months' then first_case_day - to_months(11) else first_case_day end::date
            as period_start,
        case $period
            when 'day' then first_case_day + 1
            when 'year' then first_case_day + to_years(1)
            else first_case_day + to_months(1)
        end::date as period_end
    from dated
)

select
    standard,
    definition_id,
    period_start,
    count(*) filter (where state not in ('excluded', 'timed')) as cases,
    count(*) filter (where state = 'met') as met,
    count(*) filter (where state = 'missed') as missed,
    count(*) filter (where state = 'pending') as pending,
    count(*) filter (where state = 'unknown') as unknown,
    count(*) filter (where state = 'excluded') as excluded,
    count(*) filter (where state = 'timed') as timed,
    coalesce(sum(part) filter (where state = 'timed'), 0)::bigint as sum_part,
    coalesce(sum(whole) filter (where state = 'timed'), 0)::bigint as sum_whole,
    bool_or(unjudgeable) as unjudgeable
from bounded
inner join zones using ("force")
cross join run
where
    $period in ('window', 'day')
    or (
        (run.window_from is null or run.window_from <= first_case_day)
        and (
            run.window_to is null
            or run.window_to >= period_end - 1
            or run.window_to >= wall_clock(run.as_at, zones.zone)::date
        )
    )
group by all
order by all;
