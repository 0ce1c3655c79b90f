-- How any case is judged, whatever its measure: `measure_cases` in, `judged` out.
-- Whichever comes first, the clock's stop or an ending, decides; exclusion comes before unknown.

-- Whether a share keeps to its limit, in integers; the exact edge follows the `limit` switch.
create or replace macro keeps_share(part, whole, percent, at_least, at_limit) as
    case
        when part * 100 = whole * percent then coalesce(at_limit, 'within') = 'within'
        else (part * 100 > whole * percent) = at_least
    end;

create or replace view judged as
with shaped as (
    select * from case_shape
    union all by name
    select * from measure_cases
),

clocked as (
    select
        shaped.* exclude (force, due_at, limit_us, limit_days, limit_months),
        rule.standard,
        rule.measure,
        rule.definition_id,
        rule.force,
        chosen_limit(rule.definition) as at_limit,
        rule.in_force_from,
        rule.in_force_to,
        run.as_at,
        greatest(run.window_from, rule.applies_from) as judged_from,
        least(run.window_to, rule.applies_to) as judged_to,
        coalesce(filed_at, shaped.started_at, dated_at) as belongs_at,
        local_day_of(belongs_at, zones.zone, zones.least_us, zones.greatest_us) as local_day,
        least(
            shaped.due_at,
            latest_at,
            make_timestamp(epoch_us(started_at) + shaped.limit_us),
            case when shaped.limit_days is not null or shaped.limit_months is not null then
                calendar_later(started_at, coalesce(shaped.limit_months, 0), coalesce(shaped.limit_days, 0), zones.zone)
            end
        ) as due_at,
        coalesce(answer, false) as answered_yes,
        coalesce(yes_no, answer is not null) as is_yes_no,
        coalesce(stopped_at <= ending_at, stopped_at is not null) as stop_decides,
        coalesce(ending_at < stopped_at, ending_at is not null) as ending_decides
    from shaped
    inner join rule on shaped.rule = rule.rule
    inner join zones on rule.force = zones.force
    cross join run
),

stated as (
    select
        *,
        case
            when exclusion is not null then 'excluded'
            when unjudgeable or contradictory then 'unknown'
            -- A share is judged when its time is over, and never from nothing.
            when at_least is not null then case
                when as_at < due_at then 'pending'
                when coalesce(whole, 0) = 0 then 'unknown'
                when limit_percent is null then 'timed'
                when keeps_share(part, whole, limit_percent, at_least, at_limit) then 'met'
                else 'missed'
            end
            when answered_yes then 'met'
            when ending_decides then case
                when ending_counts = 'always' then 'missed'
                when started_at is null or ending_counts = 'never' then 'excluded'
                when inside(ending_at, due_at, at_limit) then 'excluded'
                else 'missed'
            end
            when started_at is null then case
                when closed or stopped_at is not null then 'unknown'
                else 'pending'
            end
            when stop_decides then case
                when due_at is null and not is_yes_no then 'timed'
                when inside(stopped_at, due_at, at_limit) then 'met'
                else 'missed'
            end
            when is_yes_no and latest_at <= as_at then 'missed'
            when not is_yes_no and closed then 'unknown'
            when inside(as_at, due_at, at_limit) then 'pending'
            else 'missed'
        -- As a number, of which there are six: cases are grouped by it.
        end::enum('met', 'missed', 'pending', 'unknown', 'excluded', 'timed') as state
    from clocked
    where
        belongs_at is not null
        -- An open end is asked first: the time zone is then not asked about every row.
        and (judged_from is null or local_day >= judged_from)
        and (judged_to is null or local_day <= judged_to)
)

select
    standard,
    measure,
    definition_id,
    force,
    coalesce(area, '') as area,
    coalesce(neighbourhood, '') as neighbourhood,
    case_id,
    state,
    case when state = 'excluded' then coalesce(exclusion, ending) end as reason,
    started_at as clock_started_at,
    (epoch_us(due_at) - epoch_us(started_at)) / 1000000 as limit_seconds,
    due_at,
    case when stop_decides then stopped_at end as clock_stopped_at,
    case
        when stop_decides and state in ('met', 'missed', 'timed')
            then (epoch_us(stopped_at) - epoch_us(started_at)) / 1000000
    end as elapsed_seconds,
    part::bigint as part,
    whole::bigint as whole,
    covers,
    local_day,
    coalesce(unjudgeable, false) as unjudgeable,
    local_day < in_force_from or coalesce(local_day > in_force_to, false) as outside_force_dates
from stated;
