-- The rows of the logs each traced case was judged from. In: `traced` (what follows) and a view for each log, its
-- moments in UTC. Out: a view `evidence_of_<log>` for each log: case_id, of_measure, then the row as it is in the lake.
-- A view names every row that falls into the case, whichever of them decided it.
create or replace view dated_cases as
with own as (
    select
        standard,
        measure,
        "force",
        case_id,
        measure as of_measure,
        case_id as of_case,
        neighbourhood,
        covers,
        make_timestamp(epoch_us(clock_started_at)) as started_at,
        make_timestamp(epoch_us(clock_stopped_at)) as stopped_at,
        local_day
    from traced
),

-- An explanation is owed for a case of another measure, message_answered/M1: that case's rows are its rows too.
missed as (
    select
        standard,
        "force",
        case_id,
        split_part(case_id, '/', 1) as of_measure,
        case_id[position('/' in case_id) + 1 :] as of_case
    from own
    where measure = 'explained'
),

owed as (
    select
        missed.*,
        all_cases.neighbourhood,
        all_cases.covers,
        make_timestamp(epoch_us(all_cases.clock_started_at)) as started_at,
        make_timestamp(epoch_us(all_cases.clock_stopped_at)) as stopped_at,
        all_cases.local_day
    from missed
    inner join all_cases
        on
            missed.standard = all_cases.standard
            and missed.of_measure = all_cases.measure
            and missed."force" = all_cases."force"
            and missed.of_case = all_cases.case_id
)

select
    cases.*,
    -- The name of a part of a record (C1/2026-01-14T12:00:00Z, N1/2026-10) without its time.
    regexp_replace(of_case, '/[^/]*$', '') as record,
    -- The days the case covers by itself, both inclusive, and its moments, the last exclusive.
    case covers
        when 'rolling_12_months' then (date_trunc('month', local_day) - interval 11 months)::date
        when 'year' then date_trunc('year', local_day)::date
        else date_trunc('month', local_day)::date
    end as first_day,
    case covers when 'year' then (date_trunc('year', local_day) + interval 1 year)::date - 1 else last_day(local_day) end
        as last_day,
    utc(first_day, zone) as began_at,
    utc(last_day + interval 1 day, zone) as over_at
from (
    select * exclude (measure) from own
    union all by name
    select * from owed
) as cases
inner join zones on cases."force" = zones."force";

create or replace view evidence_of_calls as
select case_id, of_measure, calls.*
from dated_cases
inner join calls on dated_cases."force" = calls."force" and of_case = call_id;

create or replace view evidence_of_incidents as
select case_id, of_measure, incidents.*
from dated_cases
inner join incidents on dated_cases."force" = incidents."force" and of_case = incident_id;

create or replace view evidence_of_messages as
select case_id, of_measure, messages.*
from dated_cases
inner join messages on dated_cases."force" = messages."force" and of_case = message_id;

create or replace view evidence_of_dissatisfactions as
select case_id, of_measure, dissatisfactions.*
from dated_cases
inner join dissatisfactions on dated_cases."force" = dissatisfactions."force" and of_case = complaint_id;

create or replace view evidence_of_counter_visits as
select case_id, of_measure, counter_visits.*
from dated_cases
inner join counter_visits on dated_cases."force" = counter_visits."force" and of_case = visit_id;

create or replace view evidence_of_victim_events as
select case_id, of_measure, victim_events.*
from dated_cases
inner join victim_events on dated_cases."force" = victim_events."force" and of_case = event_id;

-- The crime of an event, of an interval between two contacts, or the case itself.
create or replace view evidence_of_victim_cases as
with named as (
    select
        dated_cases.*,
        case of_measure
            when 'victim_told' then victim_events.crime_id when 'victim_updated' then record else of_case
        end as of_crime
    from dated_cases
    left join victim_events
        on dated_cases."force" = victim_events."force" and of_measure = 'victim_told' and of_case = event_id
)

select case_id, of_measure, victim_cases.*
from named
inner join victim_cases on named."force" = victim_cases."force" and of_crime = victim_cases.crime_id;

-- The contact that began the interval and the one that ended it.
create or replace view evidence_of_victim_contacts as
select case_id, of_measure, victim_contacts.*
from dated_cases
inner join victim_contacts
    on
        dated_cases."force" = victim_contacts."force"
        and record = crime_id
        and contacted_at in (started_at, stopped_at);

create or replace view evidence_of_team_pages as
select case_id, of_measure, team_pages.*
from dated_cases
inner join team_pages
    on
        dated_cases."force" = team_pages."force"
        and dated_cases.record = team_pages.neighbourhood
        and of_case = team_pages.neighbourhood || '/' || strftime(checked_at, '%Y-%m-%dT%H:%M:%S')
        || rtrim(rtrim(strftime(checked_at, '.%f'), '0'), '.') || 'Z';

create or replace view evidence_of_neighbourhoods as
select case_id, of_measure, neighbourhoods.*
from dated_cases
inner join neighbourhoods
    on dated_cases."force" = neighbourhoods."force" and dated_cases.neighbourhood = neighbourhoods.neighbourhood;

create or replace view evidence_of_meetings as
select case_id, of_measure, meetings.*
from dated_cases
inner join meetings
    on
        dated_cases."force" = meetings."force"
        and dated_cases.neighbourhood = meetings.neighbourhood
        and starts_at >= began_at
        and starts_at < over_at;

create or replace view evidence_of_updates as
select case_id, of_measure, updates.*
from dated_cases
inner join updates
    on
        dated_cases."force" = updates."force"
        and dated_cases.neighbourhood = updates.neighbourhood
        and published_at >= began_at
        and published_at < over_at;

create or replace view evidence_of_duties as
select case_id, of_measure, duties.*
from dated_cases
inner join duties
    on
        dated_cases."force" = duties."force"
        and dated_cases.neighbourhood = duties.neighbourhood
        and least(duties.started_at, duties.ended_at) < over_at
        and greatest(duties.started_at, coalesce(duties.ended_at, 'infinity'::timestamp)) > began_at;

create or replace view evidence_of_agreed_hours as
select case_id, of_measure, agreed_hours.*
from dated_cases
inner join agreed_hours
    on
        dated_cases."force" = agreed_hours."force"
        and dated_cases.neighbourhood = agreed_hours.neighbourhood
        and valid_from_on <= last_day
        and coalesce(valid_to_on >= first_day - 1, true);

create or replace view evidence_of_postings as
select case_id, of_measure, postings.*
from dated_cases
inner join postings
    on
        dated_cases."force" = postings."force"
        and dated_cases.neighbourhood = postings.neighbourhood
        and least(started_on, ended_on) <= last_day + 1
        and (ended_on is null or greatest(started_on, ended_on) >= first_day - 1);

-- A response is a case of its own, or one of the year's.
create or replace view evidence_of_surveys as
select case_id, of_measure, surveys.*
from dated_cases
inner join surveys
    on
        dated_cases."force" = surveys."force"
        and case
            when covers = 'year' then answered_on between first_day and last_day else of_case = response_id
        end;

create or replace view evidence_of_explanations as
select case_id, 'explained' as of_measure, explanations.*
from dated_cases
inner join explanations
    on
        dated_cases."force" = explanations."force"
        and of_measure <> 'explained'
        and case
            when breach_id is not null then breach_id = left(
                sha256(concat_ws('|', standard, of_measure, dated_cases."force", of_case)), 16
            )
            else explanations.measure = of_measure and missed_on = local_day
        end;
