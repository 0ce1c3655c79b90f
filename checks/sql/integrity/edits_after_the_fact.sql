-- edits_after_the_fact: contacts with victims written down long after they are said to have happened
-- Looks for:   Contacts recorded seven days or more after the time they carry.
-- Base rate:   The same share in the other areas of the force; for a force, in the other forces.
-- Test:        Fisher's exact test, one-sided.
-- Sentence:    {count} of {of} contacts with victims were recorded a week or more after their time ({share}).
-- Needs:       victim_contacts.recorded_at
-- Cases:       none
-- Source:      Ours.
select
    victim_contacts.force,
    victim_cases.area,
    'victim_updated' as measure,
    contact_id as case_id,
    contacted_at as happened_at,
    recorded_at >= contacted_at + interval 7 day as flagged
from victim_contacts
left join victim_cases
    on victim_contacts.force = victim_cases.force and victim_contacts.crime_id = victim_cases.crime_id
where recorded_at is not null
