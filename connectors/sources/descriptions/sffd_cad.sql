/*---
# San Francisco Fire Department, computer-aided dispatch export: a stand-in for a force's command and control.
log: incidents
force: sffd
format: csv
zone: America/Los_Angeles
key: the incident number; the file has one row per unit, and the first unit counts
---*/
with
    units as (
        select
            row_number,
            "Incident Number" as incident,
            -- Priorities mix digits and letters; 3 is the most urgent. Whatever is no single sign cannot be read.
            case
                when "Original Priority" = '3' then 'emergency'
                when regexp_full_match("Original Priority", '[0-9A-Z]') then 'priority'
                else unreadable("Original Priority")
            end as grade_first,
            case
                when "Final Priority" = '3' then 'emergency'
                when regexp_full_match("Final Priority", '[0-9A-Z]') then 'priority'
                else unreadable("Final Priority")
            end as grade_final,
            lower("Call Final Disposition") in ('cancelled', 'canceled') as is_cancelled,
            moment("Received DtTm", '%m/%d/%Y %I:%M:%S %p') as received_at,
            moment("Entry DtTm", '%m/%d/%Y %I:%M:%S %p') as entered_at,
            moment("Dispatch DtTm", '%m/%d/%Y %I:%M:%S %p') as dispatched_at,
            moment("Response DtTm", '%m/%d/%Y %I:%M:%S %p') as responded_at,
            moment("On Scene DtTm", '%m/%d/%Y %I:%M:%S %p') as arrived_at,
            moment("Transport DtTm", '%m/%d/%Y %I:%M:%S %p') as transported_at,
            moment("Hospital DtTm", '%m/%d/%Y %I:%M:%S %p') as at_hospital_at,
            moment("Available DtTm", '%m/%d/%Y %I:%M:%S %p') as available_at
        from raw
    ),
    closed_units as (
        select
            *,
            coalesce(
                available_at,
                latest_of(
                    [
                        received_at, entered_at, dispatched_at, responded_at, arrived_at, transported_at,
                        at_hospital_at
                    ]
                )
            ) as closed_at
        from units
    )
select
    min(row_number) as row_number,
    incident as incident_id,
    'public' as origin,
    earliest(received_at) as received_at,
    earliest(entered_at) as created_at,
    earliest(dispatched_at) as dispatched_at,
    earliest(arrived_at) as arrived_at,
    first(grade_first order by row_number) as grade_first,
    first(grade_final order by row_number) as grade_final,
    'urban' as setting_first,
    'urban' as setting_final,
    case when bool_and(coalesce(is_cancelled, false)) then latest(available_at) end as cancelled_at,
    latest(closed_at) as closed_at
from closed_units
group by incident
