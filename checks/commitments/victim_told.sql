-- victim_told: victims told of what happens in their case within five working days
-- Commitment:  9
-- Promise:     Tell a victim of an arrest, interview, release, change of bail or decision not to investigate
--              (Victims' Code, Right 6).
-- Case:        A listed event in a victim's case.
-- Clock:       Happened to told. The day after the event is the first that can count, the last one counts to its end,
--              local; weekends and the bank holidays of the force's nation do not count.
-- Limit:       5 working days, 1 working day with enhanced rights (5 where that is not recorded).
-- Leaves out:  Victims who declined updates inside the limit and before they were told.
-- Needs:       victim_events.happened_at, victim_events.told_at, victim_cases.enhanced_rights
-- Switches:    limit = within | under
-- Source:      Ministry of Justice, Code of Practice for Victims of Crime in England and Wales (2020), Right 6.
with placed as (
    select
        victim_events.* exclude (lacks),
        victim_cases.area,
        victim_cases.neighbourhood,
        victim_cases.updates_declined_at,
        concat_ws(',', victim_events.lacks, victim_cases.lacks) as lacks,
        rule,
        needs,
        zone,
        wall_clock(happened_at, zone)::date as local_day,
        case when enhanced_rights then limit_working_days_enhanced else limit_working_days end as days
    from victim_events
    inner join rule on victim_events."force" = rule."force"
    inner join zones on victim_events."force" = zones."force"
    left join victim_cases
        on victim_events."force" = victim_cases."force" and victim_events.crime_id = victim_cases.crime_id
),

counted as (
    select
        placed.*,
        number + days as last_number
    from placed
    left join working_days on placed."force" = working_days."force" and local_day = working_days."day"
)

select
    rule,
    counted."force",
    area,
    neighbourhood,
    event_id as case_id,
    happened_at as started_at,
    told_at as stopped_at,
    updates_declined_at as ending_at,
    'declined' as ending,
    coalesce(told_at < happened_at, false) as contradictory,
    lacks_any(lacks, needs) as unjudgeable,
    -- The last moment of the last working day.
    utc(working_days."day" + interval 1 day, zone) - interval 1 microsecond as due_at
from counted
left join working_days on counted."force" = working_days."force" and last_number = number and is_working
