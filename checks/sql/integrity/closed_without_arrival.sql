-- closed_without_arrival: incidents closed although nobody arrived
-- Looks for:   Incidents that needed attendance, not cancelled, closed without a first unit at the scene.
-- Base rate:   The same share in the other areas of the force; for a force, in the other forces.
-- Test:        Fisher's exact test, one-sided.
-- Sentence:    {count} of {of} incidents that needed attendance were closed without an arrival time ({share}).
-- Needs:       incidents.arrived_at, incidents.closed_at
-- Cases:       none
-- Source:      Ours.
select
    force,
    area,
    case
        when grade_first = 'emergency' then 'attend_emergency'
        when grade_first = 'resolution_without_deployment' then null
        when vulnerable then 'attend_vulnerable'
        when neighbourhood_priority then 'attend_priority'
    end as measure,
    incident_id as case_id,
    received_at as happened_at,
    arrived_at is null as flagged
from incidents
where
    measure is not null
    and closed_at is not null
    and cancelled_at is null
    and duplicate_of is null
    and origin in ('public', 'partner')
    and not coalesce(lacks_any(lacks, ['incidents.arrived_at', 'incidents.closed_at']), false)
