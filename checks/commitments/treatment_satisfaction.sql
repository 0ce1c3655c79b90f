-- treatment_satisfaction: people satisfied with how they were treated
-- Commitment:  1
-- Promise:     Treat everyone fairly, with dignity and respect.
-- Case:        A survey response; it belongs to the local day it was given.
-- Clock:       Yes or no: satisfied with the treatment. A response that does not record it did not say so.
-- Limit:       None but the response itself.
-- Leaves out:  Nothing.
-- Needs:       surveys.answered_on, surveys.treatment_satisfied
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 1.
select
    rule,
    surveys."force",
    area,
    response_id as case_id,
    utc(answered_on, zone) as started_at,
    coalesce(treatment_satisfied, false) as answer,
    true as yes_no,
    utc(answered_on, zone) as latest_at,
    lacks_any(lacks, needs) as unjudgeable
from surveys
inner join rule on surveys."force" = rule."force"
inner join zones on surveys."force" = zones."force"
cross join run
where answered_on <= wall_clock(as_at, zone)::date
