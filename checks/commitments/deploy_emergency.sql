-- deploy_emergency: time to send the first unit to an emergency
-- Commitment:  5
-- Promise:     Send an officer to an emergency at once.
-- Case:        An incident graded emergency.
-- Clock:       Received to the first unit dispatched.
-- Limit:       None: "immediately" is not a number, so the time is published without a verdict.
-- Leaves out:  Tests, duplicates, officer-initiated incidents; cancelled before dispatch.
-- Needs:       incidents.received_at, incidents.dispatched_at, incidents.grade_first,
--              incidents.grade_final (grade = final)
-- Switches:    grade = first_set | final
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 5.
select
    * replace (
        received_at as started_at,
        dispatched_at as stopped_at,
        coalesce(dispatched_at < received_at, false) as contradictory
    )
from attending
where promise = 'emergency'
