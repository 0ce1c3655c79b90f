-- What a description's SQL may use beside DuckDB's own functions. All take and give text.
--
-- A value that is there but cannot be read is never the same as an empty one: it becomes '!unreadable …', which no typed
-- column accepts, so that the row is quarantined and says so. Empty stays empty (NULL).

create macro unreadable(value) as '!unreadable ' || value;

-- moment('04/07/2020 11:53:08 PM', '%m/%d/%Y %I:%M:%S %p') → 2020-04-07 23:53:08, local where no zone was read.
-- `format` may be a list of formats, tried in turn.
create macro moment(value, format) as
    case
        when coalesce(trim(value), '') = '' then null
        when starts_with(value, '!') then value
        else coalesce(try_strptime(trim(value), format)::varchar, unreadable(value))
    end;

-- A clock reading without a date, on the day on which it comes nearest to a known local moment (within 12 hours):
-- clock_near('2010-08-01 23:59:50', '0:00:20') → 2010-08-02 00:00:20
create macro clock_near(near, clock) as
    case
        when coalesce(trim(clock), '') = '' then null
        when near is null or starts_with(near, '!') then near
        when not regexp_full_match(trim(clock), '([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?')
            or try_cast(trim(clock) as time) is null or try_cast(near as timestamp) is null then unreadable(clock)
        else (
            near::timestamp::date + trim(clock)::time + to_days(
                case
                    when near::timestamp::date + trim(clock)::time < near::timestamp - to_hours(12) then 1
                    when near::timestamp::date + trim(clock)::time >= near::timestamp + to_hours(12) then -1
                    else 0
                end
            )
        )::varchar
    end;

-- A local moment as an instant, by the offset that held a day before (days = -1) or holds a day after (days = 1).
create macro by_offset(local, days, zone) as
    (local at time zone 'UTC')
    - ((((local at time zone 'UTC') + to_days(days)) at time zone zone) - (local + to_days(days)));

-- The instant of a local moment; where a clock change makes two of it, or none, the source's rule decides or it is NULL.
create macro instant_of(local, zone, ambiguous, nonexistent) as
    case
        when by_offset(local, -1, zone) = by_offset(local, 1, zone) then by_offset(local, 1, zone)
        when by_offset(local, -1, zone) at time zone zone = local and by_offset(local, 1, zone) at time zone zone = local
            then case ambiguous
                when 'earlier' then least(by_offset(local, -1, zone), by_offset(local, 1, zone))
                when 'later' then greatest(by_offset(local, -1, zone), by_offset(local, 1, zone))
            end
        when by_offset(local, -1, zone) at time zone zone = local then by_offset(local, -1, zone)
        when by_offset(local, 1, zone) at time zone zone = local then by_offset(local, 1, zone)
        when nonexistent = 'later' then greatest(by_offset(local, -1, zone), by_offset(local, 1, zone))
    end;

-- A local moment so many elapsed seconds later, as a UTC instant: a clock change in between does not stretch it.
-- Compare the result with local texts only as moments, never as text.
create macro seconds_after(local, seconds, zone, ambiguous, nonexistent) as
    case
        when coalesce(trim(local), '') = '' or coalesce(trim(seconds), '') = '' then null
        when starts_with(local, '!') then local
        when not regexp_full_match(trim(seconds), '[+-]?\d{1,9}(\.\d{1,6})?') then unreadable(seconds)
        else coalesce(
            (
                instant_of(try_cast(local as timestamp), zone, ambiguous, nonexistent)
                + to_microseconds((trim(seconds)::decimal(18, 6) * 1000000)::bigint)
            )::varchar,
            unreadable(local)
        )
    end;

-- The first or last of several moments in one form; one that cannot be read wins, because it might have been the one.
create macro earliest(value) as coalesce(min(value) filter (where starts_with(value, '!')), min(value));
create macro latest(value) as coalesce(min(value) filter (where starts_with(value, '!')), max(value));
create macro latest_of(several) as
    coalesce(
        list_min(list_filter(several::varchar[], lambda value: starts_with(value, '!'))), list_max(several::varchar[])
    );
create macro earliest_of(several) as
    coalesce(
        list_min(list_filter(several::varchar[], lambda value: starts_with(value, '!'))), list_min(several::varchar[])
    );

-- One of several known texts as its contract value, anything else as unreadable:
-- known(outcome, map {'AGENT': 'public', 'PHANTOM': 'phantom'})
create macro known(value, meanings) as
    case when trim(value) <> '' then coalesce(meanings[trim(value)], unreadable(value)) end;

-- HTML as the text one would read: 'Leake &amp; <b>Keyworth</b>' → Leake & Keyworth. What is left blank is empty.
create macro plain_text(html) as
    nullif(trim(regexp_replace(
        replace(replace(replace(replace(replace(replace(replace(
            list_reduce(
                list_prepend(
                    regexp_replace(html, '<[^>]*>', ' ', 'g'),
                    list_distinct(regexp_extract_all(html, '&#\d{2,6};'))
                ),
                lambda text, entity: replace(text, entity, chr(entity[3:-2]::integer))
            ),
            '&nbsp;', ' '), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&apos;', ''''), '&#x27;', ''''), '&amp;', '&'),
        '\s+', ' ', 'g'
    )), '');
