/*---
# The telephone centre of a bank ("Anonymous Bank", Technion): a stand-in for a force's 999 call log.
log: calls
force: bank
format: csv
zone: Asia/Jerusalem
key: line + date + id + times, because a call number comes again on another line or day
---*/
-- Clock readings have no date and some run past midnight; 0:00:00 for entering and leaving the queue means "never queued".
-- q_exit and ser_start come from two clocks about a second apart: the queue's own q_time says how long the caller waited.
with
    at_menu as (
        select
            *,
            moment(date || ' ' || vru_entry, '%Y-%m-%d %H:%M:%S') as entered_at,
            q_start = '0:00:00' and q_exit = '0:00:00' as is_never_queued,
            ser_start = '0:00:00' and ser_exit = '0:00:00' as is_never_served
        from raw
    ),
    dated as (
        select
            *,
            clock_near(entered_at, vru_exit) as left_menu_at,
            if(is_never_queued, null, clock_near(entered_at, q_start)) as queued_at,
            if(is_never_queued, null, clock_near(entered_at, q_exit)) as left_queue_at,
            if(is_never_served, null, clock_near(entered_at, ser_start)) as served_at,
            if(is_never_served, null, clock_near(entered_at, ser_exit)) as finished_at
        from at_menu
    ),
    received as (
        select *, coalesce(queued_at, left_menu_at) as received_at
        from dated
    )
select
    row_number,
    "vru+line" || '/' || date || '/' || call_id || '/' || vru_entry || '/' || vru_exit as call_id,
    '999' as line,
    case
        when outcome = 'HANG' and try_cast(q_time as integer) = 0 then 'dropped'
        else known(outcome, map {'AGENT': 'public', 'HANG': 'public', 'PHANTOM': 'phantom'})
    end as kind,
    received_at,
    case when outcome = 'AGENT'
        then coalesce(plus_seconds(received_at, q_time), unreadable('q_time absent')) end as answered_at,
    case when outcome = 'HANG' and try_cast(q_time as integer) is distinct from 0
        then coalesce(plus_seconds(received_at, q_time), unreadable('q_time absent')) end as abandoned_at,
    latest_of([entered_at, left_menu_at, queued_at, left_queue_at, served_at, finished_at]) as ended_at
from received
