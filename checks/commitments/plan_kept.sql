-- plan_kept: what was agreed with a dissatisfied person done by the date agreed
-- Commitment:  10
-- Promise:     Do what was agreed, by the time it was agreed for.
-- Case:        A plan agreed after an expression of dissatisfaction; without the time by which it is due it belongs to
--              the day it was agreed, and once done or closed it cannot be judged.
-- Clock:       The time it is due to done; early is in time. Closed without a time it was done cannot be judged.
-- Limit:       Carried by the case: the time agreed.
-- Leaves out:  Duplicates.
-- Needs:       dissatisfactions.plan_agreed_at, dissatisfactions.plan_due_at, dissatisfactions.plan_done_at
-- Switches:    limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 10.
select
    * exclude (limit_us, limit_days, limit_months, started_at, dated_at),
    coalesce(plan_agreed_at, reported_at) as dated_at,
    plan_due_at as started_at,
    plan_done_at as stopped_at,
    plan_due_at as due_at,
    coalesce(least(plan_due_at, plan_done_at) < plan_agreed_at, false) as contradictory
from dissatisfied
where plan_agreed_at is not null or unjudgeable
