-- message_answered: messages to a neighbourhood team answered within a day
-- Commitment:  4
-- Promise:     Answer every message left for a neighbourhood team within 24 hours, and say then when more will follow.
-- Case:        A message to a neighbourhood team.
-- Clock:       Received (or opened) to the first response by a person; an automatic reply is none, unless switched.
-- Limit:       24 hours, elapsed.
-- Leaves out:  Test messages, duplicates; messages recorded as needing no reply, unless every message is asked for.
--              Where nobody recorded whether a reply is needed, it is.
-- Needs:       messages.received_at, messages.responded_at, messages.opened_at (message_clock = opened),
--              messages.auto_reply_at (auto_reply = a_response)
-- Switches:    message_clock = received | opened; auto_reply = not_a_response | a_response;
--              population = needing_reply | every; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 4.
with answered as (
    select
        * exclude (exclusion),
        case chosen_message_clock(definition) when 'opened' then opened_at else received_at end as started_at,
        case chosen_auto_reply(definition) when 'a_response' then least(responded_at, auto_reply_at) else responded_at end
            as stopped_at,
        case
            when exclusion is not null then exclusion
            when chosen_population(definition) = 'needing_reply' and not reply_needed then 'no_reply_needed'
        end as exclusion
    from messaging
)

select
    *,
    coalesce(stopped_at < started_at, false) as contradictory
from answered
