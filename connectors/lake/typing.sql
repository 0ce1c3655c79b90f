-- The one typing door, in words: each macro gives the value of a delivered, trimmed text, or NULL where it cannot be
-- read. One expression checks the whole shape before anything is cast: a cast alone is forgiving.

-- NULL, #VALUE! and their kin: what spreadsheets and exports write where a value should be. A reference or a name of
-- more than 200 characters is none, and no index of a database would hold it.
create macro read_text(v) as
    case
        when length(v) <= 200 and not regexp_full_match(v, '(?i)null|#(value|n/a|ref|name|div/0|num|null|spill|calc|getting_data)[!?]?')
            then v
    end;

-- A force is named by its police.uk slug; 'all' is the word for all forces together.
create macro read_slug(v) as case when v <> 'all' and regexp_full_match(v, '[a-z0-9][a-z0-9_-]{0,63}') then v end;

-- Columns of whole numbers that have gaps come out of spreadsheets and data frames as 3.0.
create macro read_count(v) as
    case when regexp_full_match(v, '\d{1,9}(\.0+)?') then split_part(v, '.', 1)::integer end;

create macro read_flag(v) as
    case
        when lower(v) in ('true', 't', 'yes', 'y', '1', '1.0') then true
        when lower(v) in ('false', 'f', 'no', 'n', '0', '0.0') then false
    end;

create macro read_month(v) as case when regexp_full_match(v, '\d{4}-(0[1-9]|1[0-2])') then v end;

-- A time of day can be a key: 09:00:00 and 09:00 are one value.
create macro read_time(v) as
    case
        when regexp_full_match(v, '([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.0+)?)?|24:00(:00(\.0+)?)?')
            then if(substr(v, 7, 2) = '00', left(v, 5), left(v, 8))
    end;

create macro read_weekday(v) as
    case lower(v)
        when 'monday' then 'monday' when 'mon' then 'monday' when '1' then 'monday'
        when 'tuesday' then 'tuesday' when 'tue' then 'tuesday' when '2' then 'tuesday'
        when 'wednesday' then 'wednesday' when 'wed' then 'wednesday' when '3' then 'wednesday'
        when 'thursday' then 'thursday' when 'thu' then 'thursday' when '4' then 'thursday'
        when 'friday' then 'friday' when 'fri' then 'friday' when '5' then 'friday'
        when 'saturday' then 'saturday' when 'sat' then 'saturday' when '6' then 'saturday'
        when 'sunday' then 'sunday' when 'sun' then 'sunday' when '7' then 'sunday'
    end;

-- Spreadsheets hand dates over as midnights. The year 0000 is no year.
create macro read_date(v) as
    case
        when regexp_full_match(v, '\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?)?') and left(v, 4) <> '0000'
            then try_cast(left(v, 10) as date)
    end;

-- With an offset: the instant, as naive UTC. Without: the wall clock; which instant that was is the zone's business.
-- Digits beyond the microsecond are cut.
create macro read_moment(v) as
    case
        when regexp_full_match(
            v,
            '\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?( ?([Zz]|[+-](0\d|1[0-5])(:?[0-5]\d)?))?)?'
        ) and left(v, 4) <> '0000'
            then make_timestamp(epoch_us(coalesce(
                try_cast(v as timestamptz), try_cast(left(v, 11) || upper(replace(v[12:], ' ', '')) as timestamptz)
            )))
    end;

create macro has_offset(v) as contains(v, '+') or contains(v, 'Z') or contains(v, 'z') or contains(v[12:], '-');
