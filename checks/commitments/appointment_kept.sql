-- appointment_kept: appointments kept on time
-- Commitment:  6
-- Promise:     Keep the appointment that was made.
-- Case:        An incident with an appointment.
-- Clock:       The appointment's time to the time it was kept; early is in time.
-- Limit:       15 minutes.
-- Leaves out:  Tests, duplicates, officer-initiated incidents; cancelled before it was kept and before the limit.
-- Needs:       incidents.appointment_at, incidents.appointment_kept_at
-- Switches:    limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 6.
select
    * replace (
        appointment_at as started_at,
        appointment_kept_at as stopped_at,
        coalesce(appointment_kept_at < received_at, false) as contradictory
    )
from attending
where appointment_at is not null
