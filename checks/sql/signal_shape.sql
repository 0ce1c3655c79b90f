-- The one shape in which every integrity signal answers: one row for each record looked at.
create or replace view signal_shape as
select
    null::varchar as force,
    null::varchar as area,
    null::varchar as measure,          -- the measure whose figure it bears on
    null::varchar as case_id,
    null::timestamp as happened_at,    -- says which local day the record belongs to
    null::boolean as flagged,          -- it shows the pattern (NULL: not looked at, it only informs `expected`)
    null::boolean as control,          -- it belongs to the group the others are compared with, in the same force
    null::double as base_rate,         -- or: how likely chance alone is to flag it, at the least …
    null::double as expected           -- … and its part in the number expected to be flagged, where that says more
where false;
