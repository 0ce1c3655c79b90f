-- The cases each figure counts. In: `all_cases` (judged cases) and `figure`, a row for each figure with its `number`;
-- out: the view `figure_cases`, a row for each figure and case.
-- The same periods as in tally.sql: a case that covers a month or a year counts in no shorter period, one that covers
-- twelve months in none but those. The area of a neighbourhood's figure says where it lies and bounds nothing.
create or replace view figure_cases as
with dated as (
    select
        *,
        date_trunc('month', local_day)::date as local_month,
        date_trunc('year', local_day)::date as local_year
    from all_cases
)

select
    figure.number,
    dated.* exclude (local_month, local_year)
from dated
inner join figure
    on
        dated.standard = figure.standard
        and dated.measure = figure.measure
        and (figure."force" = 'all' or dated."force" = figure."force")
        and (figure.area = '' or figure.neighbourhood <> '' or dated.area = figure.area)
        and (figure.neighbourhood = '' or dated.neighbourhood = figure.neighbourhood)
where
    case figure.period
        when 'day' then covers is null and local_day = period_start
        when 'month' then coalesce(covers = 'month', true) and local_month = period_start
        when 'year' then coalesce(covers in ('month', 'year'), true) and local_year = period_start
        else case
            when covers = 'rolling_12_months' then local_month = (period_start + interval 11 months)::date
            else
                coalesce(covers = 'month', true)
                and local_month between period_start and (period_start + interval 11 months)::date
        end
    end;
