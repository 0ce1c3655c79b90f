-- piling_up_under_limit: more cases in the last unit before the limit than the units around it lead one to expect
-- Looks for:   Clocks that stopped in the last second (minute, hour, day) inside their limit.
-- Base rate:   A third, as of three neighbouring units the middle one holds where times spread evenly; more where the
--              cubic through two units on either side runs higher, as it does where most times lie near the limit.
-- Test:        Exact binomial test, one-sided, within three units: the last before, the one before it, the one after.
-- Sentence:    {count} of {of} clocks that stopped close to the limit stopped in the last unit inside it ({share}).
-- Needs:       none
-- Cases:       every measure with a limit of its own
-- Source:      Ours; the unit is a second for limits up to a minute, a minute up to two hours, an hour up to three days.
with close_to_limit as (
    select
        force,
        area,
        measure,
        case_id,
        local_day,
        floor((limit_seconds - elapsed_seconds) / case
            when limit_seconds <= 60 then 1
            when limit_seconds <= 7200 then 60
            when limit_seconds <= 259200 then 3600
            else 86400
        end) as units_left
    from kept_cases
    where
        state in ('met', 'missed')
        -- Here the time is up when the record closes: what is noted as it closes is no wonder.
        and measure not in ('advice_given', 'contact_agreed', 'handling_discussed', 'in_person_offered', 'plan_agreed')
)

select
    force,
    area,
    measure,
    case_id,
    utc(local_day + time '12:00', zone) as happened_at,
    case units_left when 0 then true when 1 then false when -1 then false end as flagged,
    1 / 3 as base_rate,
    case abs(units_left) when 0 then 0 when 1 then 4 / 6 when 2 then -1 / 6 end as expected
from close_to_limit
inner join zones using (force)
where units_left between -2 and 2
