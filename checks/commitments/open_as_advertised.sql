-- open_as_advertised: public counters open when they are said to be
-- Commitment:  1
-- Promise:     Give fair access to the service, at times that suit people.
-- Case:        A visit to a public counter during its advertised hours.
-- Clock:       Yes or no: found open. A visit that does not record it did not find it open.
-- Limit:       None but the visit itself.
-- Leaves out:  Visits outside the advertised hours, or not recorded as inside them, are no cases.
-- Needs:       counter_visits.visited_at, counter_visits.advertised_open, counter_visits.found_open
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 1.
select
    rule,
    counter_visits."force",
    area,
    visit_id as case_id,
    visited_at as started_at,
    coalesce(found_open, false) as answer,
    true as yes_no,
    visited_at as latest_at,
    lacks_any(lacks, needs) as unjudgeable
from counter_visits
inner join rule on counter_visits."force" = rule."force"
where advertised_open or lacks_any(lacks, ['counter_visits.advertised_open'])
