-- in_person_offered: a talk in person offered
-- Commitment:  10
-- Promise:     Offer a person who is dissatisfied the chance to talk it over in person.
-- Case:        An expression of dissatisfaction.
-- Clock:       Yes or no: a talk in person was offered, counted from reported (or from
--              when the force became aware).
-- Limit:       28 days (ours), local calendar, or closing, whichever comes first.
-- Leaves out:  Duplicates.
-- Needs:       dissatisfactions.reported_at, dissatisfactions.in_person_offered_at,
--              dissatisfactions.became_aware_at (dissatisfaction_clock = became_aware)
-- Switches:    dissatisfaction_clock = reported | became_aware; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 10.
select
    *,
    in_person_offered_at as stopped_at,
    true as yes_no,
    closed_at as latest_at,
    coalesce(least(in_person_offered_at, closed_at) < started_at, false) as contradictory
from dissatisfied
