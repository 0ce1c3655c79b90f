/*---
log: neighbourhoods
key: force + id
---*/
-- The list says what there is, not since when. A neighbourhood of a force's first fetch was there before anybody looked:
-- active since the contract's beginning, 1990, so that no month of it is left out as a part. One that is new on the list
-- later is active from that look; one that is gone from it was closed at the look that missed it, and its months stand.
-- Population (text, at times no number), address and coordinates are outside the contract.
select
    row_number,
    id as neighbourhood,
    "force",
    coalesce(plain_text(name), plain_text(page ->> '$.name')) as name,
    coalesce(first_listed_at, '1990-01-01') as active_from,
    gone_at as active_to
from raw
