-- team_page_current: the team's page kept up to date
-- Commitment:  2
-- Promise:     Keep what is published about the team and its priorities up to date.
-- Case:        A check of a neighbourhood's page; its name is the neighbourhood's and the moment in UTC:
--              N1/2026-01-14T12:00:00Z. It belongs to the day of the check, however long ago the page last changed.
-- Clock:       The newest change to the page or its priorities to the check.
-- Limit:       None in 2008; 3 months, calendar, from 2025.
-- Leaves out:  Nothing; a page whose newest change is not recorded is unknown.
-- Needs:       team_pages.checked_at, team_pages.last_changed_at
-- Switches:    limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 2;
--              limit: Neighbourhood Policing Guarantee (2025).
select
    *,
    last_changed_at as started_at,
    checked_at as filed_at,
    checked_at as stopped_at,
    coalesce(last_changed_at > checked_at, false) as contradictory
from page_checks
