/*---
log: messages
force: boston
format: csv
encoding: utf-8
zone: America/New_York
delivers: changes
note: >
  City of Boston 311 service requests with the publisher's own target: a stand-in for messages to a neighbourhood team.
  Responded = closed; detail promised for = the publisher's target. Closing in time by that target is its `ontime`.
---*/
select
    row_number,
    case_enquiry_id as message_id,
    coalesce(nullif(trim(neighborhood), ''), 'not stated') as neighbourhood,
    case source when 'Constituent Call' then 'phone' when 'City Worker App' then 'in_person' else 'web' end as channel,
    'public' as kind,
    moment(open_dt, '%Y-%m-%d %H:%M:%S') as received_at,
    moment(closed_dt, '%Y-%m-%d %H:%M:%S') as responded_at,
    moment(target_dt, '%Y-%m-%d %H:%M:%S') as detail_promised_for,
    moment(closed_dt, '%Y-%m-%d %H:%M:%S') as detail_sent_at
from raw
