"""Checks of the neighbourhood teams' pages: is everything there, and how old is it?"""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.checks.oracle.local_calendar import later
from tests.checks.oracle.neighbourhoods import AskedOf, Case, Logs
from tests.checks.oracle.states import Row, lacking


def team_published(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """A named officer, a way to contact the team, its base, how to work with it."""
    return {_name(row): Case(_published(row), _day(row, asked)) for row in _known(logs, asked)}


def _published(row: Row) -> str:
    if lacking(row, "officers_named", "contact_methods", "base_given", "how_to_work_given"):
        return "unknown"
    named, contacts = row["officers_named"] or 0, row["contact_methods"] or 0
    return "met" if named > 0 and contacts > 0 and row["base_given"] and row["how_to_work_given"] else "missed"


def team_page_current(logs: Logs, asked: AskedOf) -> dict[str, Case]:
    """The newest change to the check; a change after the check cannot be."""
    return {_name(row): Case(_current(row, asked), _day(row, asked)) for row in _known(logs, asked)}


def _current(row: Row, asked: AskedOf) -> str:
    changed, checked = row["last_changed_at"], row["checked_at"]
    if lacking(row, "last_changed_at") or changed is None or changed > checked:
        return "unknown"
    if asked.limit is None:
        return "timed"
    due = later(changed, asked.limit, 0, asked.zone)
    return "met" if checked < due or (checked == due and asked.edge_is_inside) else "missed"


def _known(logs: Logs, asked: AskedOf) -> list[Row]:
    return [row for row in logs["team_pages"] if row["checked_at"] <= asked.as_at]


def _day(row: Row, asked: AskedOf) -> date:
    return asked.local(row["checked_at"]).date()


def _name(row: Row) -> str:
    return f"{row['neighbourhood']}/{_in_utc(row['checked_at'])}"


def _in_utc(moment: datetime) -> str:
    whole, _, fraction = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
