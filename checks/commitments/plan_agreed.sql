-- plan_agreed: what will be done about it, and by when, agreed
-- Commitment:  10
-- Promise:     Agree with the person what will be done about their dissatisfaction, and how soon.
-- Case:        An expression of dissatisfaction.
-- Clock:       Yes or no: what will be done, and by when, was agreed, counted from reported (or from
--              when the force became aware).
-- Limit:       28 days (ours), local calendar, or closing, whichever comes first.
-- Leaves out:  Duplicates.
-- Needs:       dissatisfactions.reported_at, dissatisfactions.plan_agreed_at,
--              dissatisfactions.became_aware_at (dissatisfaction_clock = became_aware)
-- Switches:    dissatisfaction_clock = reported | became_aware; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 10.
select
    *,
    plan_agreed_at as stopped_at,
    true as yes_no,
    closed_at as latest_at,
    coalesce(least(plan_agreed_at, closed_at) < started_at, false) as contradictory
from dissatisfied
