-- attend_emergency: emergencies reached in time
-- Commitment:  5
-- Promise:     Send an officer to an emergency at once, and be there in 15 minutes in towns, 20 in the country.
-- Case:        An incident graded emergency.
-- Clock:       Received (or created, or first unit dispatched) to the first unit at the scene.
-- Limit:       Urban 15 minutes, rural 20 minutes.
-- Leaves out:  Tests, duplicates, officer-initiated incidents; cancelled inside the limit and before arrival.
-- Needs:       incidents.received_at, incidents.arrived_at, incidents.grade_first, incidents.setting_first,
--              incidents.created_at (clock_start = created), incidents.dispatched_at (clock_start = dispatched),
--              incidents.grade_final (grade = final), incidents.setting_final (setting = final)
-- Switches:    clock_start = received | created | dispatched; grade = first_set | final;
--              setting = first_set | final; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 5;
--              target: National Call Handling Standards, as Essex reported it in 2010.
select * replace (case setting when 'rural' then limit_us_rural else limit_us_urban end as limit_us)
from attending
where promise = 'emergency'
