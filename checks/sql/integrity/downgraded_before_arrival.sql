-- downgraded_before_arrival: emergencies graded lower once the limit had passed
-- Looks for:   Emergencies not reached inside the limit whose final grade is lower than the first.
-- Base rate:   The same share among the force's emergencies that were reached inside the limit.
-- Test:        Fisher's exact test, one-sided.
-- Sentence:    {count} of {of} emergencies not reached in time were graded lower afterwards ({share}).
-- Needs:       incidents.grade_final, incidents.arrived_at
-- Cases:       attend_emergency
-- Source:      Ours. No log says when an incident was regraded: those not reached in time are compared with the
--              others.
select
    kept_cases.force,
    kept_cases.area,
    kept_cases.measure,
    kept_cases.case_id,
    incidents.received_at as happened_at,
    coalesce(incidents.grade_final in ('priority', 'scheduled', 'resolution_without_deployment'), false) as flagged,
    kept_cases.state = 'met' as control
from kept_cases
inner join incidents on kept_cases.force = incidents.force and kept_cases.case_id = incidents.incident_id
where
    kept_cases.measure = 'attend_emergency'
    and (kept_cases.state in ('met', 'missed') or (kept_cases.state = 'unknown' and incidents.arrived_at is null))
    and not coalesce(lacks_any(incidents.lacks, ['incidents.grade_final', 'incidents.arrived_at']), false)
