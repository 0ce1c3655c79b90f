-- team_published: who the neighbourhood team is and how to work with it
-- Commitment:  2
-- Promise:     Publish who the neighbourhood team are, where they are based, how to contact them and work with them.
-- Case:        A check of a neighbourhood's page; its name is the neighbourhood's and the moment in UTC:
--              N1/2026-01-14T12:00:00Z.
-- Clock:       Yes or no, at the check: at least one named officer, a way to contact the team, its base and how to
--              work with it, all four. What the check does not record was not found.
-- Limit:       None but the check itself.
-- Leaves out:  Nothing.
-- Needs:       team_pages.checked_at, team_pages.officers_named, team_pages.contact_methods, team_pages.base_given,
--              team_pages.how_to_work_given
-- Switches:    none
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 2.
select
    *,
    checked_at as started_at,
    officers_named >= 1 and contact_methods >= 1 and base_given and how_to_work_given as answer,
    true as yes_no,
    checked_at as latest_at
from page_checks
