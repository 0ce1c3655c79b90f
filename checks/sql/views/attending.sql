-- Every incident with the one attendance promise it belongs to, under every rule of the measure in hand.
-- Emergency comes before vulnerable before agreed priority before appointment; the clock is that of attendance.
create or replace view attending as
with graded as (
    select
        incidents.*,
        rule.rule,
        rule.definition,
        rule.limit_us,
        rule.limit_us_urban,
        rule.limit_us_rural,
        rule.needs,
        case when chosen_grade(definition) = 'final' then coalesce(grade_final, grade_first) else grade_first end as grade,
        case when chosen_setting(definition) = 'final' then coalesce(setting_final, setting_first) else setting_first end
            as setting,
        case chosen_clock_start(definition) when 'dispatched' then dispatched_at when 'created' then created_at
            else received_at
        end as started_at
    from incidents
    inner join rule on incidents.force = rule.force
)

select
    rule,
    force,
    area,
    neighbourhood,
    incident_id as case_id,
    setting,
    case
        when grade = 'emergency' then 'emergency'
        when grade = 'resolution_without_deployment' then 'advice'
        when vulnerable then 'vulnerable'
        when neighbourhood_priority then 'priority'
        when grade = 'scheduled' then 'appointment'
        else 'attendance'
    end as promise,
    case
        when origin = 'test' then 'test'
        when duplicate_of is not null then 'duplicate'
        when origin = 'officer' then 'officer_initiated'
    end as exclusion,
    started_at,
    received_at as dated_at,
    arrived_at as stopped_at,
    cancelled_at as ending_at,
    'cancelled' as ending,
    closed_at is not null as closed,
    coalesce(arrived_at < started_at, false) as contradictory,
    lacks_any(lacks, needs) as unjudgeable,
    limit_us,
    limit_us_urban,
    limit_us_rural,
    received_at,
    dispatched_at,
    arrived_at,
    eta_given,
    appointment_at,
    appointment_requested_later,
    appointment_kept_at,
    advice_given_at,
    closed_at
from graded;
