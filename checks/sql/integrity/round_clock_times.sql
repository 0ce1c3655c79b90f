-- round_clock_times: clocks that stop at whole five minutes
-- Looks for:   Times at which a clock stopped whose minute is 0, 5, 10, and so on: a sign of times noted by hand.
-- Base rate:   A fifth: of the sixty minutes of an hour twelve are multiples of five.
-- Test:        Exact binomial test, one-sided.
-- Sentence:    {count} of {of} recorded times fall on a multiple of five minutes ({share}).
-- Needs:       none
-- Cases:       every measure
-- Source:      Ours; planned times and bare dates (local midnight) are left out, being round by nature.
select
    kept_cases.force,
    area,
    measure,
    case_id,
    utc(local_day + time '12:00', zone) as happened_at,
    (epoch_us(clock_stopped_at) // 60000000) % 5 = 0 as flagged,
    0.2 as base_rate
from kept_cases
inner join zones on kept_cases.force = zones.force
where
    state in ('met', 'missed')
    and measure not in ('appointment_offered', 'meeting_held')
    -- A local midnight is a whole quarter of an hour everywhere.
    and case
        when epoch_us(clock_stopped_at) % 900000000 <> 0 then true
        else wall_clock(make_timestamp(epoch_us(clock_stopped_at)), zone)::time <> time '00:00'
    end
