-- The one shape in which every measure answers. A measure leaves out what it does not need: it is then NULL.
create or replace view case_shape as
select
    null::integer as rule,             -- which rule (standard, definition) this row answers
    null::varchar as force,
    null::varchar as area,
    null::varchar as neighbourhood,
    null::varchar as case_id,
    null::varchar as exclusion,        -- a reason that excludes whatever the clocks say
    null::timestamp as started_at,     -- the clock starts …
    null::timestamp as dated_at,       -- … and if that time is absent, this one says which day the case belongs to
    null::timestamp as filed_at,       -- … or this one does whenever that was (a page is checked long after its change)
    null::timestamp as stopped_at,     -- … and stops
    null::boolean as answer,           -- a yes/no without a time of its own: true = recorded
    null::boolean as yes_no,           -- a yes/no: met once recorded, missed once its record closes without it
    null::timestamp as latest_at,      -- the event that ends the waiting of a yes/no (arrival, closing)
    null::timestamp as ending_at,      -- an ending that is not the clock's stop (hung up, cancelled, declined, closed)
    null::varchar as ending,           -- its reason
    null::varchar as ending_counts,    -- 'when_late' (default), 'always' or 'never' as missed
    null::boolean as closed,           -- the record is closed: a time still absent will not come
    null::boolean as contradictory,    -- the times needed contradict each other
    null::boolean as unjudgeable,      -- the source does not deliver a column that is needed
    null::bigint as limit_us,          -- the limit: elapsed microseconds …
    null::integer as limit_days,       -- … or local calendar days …
    null::integer as limit_months,     -- … or months …
    null::timestamp as due_at,         -- … or the very moment
    null::bigint as part,              -- a share is not timed but measured: this much …
    null::bigint as whole,             -- … of this, in the same unit (microseconds, officer days)
    null::boolean as at_least,         -- true: the share must reach limit_percent, more is better;
                                       -- false: not exceed it, less is better; NULL: no share
    null::integer as limit_percent,    -- NULL: measured without a limit
    null::varchar as covers            -- what one case is by itself: a 'month', a 'year', 'rolling_12_months'
where false;
