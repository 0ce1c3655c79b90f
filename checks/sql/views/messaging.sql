-- Every message to a neighbourhood team, under every rule of the measure in hand.
create or replace view messaging as
select
    rule.rule,
    rule.definition,
    rule.limit_us,
    messages.force,
    area,
    neighbourhood,
    message_id as case_id,
    received_at,
    received_at as dated_at,
    opened_at,
    auto_reply_at,
    responded_at,
    detail_promised_for,
    detail_sent_at,
    reply_needed,
    case when kind = 'test' then 'test' when duplicate_of is not null then 'duplicate' end as exclusion,
    lacks_any(lacks, needs) as unjudgeable
from messages
inner join rule on messages.force = rule.force;
