-- dissatisfaction_acknowledged: dissatisfaction acknowledged within a day
-- Commitment:  10
-- Promise:     Acknowledge what someone is dissatisfied with within 24 hours of their saying so.
-- Case:        An expression of dissatisfaction.
-- Clock:       Reported (or the force became aware) to acknowledged; closed without it cannot be judged.
-- Limit:       24 hours, elapsed.
-- Leaves out:  Duplicates.
-- Needs:       dissatisfactions.reported_at, dissatisfactions.acknowledged_at,
--              dissatisfactions.became_aware_at (dissatisfaction_clock = became_aware)
-- Switches:    dissatisfaction_clock = reported | became_aware; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 10.
select
    *,
    acknowledged_at as stopped_at,
    coalesce(acknowledged_at < started_at, false) as contradictory
from dissatisfied
