-- Every check of a neighbourhood's page, under every rule of the measure in hand; its area where the log of
-- neighbourhoods is there to tell it.
create or replace view page_checks as
with areas as (
    select "force", neighbourhood, area from neighbourhoods
)

select
    rule,
    team_pages."force",
    area,
    team_pages.neighbourhood,
    team_pages.neighbourhood || '/' || strftime(checked_at, '%Y-%m-%dT%H:%M:%S')
        || rtrim(rtrim(strftime(checked_at, '.%f'), '0'), '.') || 'Z' as case_id,
    checked_at,
    officers_named,
    contact_methods,
    base_given,
    how_to_work_given,
    last_changed_at,
    lacks_any(lacks, needs) as unjudgeable,
    limit_months,
    limit_days
from team_pages
inner join rule on team_pages."force" = rule."force"
left join areas on team_pages."force" = areas."force" and team_pages.neighbourhood = areas.neighbourhood;
