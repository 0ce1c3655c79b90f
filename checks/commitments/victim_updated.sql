-- victim_updated: victims kept informed at least once a month, or as often as agreed
-- Commitment:  9
-- Promise:     Tell victims how their case goes at least once a month, or as often as was agreed with them.
-- Case:        The interval between one contact with a victim (or the case's opening) and the next (or now) while the
--              case is open; its name is the case's and its beginning in UTC: C1/2026-01-14T12:00:00Z.
-- Clock:       A contact, or opening, to the next contact. A contact before opening or after closing is none.
-- Limit:       The interval agreed, in local calendar days, for every interval of the case; else 1 month, calendar.
-- Leaves out:  Intervals that ended inside their limit: updates declined; case closed or the end agreed for updates
--              reached (both: closed). What begins after such an end, the case still open, is left out likewise.
-- Needs:       victim_cases.opened_at, victim_cases.closed_at, victim_contacts.crime_id, victim_contacts.contacted_at
-- Switches:    month = calendar | 28_days; silence = one_interval | each_month; limit = within | under
-- Source:      HMIC, Serving neighbourhoods and individuals (2008), Appendix 2, commitment 9.
-- Under each_month a silence is one case for every limit's length it has begun, counted from the interval's beginning.
with lengths as (
    select
        *,
        unnest(
            case when silence = 'each_month' and months + days > 0
                then range(2 + greatest(0, date_diff('day', began_at, over_at)) // (28 * months + days))
                else [0]
            end
        ) as before
    from victim_intervals
),

parts as (
    select
        * replace (
            case when before = 0 then began_at else calendar_later(began_at, before * months, before * days, zone) end
                as began_at
        ),
        case when months + days > 0
            then calendar_later(began_at, (before + 1) * months, (before + 1) * days, zone)
        end as due_at
    from lengths
)

select
    rule,
    "force",
    area,
    neighbourhood,
    crime_id || '/' || strftime(began_at, '%Y-%m-%dT%H:%M:%S')
        || rtrim(rtrim(strftime(began_at, '.%f'), '0'), '.') || 'Z' as case_id,
    began_at as started_at,
    next_contact_at as stopped_at,
    ending_at,
    ending,
    coalesce(closed_at < opened_at, false) as contradictory,
    lacks_any(lacks, needs) as unjudgeable,
    due_at
from parts
where before = 0 or began_at < over_at
