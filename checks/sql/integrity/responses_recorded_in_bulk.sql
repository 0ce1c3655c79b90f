-- responses_recorded_in_bulk: many messages answered in the very same second
-- Looks for:   Messages whose response carries the same second as at least four others of the force.
-- Base rate:   The chance that four others of the same hour fall into one second, if they came at random.
-- Test:        Exact binomial test, one-sided.
-- Sentence:    {count} of {of} responses were recorded in the same second as at least four others ({share}).
-- Needs:       messages.responded_at
-- Cases:       none
-- Source:      Ours; the chance is the leading term of the Poisson tail, rate⁴ ÷ 24. Where a force records whole minutes
--              only, a minute takes the place of the second.
with answered as (
    select
        *,
        case when bool_and(epoch_us(responded_at) % 60000000 = 0) over (partition by force) then 60 else 1 end as unit,
        count(*) over (partition by force, epoch_us(responded_at) // 1000000) as same_moment,
        count(*) over (partition by force, epoch_us(responded_at) // 3600000000) as same_hour
    from messages
    where responded_at is not null and kind = 'public' and duplicate_of is null
)

select
    force,
    area,
    'message_answered' as measure,
    message_id as case_id,
    received_at as happened_at,
    same_moment >= 5 as flagged,
    least(1, ((same_hour - 1) * unit / 3600) ** 4 / 24) as base_rate
from answered
