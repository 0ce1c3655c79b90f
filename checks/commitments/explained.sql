-- explained: a broken promise explained within 28 days
-- Commitment:  0
-- Promise:     Where a promise could not be kept, say why.
-- Case:        A missed case of message_answered, attend_*, appointment_* or any measure of commitments 7 to 10; its
--              name is the measure's and the case's: message_answered/M1.
-- Clock:       Missed (the limit ran out) to an explanation recorded, for that breach or for the case's measure, force
--              and local day; one recorded for the day before this case was missed counts from then.
-- Limit:       28 days (ours), local calendar.
-- Leaves out:  Nothing: every miss is owed an explanation.
-- Needs:       explanations.recorded_at
-- Switches:    limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, closing promise.
with owed as (
    select
        missed_cases.*,
        rule.rule,
        rule.limit_days,
        rule.limit_months,
        -- The name a breach has in the register.
        left(sha256(concat_ws('|', missed_cases.standard, missed_cases.measure, missed_cases."force", case_id)), 16)
            as breach_id
    from missed_cases
    inner join rule on missed_cases."force" = rule."force" and missed_cases.standard = rule.standard
    where
        missed_cases.measure = 'message_answered'
        or starts_with(missed_cases.measure, 'attend_')
        or starts_with(missed_cases.measure, 'appointment_')
        or commitment between 7 and 10
),

said as (
    select
        "force",
        coalesce(breach_id, measure || ' ' || missed_on) as what,
        min(recorded_at) as recorded_at
    from explanations
    group by all
)

select
    owed.rule,
    owed."force",
    area,
    neighbourhood,
    owed.measure || '/' || case_id as case_id,
    missed_at as started_at,
    case when coalesce(of_breach.recorded_at, of_day.recorded_at) is not null
        then greatest(missed_at, least(of_breach.recorded_at, of_day.recorded_at))
    end as stopped_at,
    limit_days,
    limit_months
from owed
left join said as of_breach on owed."force" = of_breach."force" and owed.breach_id = of_breach.what
left join said as of_day on owed."force" = of_day."force" and owed.measure || ' ' || local_day = of_day.what
