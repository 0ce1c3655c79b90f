-- The missed cases of every other measure under each standard, as a run keeps them: whoever judges `explained` lays
-- this view (or a table) on the connection first. Where nobody did, nothing is known to be missed.
-- commitment: the measure's; missed_at: when the limit ran out; local_day: the day the case belongs to.
create view if not exists missed_cases as
select
    null::varchar as standard,
    null::varchar as measure,
    null::integer as commitment,
    null::varchar as "force",
    null::varchar as area,
    null::varchar as neighbourhood,
    null::varchar as case_id,
    null::timestamp as missed_at,
    null::date as local_day
where false;
