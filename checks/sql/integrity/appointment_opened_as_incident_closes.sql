-- appointment_opened_as_incident_closes: appointments whose time is the time the incident was closed
-- Looks for:   Incidents closed within a minute of the time of their appointment.
-- Base rate:   A tenth: of the twenty minutes around an appointment two lie within one minute of it.
-- Test:        Exact binomial test, one-sided, among incidents closed within ten minutes of their appointment.
-- Sentence:    {count} of {of} incidents closed near their appointment were closed within a minute of it ({share}).
-- Needs:       incidents.appointment_at, incidents.closed_at
-- Cases:       none
-- Source:      Ours.
select
    force,
    area,
    'appointment_offered' as measure,
    incident_id as case_id,
    received_at as happened_at,
    abs(epoch_us(closed_at) - epoch_us(appointment_at)) <= 60000000 as flagged,
    0.1 as base_rate
from incidents
where
    abs(epoch_us(closed_at) - epoch_us(appointment_at)) <= 600000000
    and duplicate_of is null
    and origin in ('public', 'partner')
