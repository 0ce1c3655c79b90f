/*---
# London Fire Brigade, incidents with attendance times: a stand-in for a force's incidents.
log: incidents
force: lfb
format: csv
zone: Europe/London
key: the incident number
---*/
-- Attendance is given in elapsed seconds, which a clock change does not stretch. The file has no closing time: a record
-- is closed when the file was made, at its last call.
with
    calls as (
        select
            row_number,
            incident_number,
            moment(timestamp_of_call, '%Y-%m-%d %H:%M:%S') as called_at,
            first_pump_arriving_attendance_time as attendance_seconds
        from raw
    )
select
    row_number,
    incident_number as incident_id,
    'public' as origin,
    called_at as received_at,
    plus_seconds(called_at, attendance_seconds) as arrived_at,
    'emergency' as grade_first,
    'emergency' as grade_final,
    'urban' as setting_first,
    'urban' as setting_final,
    max(called_at) filter (where not starts_with(called_at, '!')) over () as closed_at
from calls
