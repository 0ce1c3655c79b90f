-- detail_followed_up: the fuller answer sent when it was promised
-- Commitment:  4
-- Promise:     Where the first answer to a message promises more, send it by the time it was promised for.
-- Case:        A message whose first response promised a fuller one for a stated time, whether or not it needed a reply.
-- Clock:       The time promised to the detailed response; early is in time.
-- Limit:       Carried by the case: the time promised.
-- Leaves out:  Test messages, duplicates.
-- Needs:       messages.detail_promised_for, messages.detail_sent_at
-- Switches:    limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 4.
select
    * exclude (limit_us),
    detail_promised_for as started_at,
    detail_sent_at as stopped_at,
    detail_promised_for as due_at,
    coalesce(least(detail_promised_for, detail_sent_at) < received_at, false) as contradictory
from messaging
where detail_promised_for is not null or unjudgeable
