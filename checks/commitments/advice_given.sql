-- advice_given: advice, an answer or a referral where nobody is sent
-- Commitment:  6
-- Promise:     Give advice, answer or refer where no patrol is needed.
-- Case:        An incident graded resolution without deployment.
-- Clock:       Yes or no: advice, answer or referral recorded before the incident closes.
-- Limit:       None but closing.
-- Leaves out:  Tests, duplicates, officer-initiated incidents; cancelled before any was given.
-- Needs:       incidents.advice_given_at, incidents.grade_first, incidents.grade_final (grade = final)
-- Switches:    grade = first_set | final; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 6.
select
    * replace (
        received_at as started_at,
        advice_given_at as stopped_at,
        coalesce(advice_given_at < received_at, false) as contradictory
    ),
    true as yes_no,
    closed_at as latest_at
from attending
where promise = 'advice'
