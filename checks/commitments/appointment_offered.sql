-- appointment_offered: an appointment within 48 hours
-- Commitment:  6
-- Promise:     Offer an appointment within 48 hours where a patrol need not come at once.
-- Case:        An incident graded scheduled, its caller not vulnerable, not on an agreed priority.
-- Clock:       Received to the time of the appointment; without one, to the first unit at the scene.
-- Limit:       48 hours.
-- Leaves out:  Tests, duplicates, officer-initiated incidents; the caller asked for a later time; cancelled
--              inside the limit and before the appointment.
-- Needs:       incidents.received_at, incidents.appointment_at, incidents.grade_first, incidents.vulnerable,
--              incidents.neighbourhood_priority, incidents.grade_final (grade = final)
-- Switches:    grade = first_set | final; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 6.
select
    * exclude (exclusion, started_at, stopped_at, contradictory),
    coalesce(exclusion, case when appointment_requested_later then 'caller_asked_later' end) as exclusion,
    received_at as started_at,
    coalesce(appointment_at, arrived_at) as stopped_at,
    coalesce(coalesce(appointment_at, arrived_at) < received_at, false) as contradictory
from attending
where promise = 'appointment'
