"""Invented deliveries of a given size, written as CSV by bare DuckDB: the same rows every time.

Calls with their incidents, messages to neighbourhood teams, victims' cases and contacts, as the contract has them:
several forces, five neighbourhoods in each of four areas, times in UTC. As in real logs a share of the times is missing
(5 % of calls were abandoned, 3 % have no answer recorded; 6 % of incidents no arrival), some rows contradict
themselves, one in a thousand cannot be admitted, and some are delivered twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from checks.database import literal

AS_AT = "2026-04-20T06:00:00Z"
# The last day there are calls of; the clocks went forward on 29 March.
LAST_DAY = "2026-04-16"
FORCES = (
    "norfolk suffolk essex kent sussex surrey hampshire dorset avon-and-somerset bedfordshire btp cambridgeshire "
    "cheshire city-of-london cleveland cumbria derbyshire devon-and-cornwall durham dyfed-powys gloucestershire "
    "greater-manchester gwent hertfordshire humberside lancashire leicestershire lincolnshire merseyside "
    "metropolitan north-wales north-yorkshire northamptonshire northumbria nottinghamshire south-wales "
    "south-yorkshire staffordshire thames-valley warwickshire west-mercia west-midlands west-yorkshire "
).split()
LOGS = ("calls", "incidents", "messages", "victim_cases", "victim_contacts")


@dataclass(frozen=True)
class Size:
    """How much is delivered: calls of some forces, spread over some days; the other logs go with the calls."""

    name: str
    title: str
    calls: int
    forces: int
    days: int


SIZES = {
    size.name: size
    for size in (
        Size("tiny", "6 thousand calls, 2 forces, 6 days", 6_000, 2, 6),
        Size("national", "national day: 100 thousand events, 43 forces", 70_000, 43, 1),
        Size("3m", "3 million calls, 8 forces, 60 days", 3_000_000, 8, 60),
        Size("30m", "30 million calls, 8 forces, 60 days", 30_000_000, 8, 60),
    )
}

_MACROS = """
-- A number below `sides` that looks thrown, the same for the same row and salt.
create macro die(i, salt, sides) as (hash(i * 64 + salt) % sides)::integer;
create macro force_of(i) as list_extract(getvariable('forces'), 1 + die(i, 1, len(getvariable('forces'))));
create macro area_of(i) as 'A' || die(i, 2, 4);
create macro neighbourhood_of(i) as area_of(i) || '-N' || die(i, 3, 5);
-- The moment of row i of n, the rows spread evenly over the days.
create macro moment_of(i, n) as getvariable('first_day')
    + to_seconds((i * getvariable('days')::hugeint * 86400 // n)::bigint);
create macro text_of(moment) as coalesce(strftime(moment, '%Y-%m-%dT%H:%M:%SZ'), '');
-- Nothing is delivered of what has not happened.
create macro happened(moment) as text_of(if(moment <= getvariable('as_at'), moment, null));
"""

_CALLS = """
with called as (
    select
        i, moment_of(i, $calls) as received, if(i % 5000 = 33, 50, die(i, 4, 100)) as fate,
        case when i % 5000 = 33 then 20 when i % 3 = 0 then die(i, 5, 14) else die(i, 5, 60) end as wait
    from range($calls) as t (i)
    -- Some are delivered twice; of every other pair the second says something else.
    union all by name
    select i, moment_of(i, $calls) as received, 50 as fate, if(i % 10000 = 33, 5000, 20) as wait
    from range($calls) as t (i) where i % 5000 = 33
)
select
    'c' || i as call_id, force_of(i) as force, area_of(i) as area,
    case when i % 3 = 0 then '999' when i % 3 = 1 then '101' else 'switchboard' end as line,
    case
        when i % 1000 = 13 then 'robot' when die(i, 6, 100) = 0 then 'test' when die(i, 6, 100) = 1 then 'silent'
        when die(i, 6, 100) = 2 then 'dropped' when die(i, 6, 1000) = 3 then 'phantom' else 'public'
    end as kind,
    text_of(received - to_seconds(die(i, 7, 9))) as dialled_at,
    text_of(received) as received_at,
    case
        when i % 2000 = 17 then '#VALUE!'
        when i % 999 = 5 then text_of(received - interval 1 second)
        when fate >= 8 then text_of(received + to_seconds(wait)) else ''
    end as answered_at,
    if(fate < 5, text_of(received + to_seconds(die(i, 8, 40))), '') as abandoned_at,
    text_of(received + to_seconds(6000 + die(i, 9, 300))) as ended_at
from called
"""

_INCIDENTS = """
with reported as (
    select
        i, moment_of(i, $incidents) as received, die(i, 4, 100) as fate,
        case
            when die(i, 5, 10) < 2 then 'emergency' when die(i, 5, 10) < 6 then 'priority'
            when die(i, 5, 10) < 8 then 'scheduled' else 'resolution_without_deployment'
        end as grade
    from range($incidents) as t (i)
)
select
    'i' || i as incident_id, force_of(3 * i) as force, area_of(3 * i) as area, neighbourhood_of(3 * i) as neighbourhood,
    'c' || 3 * i as call_id,
    case when die(i, 6, 100) < 10 then 'officer' when die(i, 6, 100) < 11 then 'test' else 'public' end as origin,
    text_of(received) as received_at,
    text_of(received + to_seconds(30 + die(i, 7, 120))) as created_at,
    if(i % 1000 = 13, 'urgent', grade) as grade_first, if(die(i, 8, 10) = 0, '', grade) as grade_final,
    if(die(i, 9, 10) < 7, 'urban', 'rural') as setting_first, '' as setting_final,
    case when die(i, 10, 100) < 15 then 'true' when die(i, 10, 100) < 90 then 'false' else '' end as vulnerable,
    if(die(i, 11, 10) = 0, 'true', 'false') as neighbourhood_priority, if(die(i, 12, 3) = 0, '', 'true') as eta_given,
    if(fate >= 6, text_of(received + to_seconds(150 + die(i, 13, 200))), '') as dispatched_at,
    case
        when i % 999 = 5 then text_of(received - interval 1 second)
        when fate >= 9 then text_of(received + to_seconds(
            case grade when 'emergency' then 360 + die(i, 14, 900) else 900 + die(i, 14, 4000) end
        ))
        else ''
    end as arrived_at,
    if(grade = 'scheduled', text_of(received + to_hours(10 + die(i, 15, 45))), '') as appointment_at,
    if(die(i, 16, 20) = 0, 'true', '') as appointment_requested_later,
    if(grade = 'scheduled' and die(i, 17, 10) > 0,
        happened(received + to_hours(10 + die(i, 15, 45)) + to_minutes(die(i, 18, 20))), '') as appointment_kept_at,
    if(grade = 'resolution_without_deployment', text_of(received + to_minutes(die(i, 19, 90))), '') as advice_given_at,
    if(fate < 3, text_of(received + to_minutes(1 + die(i, 20, 60))), '') as cancelled_at,
    if(die(i, 21, 100) = 0, 'i' || (i - 1), '') as duplicate_of,
    if(die(i, 22, 100) < 96, text_of(received + to_hours(3)), '') as closed_at
from reported
"""

_MESSAGES = """
with written as (select i, moment_of(i, $messages) as received from range($messages) as t (i))
select
    'm' || i as message_id, force_of(i) as force, area_of(i) as area, neighbourhood_of(i) as neighbourhood,
    if(die(i, 4, 3) = 0, 'phone', 'email') as channel, if(die(i, 5, 100) = 0, 'test', 'public') as kind,
    text_of(received) as received_at, text_of(received + to_minutes(die(i, 6, 60))) as opened_at,
    case die(i, 7, 20) when 0 then 'false' when 1 then '' else 'true' end as reply_needed,
    if(die(i, 4, 3) = 0, '', text_of(received + interval 5 second)) as auto_reply_at,
    if(die(i, 8, 100) < 96, text_of(received + to_minutes(60 + die(i, 9, 1500))), '') as responded_at,
    if(die(i, 10, 10) = 0, text_of(received + interval 50 hour), '') as detail_promised_for,
    if(die(i, 10, 10) = 0, happened(received + to_hours(30 + die(i, 11, 24))), '') as detail_sent_at,
    if(die(i, 12, 100) = 0, 'm' || (i - 1), '') as duplicate_of
from written
"""

_VICTIM_CASES = """
with opened as (select i, moment_of(i, $cases) as opened from range($cases) as t (i))
select
    'v' || i as crime_id, force_of(i) as force, area_of(i) as area, neighbourhood_of(i) as neighbourhood,
    text_of(opened) as opened_at, if(die(i, 4, 10) = 0, '', happened(opened + to_hours(die(i, 5, 900)))) as agreed_at,
    if(die(i, 6, 3) = 0, '14', '') as update_every_days, '' as update_until,
    if(die(i, 7, 50) = 0, happened(opened + to_days(9)), '') as updates_declined_at,
    if(die(i, 8, 5) = 0, 'true', 'false') as enhanced_rights,
    if(die(i, 9, 2) = 0, happened(opened + to_hours(300 + die(i, 10, 900))), '') as closed_at
from opened
"""

_VICTIM_CONTACTS = """
with spoken as (
    select
        n, i, moment_of(i, $cases) + to_days(n * 9) + to_seconds(die(i, 11 + n, 1000000)) as contacted
    from range($cases) as t (i), range(5) as u (n)
)
select
    'k' || i || '-' || n as contact_id, force_of(i) as force, 'v' || i as crime_id,
    text_of(contacted) as contacted_at, text_of(contacted + interval 1 hour) as recorded_at, 'phone' as method
from spoken where contacted + interval 1 hour <= getvariable('as_at')
"""

_SELECTS = dict(zip(LOGS, (_CALLS, _INCIDENTS, _MESSAGES, _VICTIM_CASES, _VICTIM_CONTACTS), strict=True))


def write(size: Size, folder: Path) -> dict[str, int]:
    """Write `calls.csv` … into a folder; returns how many rows each has."""
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; set memory_limit = '3GB'")
    con.execute(
        f"set variable forces = {literal(FORCES[: size.forces])}; set variable days = {size.days}; "
        f"set variable first_day = timestamp '{LAST_DAY}' - to_days({size.days - 1}); "
        f"set variable as_at = timestamp '{AS_AT.rstrip('Z').replace('T', ' ')}'"
    )
    con.execute(_MACROS)
    calls = size.calls
    counts = {"calls": calls, "incidents": calls // 3, "messages": calls // 30, "cases": calls // 60}
    written = {}
    for log, select in _SELECTS.items():
        for name, count in counts.items():
            select = select.replace(f"${name}", str(count))
        path = folder / f"{log}.csv"
        # What is empty is delivered as nothing, not as two quotes.
        plain = f"select nullif(columns(*), '') as '\\0' from ({select})"
        written[log] = con.execute(f"copy ({plain}) to {literal(str(path))} (header)").fetchall()[0][0]
    return written
