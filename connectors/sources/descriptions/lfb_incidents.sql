/*---
log: incidents
force: lfb
format: csv
encoding: utf-8
zone: Europe/London
delivers: changes
note: >
  London Fire Brigade, incidents with the attendance of the first pump in seconds: a stand-in for police attendance.
  The publisher cut attendance at 1,200 seconds. The file tells no closing time: all were closed when it was made, so
  the file's last call stands for it. Seconds are added as elapsed time, which is right across a clock change.
---*/
select
    row_number,
    incident_number as incident_id,
    'public' as origin,
    moment(timestamp_of_call, '%Y-%m-%d %H:%M:%S') as received_at,
    'emergency' as grade_first,
    'urban' as setting_first,
    seconds_later(
        moment(timestamp_of_call, '%Y-%m-%d %H:%M:%S'), first_pump_arriving_attendance_time, 'Europe/London'
    ) as arrived_at,
    (select latest(moment(timestamp_of_call, '%Y-%m-%d %H:%M:%S')) from raw) as closed_at
from raw
