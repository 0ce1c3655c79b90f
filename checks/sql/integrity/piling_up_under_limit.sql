-- piling_up_under_limit: more cases in the last unit before the limit than on either side of it
-- Looks for:   Clocks that stopped in the last second (minute, hour, day) inside their limit.
-- Base rate:   A third: of three neighbouring units the middle one holds a third where times spread evenly.
-- Test:        Exact binomial test, one-sided, within the three units: the last before, the one before it, the one after.
-- Sentence:    {count} of {of} clocks that stopped close to the limit stopped in the last unit inside it ({share}).
-- Needs:       none
-- Cases:       every measure
-- Source:      Ours; the unit is a second for limits up to a minute, a minute up to two hours, an hour up to three days.
with close_to_limit as (
    select distinct
        force,
        area,
        measure,
        case_id,
        local_day,
        (limit_seconds - elapsed_seconds) / case
            when limit_seconds <= 60 then 1
            when limit_seconds <= 7200 then 60
            when limit_seconds <= 259200 then 3600
            else 86400
        end as units_left
    from kept_cases
    where state in ('met', 'missed')
)

select
    force,
    area,
    measure,
    case_id,
    utc(local_day + time '12:00', zone) as happened_at,
    units_left >= 0 and units_left < 1 as flagged,
    1 / 3 as base_rate
from close_to_limit
inner join zones using (force)
where units_left >= -1 and units_left < 2
