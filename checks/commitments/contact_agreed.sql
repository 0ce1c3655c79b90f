-- contact_agreed: how often and how long a victim is kept informed agreed with them
-- Commitment:  9
-- Promise:     Agree with every victim how often, and for how long, they want to hear how their case goes.
-- Case:        A victim's case.
-- Clock:       Yes or no: an agreement recorded (agreed_at stands for how often and how long), counted from opening.
-- Limit:       28 days (ours), local calendar, or closing, whichever comes first.
-- Leaves out:  Victims who declined updates inside the limit and before anything was agreed.
-- Needs:       victim_cases.opened_at, victim_cases.agreed_at
-- Switches:    limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 9.
select
    rule.rule,
    victim_cases.force,
    area,
    neighbourhood,
    crime_id as case_id,
    opened_at as started_at,
    agreed_at as stopped_at,
    true as yes_no,
    closed_at as latest_at,
    updates_declined_at as ending_at,
    'declined' as ending,
    coalesce(least(agreed_at, closed_at) < opened_at, false) as contradictory,
    lacks_any(lacks, needs) as unjudgeable,
    limit_days,
    limit_months
from victim_cases
inner join rule on victim_cases.force = rule.force
