-- arrival_equal_to_dispatch: units that arrived in the very moment they were sent
-- Looks for:   Incidents whose first unit is recorded at the scene at exactly the time it was dispatched.
-- Base rate:   The same share in the other areas of the force; for a force, in the other forces.
-- Test:        Fisher's exact test, one-sided.
-- Sentence:    {count} of {of} attended incidents have the same time for dispatch and arrival ({share}).
-- Needs:       incidents.dispatched_at, incidents.arrived_at
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
    arrived_at = dispatched_at as flagged
from incidents
where
    measure is not null
    and arrived_at is not null
    and dispatched_at is not null
    and duplicate_of is null
    and origin in ('public', 'partner')
