-- Words a description's select may use. A text that cannot be read becomes '!' and that text: it is not empty, no
-- type reads it, and so its row is quarantined instead of being guessed.

-- A local time written in `format` (as strptime knows it) as ISO text; an empty text stays empty.
create macro moment(written, format) as
    case
        when trim(coalesce(written, '')) = '' then null
        when try_strptime(trim(written), format) is null then '!' || written
        else strftime(try_strptime(trim(written), format), '%Y-%m-%d %H:%M:%S.%f')
    end;

-- The earliest and latest of several moments; one that cannot be read wins over all others.
create macro earliest(moments) as min(moments);
create macro latest(moments) as case when bool_or(starts_with(moments, '!')) then min(moments) else max(moments) end;

-- Elapsed seconds after a local moment of a zone, as an instant: right across a clock change.
create macro seconds_later(moment, seconds, zone) as
    case
        when moment is null or trim(coalesce(seconds, '')) = '' then null
        when starts_with(moment, '!') then moment
        when try_cast(seconds as double) is null then '!' || seconds
        else strftime(
            (moment::timestamp at time zone zone) at time zone 'UTC'
            + to_microseconds((try_cast(seconds as double) * 1000000)::bigint),
            '%Y-%m-%dT%H:%M:%S.%fZ'
        )
    end;

-- A time of day (H:MM:SS) of an event that began on `day` at `began`: if it reads more than half a day earlier than
-- that, it ran past midnight.
create macro past_midnight(day, began, clock) as
    case
        when clock is null or clock = '' then null
        when try_strptime(day || ' ' || clock, '%Y-%m-%d %H:%M:%S') is null then '!' || day || ' ' || clock
        when try_strptime(day || ' ' || began, '%Y-%m-%d %H:%M:%S') - try_strptime(day || ' ' || clock, '%Y-%m-%d %H:%M:%S')
            > interval 12 hours
            then strftime(try_strptime(day || ' ' || clock, '%Y-%m-%d %H:%M:%S') + interval 1 day, '%Y-%m-%d %H:%M:%S')
        else strftime(try_strptime(day || ' ' || clock, '%Y-%m-%d %H:%M:%S'), '%Y-%m-%d %H:%M:%S')
    end;
