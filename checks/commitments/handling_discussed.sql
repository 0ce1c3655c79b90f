-- handling_discussed: how it will be handled talked over with the person
-- Commitment:  10
-- Promise:     Talk over with the person how their dissatisfaction will be handled.
-- Case:        An expression of dissatisfaction.
-- Clock:       Yes or no: how it will be handled was discussed with the person, counted from reported (or from
--              when the force became aware).
-- Limit:       28 days (ours), local calendar, or closing, whichever comes first.
-- Leaves out:  Duplicates.
-- Needs:       dissatisfactions.reported_at, dissatisfactions.handling_discussed_at,
--              dissatisfactions.became_aware_at (dissatisfaction_clock = became_aware)
-- Switches:    dissatisfaction_clock = reported | became_aware; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 10.
select
    *,
    handling_discussed_at as stopped_at,
    true as yes_no,
    closed_at as latest_at,
    coalesce(least(handling_discussed_at, closed_at) < started_at, false) as contradictory
from dissatisfied
