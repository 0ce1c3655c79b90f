/*---
log: incidents
force: sffd
format: csv
encoding: utf-8
zone: America/Los_Angeles
delivers: changes
note: >
  San Francisco Fire Department, dispatch export, one row per unit: a stand-in for a police command-and-control log.
  One row per incident is made here; the first unit at the scene decides, whichever unit that is.
---*/
with units as (
    select
        row_number,
        "Incident Number" as incident_id,
        moment("Received DtTm", '%m/%d/%Y %I:%M:%S %p') as received_at,
        moment("Entry DtTm", '%m/%d/%Y %I:%M:%S %p') as entry_at,
        moment("Dispatch DtTm", '%m/%d/%Y %I:%M:%S %p') as dispatch_at,
        moment("Response DtTm", '%m/%d/%Y %I:%M:%S %p') as response_at,
        moment("On Scene DtTm", '%m/%d/%Y %I:%M:%S %p') as on_scene_at,
        moment("Transport DtTm", '%m/%d/%Y %I:%M:%S %p') as transport_at,
        moment("Hospital DtTm", '%m/%d/%Y %I:%M:%S %p') as hospital_at,
        moment("Available DtTm", '%m/%d/%Y %I:%M:%S %p') as available_at,
        "Original Priority" as first_priority,
        "Final Priority" as final_priority,
        "Call Final Disposition" = 'Cancelled' as cancelled
    from raw
)

select
    min(row_number) as row_number,
    incident_id,
    'public' as origin,
    earliest(received_at) as received_at,
    earliest(entry_at) as created_at,
    case when arg_min(first_priority, row_number) = '3' then 'emergency' else 'priority' end as grade_first,
    case when arg_min(final_priority, row_number) = '3' then 'emergency' else 'priority' end as grade_final,
    'urban' as setting_first,
    earliest(dispatch_at) as dispatched_at,
    earliest(on_scene_at) as arrived_at,
    case when bool_and(cancelled) then latest(available_at) end as cancelled_at,
    coalesce(
        latest(available_at),
        latest(greatest(received_at, entry_at, dispatch_at, response_at, on_scene_at, transport_at, hospital_at))
    ) as closed_at
from units
group by incident_id
