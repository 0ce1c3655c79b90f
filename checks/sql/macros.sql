-- Words the judging is written in. Every moment here is a UTC TIMESTAMP: its arithmetic is plain microseconds.

-- The wall clock of a zone at a moment, and back; to and from UTC by microseconds, which asks no time-zone library.
create or replace macro wall_clock(moment, zone) as make_timestamptz(epoch_us(moment)) at time zone zone;
create or replace macro utc(wall, zone) as make_timestamp(epoch_us(wall::timestamp at time zone zone));

-- The local day of a moment. A time-zone library is slow, so it is asked only near midnight: where the day is not the
-- same under the zone's least and greatest offset from UTC.
create or replace macro local_day_of(moment, zone, least_us, greatest_us) as
    case make_timestamp(epoch_us(moment) + least_us)::date
        when make_timestamp(epoch_us(moment) + greatest_us)::date then make_timestamp(epoch_us(moment) + least_us)::date
        else wall_clock(moment, zone)::date
    end;

-- Days and months are local calendar: the same wall time, clipped to the month's last day.
create or replace macro calendar_later(moment, months, days, zone) as
    utc(wall_clock(moment, zone) + to_months(months) + to_days(days), zone);

-- Whether a moment lies inside a limit; the exact edge follows the `limit` switch. No limit: always inside.
create or replace macro inside(moment, due, at_limit) as
    due is null or moment < due or (moment = due and coalesce(at_limit, 'within') = 'within');

-- Whether the source of a row does not deliver one of the columns needed; `lacks` has their names with commas, mostly none.
create or replace macro lacks_any(without, needed) as
    without <> '' and list_has_any(string_split(without, ','), needed);
