-- Every expression of dissatisfaction, under every rule of the measure in hand.
create or replace view dissatisfied as
select
    rule.rule,
    rule.limit_us,
    rule.limit_days,
    rule.limit_months,
    dissatisfactions.force,
    area,
    neighbourhood,
    complaint_id as case_id,
    case chosen_dissatisfaction_clock(definition) when 'became_aware' then became_aware_at else reported_at end as started_at,
    reported_at as dated_at,
    reported_at,
    acknowledged_at,
    handling_discussed_at,
    in_person_offered_at,
    plan_agreed_at,
    plan_due_at,
    plan_done_at,
    closed_at,
    closed_at is not null as closed,
    case when duplicate_of is not null then 'duplicate' end as exclusion,
    lacks_any(lacks, needs) as unjudgeable
from dissatisfactions
inner join rule on dissatisfactions.force = rule.force;
