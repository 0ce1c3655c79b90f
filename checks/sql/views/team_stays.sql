-- Each officer's stay in a neighbourhood's team, in whole days: postings that overlap or follow each other are one.
-- A posting that ends before it begins is none; who still is there leaves at infinity.
create or replace view team_stays as
with chained as (
    select
        *,
        max(coalesce(ended_on, 'infinity'::date)) over (
            partition by "force", neighbourhood, officer_id
            order by started_on, ended_on nulls last
            rows between unbounded preceding and 1 preceding
        ) as there_until
    from postings
    where coalesce(ended_on >= started_on, true)
),

numbered as (
    select
        *,
        count(*) filter (where there_until is null or there_until < started_on - 1) over (
            partition by "force", neighbourhood, officer_id
            order by started_on, ended_on nulls last
            rows unbounded preceding
        ) as stay
    from chained
)

select
    "force",
    neighbourhood,
    min(started_on) as came_on,
    max(coalesce(ended_on, 'infinity'::date)) as left_on
from numbered
group by "force", neighbourhood, officer_id, stay;
