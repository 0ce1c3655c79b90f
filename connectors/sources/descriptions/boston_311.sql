/*---
# City of Boston, 311 service requests: a stand-in for messages to neighbourhood teams.
log: messages
force: boston
format: csv
zone: America/New_York
key: the case number
---*/
-- Closing a request is its first and its full answer in one; the publisher's target is the time promised for it.
-- Requests without a neighbourhood are kept as messages to the city as a whole.
select
    row_number,
    case_enquiry_id as message_id,
    coalesce(neighborhood, 'citywide') as neighbourhood,
    known(
        source,
        map {
            'Constituent Call': 'phone',
            'Citizens Connect App': 'web',
            'City Worker App': 'web',
            'Self Service': 'web',
            'Employee Generated': 'in_person',
            'Twitter': 'social'
        }
    ) as channel,
    'public' as kind,
    moment(open_dt, '%Y-%m-%d %H:%M:%S') as received_at,
    moment(closed_dt, '%Y-%m-%d %H:%M:%S') as responded_at,
    moment(target_dt, '%Y-%m-%d %H:%M:%S') as detail_promised_for,
    moment(closed_dt, '%Y-%m-%d %H:%M:%S') as detail_sent_at
from raw
