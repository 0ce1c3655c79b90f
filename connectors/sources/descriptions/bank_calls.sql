/*---
log: calls
force: bank
format: csv
encoding: utf-8
zone: Asia/Jerusalem
delivers: changes
note: >
  "Anonymous Bank" (Technion), calls of one month in a bank's telephone centre: a stand-in for a 999 line, not police
  data. 0:00:00 means "never". Times carry no date: one more than half a day before the call began is of the next day.
  A call_id repeats on another line or day, so line, date, id and times together are the key.
---*/
with clocks as (
    select
        row_number,
        "vru+line" || '/' || date || '/' || call_id || '/' || vru_entry || '/' || vru_exit || '/' || q_start as call_id,
        outcome,
        q_time,
        date,
        vru_entry,
        case when q_start = '0:00:00' then vru_exit else q_start end as received,
        case when vru_exit <> '0:00:00' then vru_exit end as menu_left,
        case when q_exit <> '0:00:00' then q_exit end as queue_left,
        case when ser_exit <> '0:00:00' then ser_exit end as served
    from raw
),

dated as (
    select
        *,
        -- A time more than half a day earlier than the call's beginning ran past midnight.
        past_midnight(date, vru_entry, received) as received_at,
        past_midnight(date, vru_entry, menu_left) as menu_left_at,
        past_midnight(date, vru_entry, queue_left) as queue_left_at,
        past_midnight(date, vru_entry, served) as served_at
    from clocks
)

select
    row_number,
    call_id,
    '999' as line,
    case
        when outcome = 'PHANTOM' then 'phantom'
        when outcome = 'HANG' and q_time = '0' then 'dropped'
        when outcome in ('HANG', 'AGENT') then 'public'
        else outcome
    end as kind,
    received_at,
    case when outcome = 'AGENT' then seconds_later(received_at, q_time, 'Asia/Jerusalem') end as answered_at,
    case when outcome = 'HANG' and q_time <> '0' then seconds_later(received_at, q_time, 'Asia/Jerusalem') end as abandoned_at,
    greatest(received_at, menu_left_at, queue_left_at, served_at) as ended_at
from dated
