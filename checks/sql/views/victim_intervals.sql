-- A victim's case cut at each contact, under every rule of the measure in hand: from opening, or a contact, to the next
-- contact or the end of the case.
-- Contacts before opening or after closing do not count, several at the same moment are one.
create or replace view victim_intervals as
with ended as (
    select
        victim_cases.*,
        -- An agreed end that still lies ahead has ended nothing yet.
        case when update_until <= as_at then update_until end as agreed_end_at,
        least(closed_at, updates_declined_at, agreed_end_at) as ending_at,
        case when updates_declined_at = ending_at then 'declined' else 'closed' end as ending
    from victim_cases
    cross join run
),

moments as (
    select
        "force",
        crime_id,
        opened_at as moment
    from victim_cases
    union
    select
        ended."force",
        ended.crime_id,
        contacted_at
    from victim_contacts
    inner join ended on victim_contacts."force" = ended."force" and victim_contacts.crime_id = ended.crime_id
    where contacted_at > opened_at and contacted_at <= coalesce(closed_at, contacted_at)
),

cut as (
    select
        *,
        lead(moment) over (partition by "force", crime_id order by moment) as next_contact_at
    from moments
)

select
    ended.*,
    moment as began_at,
    next_contact_at,
    least(next_contact_at, ending_at, as_at) as over_at,
    rule,
    needs,
    zone,
    chosen_silence(definition) as silence,
    -- The interval agreed wins over the rule's; 0 and 0: no limit.
    coalesce(update_every_days > 0, false) as agreed,
    case when not agreed and chosen_month(definition) = 'calendar' then coalesce(limit_months, 0) else 0 end as months,
    case when agreed then update_every_days when months = 0 then coalesce(28 * limit_months, limit_days, 0) else 0 end
        as days
from cut
inner join ended on cut."force" = ended."force" and cut.crime_id = ended.crime_id
inner join rule on cut."force" = rule."force"
inner join zones on cut."force" = zones."force"
cross join run
-- A contact at the very closing begins nothing; the interval from opening is there whatever the record says.
where moment = opened_at or moment < coalesce(closed_at, moment + to_days(1));
