-- The one typing door, in words: each macro gives the value of a delivered text, or NULL where it cannot be read.

-- What is left of a text once it is trimmed (a non-breaking space too); NULL where it means "empty".
create macro given(delivered, meaning_empty) as
    case when not list_contains(meaning_empty, trim(delivered, ' ' || chr(9) || chr(10) || chr(13) || chr(160)))
        then trim(delivered, ' ' || chr(9) || chr(10) || chr(13) || chr(160))
    end;

-- NULL, #VALUE! and their kin: what spreadsheets and exports write where a value should be.
create macro read_text(v) as
    case when not regexp_full_match(v, '(?i)null|#(value|n/a|ref|name|div/0|num|null)[!?]?') then v end;

-- A force is named by its police.uk slug; 'all' is the word for all forces together.
create macro read_slug(v) as case when v <> 'all' and regexp_full_match(v, '[a-z0-9][a-z0-9_-]*') then v end;

create macro read_count(v) as case when regexp_full_match(v, '\d{1,9}') then v::integer end;

create macro read_flag(v) as
    case
        when lower(v) in ('true', 't', 'yes', 'y', '1') then true
        when lower(v) in ('false', 'f', 'no', 'n', '0') then false
    end;

create macro read_month(v) as case when regexp_full_match(v, '\d{4}-(0[1-9]|1[0-2])') then v end;

create macro read_time(v) as
    case when regexp_full_match(v, '([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?') then left(v, 8) end;

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

-- Spreadsheets hand dates over as midnights.
create macro read_date(v) as
    case when regexp_full_match(v, '\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?)?') then try_cast(left(v, 10) as date) end;

-- A wall clock without an offset; which instant that was is the zone's business.
create macro read_local(v) as
    case
        when regexp_full_match(v, '\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?')
            then try_cast(v as timestamp)
    end;

-- A moment with its offset, as naive UTC.
create macro read_instant(v) as
    case
        when regexp_full_match(
            v, '\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)? ?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)'
        )
            then make_timestamp(epoch_us(try_cast(regexp_replace(v, ' ([Z+-])', '\1') as timestamptz)))
    end;
