-- Every call as a case of an answering promise, under every rule of the measure in hand.
create or replace view answering as
with clocked as (
    select
        calls.*,
        rule.rule,
        rule.definition,
        rule.limit_us,
        rule.needs,
        case when chosen_clock_start(rule.definition) = 'dialled' then dialled_at else received_at end as started_at
    from calls
    inner join rule on calls.force = rule.force
)

select
    rule,
    force,
    area,
    line,
    call_id as case_id,
    started_at,
    received_at as dated_at,
    answered_at as stopped_at,
    abandoned_at as ending_at,
    'short_abandoned' as ending,
    case chosen_abandoned(definition) when 'answered_only' then 'never' when 'all_offered' then 'always' end as ending_counts,
    case when kind in ('test', 'phantom', 'dropped') then kind end as exclusion,
    ended_at is not null as closed,
    coalesce(least(answered_at, abandoned_at) < started_at, false) as contradictory,
    lacks_any(lacks, needs) as unjudgeable,
    limit_us
from clocked;
