/*---
log: meetings
spread: events
key: force + id + start + kind, counted where several agree in all of them
---*/
-- Events are announced here; whether one was held nobody says. `held` is left out, so that `meeting_held` answers "cannot
-- be judged", and not that the meetings were missed. An event that is no longer listed may simply be over: nothing is
-- withdrawn. Times have no zone; end dates are often missing and outside the contract.
with
    told as (
        select
            row_number,
            id as neighbourhood,
            "force",
            events ->> '$.start_date' as starts_at,
            lower(events ->> '$.type') as type,
            lower(concat_ws(' ', events ->> '$.type', events ->> '$.title')) as words
        from raw
        where gone_at is null and events is not null
    ),
    sorted as (
        select
            row_number,
            neighbourhood,
            "force",
            starts_at,
            case
                when words like '%surger%' then 'surgery'
                when words like '%street %' then 'street_briefing'
                when words like '%mobile%' then 'mobile_station'
                when regexp_matches(words, 'meeting|forum|briefing') then 'meeting'
                else unreadable(coalesce(type, 'no answer, or no type'))
            end as kind
        from told
    )
select
    row_number,
    concat_ws(
        '/', neighbourhood, starts_at, kind,
        nullif(row_number() over (partition by "force", neighbourhood, starts_at, kind order by row_number), 1)
    ) as meeting_id,
    "force",
    neighbourhood,
    kind,
    starts_at
from sorted
