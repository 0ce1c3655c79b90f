-- eta_emergency: callers told when help will arrive at an emergency
-- Commitment:  5
-- Promise:     Give an estimated time of arrival when an officer is sent to an emergency.
-- Case:        An incident graded emergency.
-- Clock:       Yes or no: recorded as given before a unit arrives or the incident closes.
-- Limit:       None but the end of waiting: the first unit's arrival, or closing.
-- Leaves out:  Tests, duplicates, officer-initiated incidents; cancelled before arrival with none given.
-- Needs:       incidents.eta_given, incidents.arrived_at, incidents.grade_first, incidents.grade_final (grade = final)
-- Switches:    grade = first_set | final
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 5.
select
    * replace (received_at as started_at, null as stopped_at, false as contradictory),
    coalesce(eta_given, false) as answer,
    least(arrived_at, closed_at) as latest_at
from attending
where promise = 'emergency'
