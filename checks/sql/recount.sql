-- Each figure counted anew from the cases it counts, one line for each count. In: `figure` and `figure_cases`;
-- out: the view `recounted`, a row for each figure, those without a case too.
-- What a standard does not judge (timed, with a whole) is published as what was measured: its part of its whole.
create or replace view recounted as
with counted as (
    select
        figure.*,
        count(case_id) filter (where state not in ('excluded', 'timed')) as cases,
        count(case_id) filter (where state = 'met') as met,
        count(case_id) filter (where state = 'missed') as missed,
        count(case_id) filter (where state = 'pending') as pending,
        count(case_id) filter (where state = 'unknown') as unknown,
        count(case_id) filter (where state = 'excluded') as excluded,
        count(case_id) filter (where state = 'timed') as timed,
        coalesce(sum(part) filter (where state = 'timed'), 0)::bigint as sum_part,
        coalesce(sum(whole) filter (where state = 'timed'), 0)::bigint as sum_whole
    from figure
    left join figure_cases on figure.number = figure_cases.number
    group by all
)

select
    * exclude (unknown_as_missed, sum_part, sum_whole),
    case when sum_whole > 0 then sum_part else met end as numerator,
    case when sum_whole > 0 then sum_whole else met + missed + case when unknown_as_missed then unknown else 0 end end
        as denominator,
    numerator / nullif(denominator, 0) as rate
from counted
order by number;
