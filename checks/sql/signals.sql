-- How any integrity signal is counted: `signal_rows` in, one row for each measure, force and area out ('' = the force).
-- What it is compared with, in this order: its own control group, chance, the rest (other areas of the force; other
-- forces). Where there is no rest, nothing is compared and nothing is said to be unusual.
with bounds as (
    select
        force,
        utc(window_from::timestamp, zone) as begins,
        utc(window_to + interval 1 day, zone) as ends
    from zones
    cross join run
),

looked_at as (
    select
        shaped.force,
        nullif(shaped.area, '') as area,
        measure,
        case_id,
        flagged,
        coalesce(control, false) as control,
        base_rate,
        expected
    from (
        select * from signal_shape
        union all by name
        select * from signal_rows
    ) as shaped
    inner join bounds on shaped.force = bounds.force
    -- Where there is no window the time need not be known: to tell it of a case costs more than all the rest.
    where
        case when begins is null then true else happened_at >= begins end
        and case when ends is null then true else happened_at < ends end
),

counted as (
    select
        force,
        area,
        measure,
        grouping(area) = 0 as of_area,
        count(*) filter (where flagged and not control) as "count",
        count(flagged) filter (where not control) as "of",
        count(*) filter (where flagged and control) as control_count,
        count(flagged) filter (where control) as control_of,
        greatest(
            avg(base_rate) filter (where not control and flagged is not null),
            -- Of those looked at, the ones not flagged are taken as they are; the flagged should be as many as expected.
            case when sum(expected) > 0 and "of" > "count" then sum(expected) / (sum(expected) + "of" - "count") end
        ) as chance,
        min(case_id, 5) filter (where flagged and not control) as cases
    from looked_at
    group by grouping sets ((force, measure), (force, area, measure))
),

with_rest as (
    select
        *,
        case when of_area then max("count") filter (where not of_area) over of_force
            else sum("count") filter (where not of_area) over of_measure
        end - "count" as rest_count,
        case when of_area then max("of") filter (where not of_area) over of_force
            else sum("of") filter (where not of_area) over of_measure
        end - "of" as rest_of
    from counted
    window of_force as (partition by force, measure), of_measure as (partition by measure)
)

select
    force,
    coalesce(area, '') as area,
    measure,
    "count",
    "of",
    case when control_of > 0 then 'control' when chance is not null then 'chance' when rest_of > 0 then 'rest' else '' end
        as compared_with,
    case compared_with when 'control' then control_count when 'rest' then rest_count end::bigint as base_count,
    case compared_with when 'control' then control_of when 'rest' then rest_of end::bigint as base_of,
    case compared_with when 'chance' then chance else base_count / base_of end as base_rate,
    coalesce(cases, []) as cases
from with_rest
where "of" > 0 and not (of_area and area is null)
order by measure, force, area;
