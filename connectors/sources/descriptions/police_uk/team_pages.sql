/*---
log: team_pages
key: force + id + the moment of the check
---*/
-- One check of each neighbourhood's page a run, at the run's own moment.
-- how_to_work_given is left out: no field of the answer says how to work with the team, and a page that happens to have
-- a description or an event does not say it. `team_published` therefore cannot be judged from this source alone.
-- The newest change is that of the priorities, the only part of a page that is dated; a date ahead of the check is a plan.
with
    pages as (
        select
            row_number,
            id as neighbourhood,
            "force",
            fetched_at,
            page,
            people,
            priorities,
            (fetched_at::timestamptz at time zone 'Europe/London')::varchar as looked_at,
            list_transform(
                list_concat(
                    json_extract_string(priorities, '$[*]."issue-date"'), json_extract_string(priorities, '$[*]."action-date"')
                ),
                lambda each: moment(each, ['%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d'])
            ) as changes
        from raw
        where gone_at is null
    )
select
    row_number,
    neighbourhood,
    "force",
    fetched_at as checked_at,
    case
        when people is null then unreadable('no answer about the team')
        else len(list_filter(json_extract_string(people, '$[*].name'), lambda each: each <> ''))::varchar
    end as officers_named,
    case
        when page is null then unreadable('no answer about the neighbourhood')
        else len(list_filter(json_extract_string(page, '$.contact_details.*'), lambda each: each <> ''))::varchar
    end as contact_methods,
    case
        when page is null then unreadable('no answer about the neighbourhood')
        else (
            len(list_filter(
                list_concat(
                    json_extract_string(page, '$.locations[*].address'), json_extract_string(page, '$.locations[*].postcode')
                ),
                lambda each: each <> ''
            )) > 0
        )::varchar
    end as base_given,
    case
        when priorities is null then unreadable('no answer about the priorities')
        else latest_of(list_filter(changes, lambda each: starts_with(each, '!') or each <= looked_at))
    end as last_changed_at
from pages
