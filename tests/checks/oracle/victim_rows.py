"""Victims' cases, contacts and events, and missed cases with explanations, drawn from one seed.

Times fall on limits and a microsecond beside them, on one another, and on the clock changes of two zones.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from checks.logs import LOGS
from connectors.store.cases import breach_id
from tests.checks.oracle.delivered_rows import MICROSECOND, NIGHTS
from tests.checks.oracle.local_calendar import later, to_utc
from tests.checks.oracle.states import local_day

ZONES = {"norfolk": "Europe/London", "sffd": "America/Los_Angeles"}
AS_AT = datetime(2026, 4, 30, 12, 0, 0, tzinfo=UTC)
AGREED = (None, None, None, 7, 14, 30, 0)
MEASURES = (
    ("message_answered", 4),
    ("attend_emergency", 5),
    ("answer_999", 5),
    ("appointment_kept", 6),
    ("meeting_held", 7),
    ("plan_kept", 10),
)
Row = dict[str, Any]


def opened(random: Random) -> datetime:
    """Near one of the nights or the moment of judging, or weeks before; whole minutes, so that moments meet."""
    night = random.choice([AS_AT, *(moment for moment in NIGHTS.values() if moment < AS_AT)])
    if night == AS_AT and random.random() < 0.3:
        return later(night, -1, 0, "Europe/London") + random.choice((-1, 0, 1)) * MICROSECOND
    return night - timedelta(days=random.choice((0, 3, random.randint(0, 62))), minutes=random.randint(-90, 90))


def _near(random: Random, start: datetime, zone: str, absent: float = 0.3) -> datetime | None:
    """A time after the start: on a usual limit, a microsecond off it, or anywhere; sometimes none, seldom before."""
    if random.random() < absent:
        return None
    on_limits = (later(start, 1, 0, zone), later(start, 2, 0, zone), *(later(start, 0, n, zone) for n in (7, 14, 28)))
    anywhere = (start + timedelta(minutes=random.randint(-600, 150_000)), start, AS_AT)
    return random.choice((*on_limits, *anywhere)) + random.choice((-1, 0, 0, 0, 1)) * MICROSECOND


def _blank(log: str, **values: Any) -> Row:
    return {**{column.name: None for column in LOGS[log].columns}, "lacks": "", **values}


def victim_case(random: Random, number: int, lacks: str = "") -> Row:
    """One case; `lacks`: a column its source may not deliver."""
    force = random.choice(list(ZONES))
    zone, start = ZONES[force], opened(random)
    row = _blank(
        "victim_cases",
        crime_id=f"c{number}",
        force=force,
        area=random.choice(("A1", None)),
        opened_at=start,
        agreed_at=_near(random, start, zone),
        update_every_days=random.choice(AGREED),
        update_until=_near(random, start, zone, 0.8),
        updates_declined_at=_near(random, start, zone, 0.8),
        enhanced_rights=random.choice((True, False, None)),
        closed_at=_near(random, start, zone, 0.5),
    )
    return {**row, lacks.partition(".")[2]: None, "lacks": lacks} if lacks and random.random() < 0.3 else row


def contacts(random: Random, case: Row) -> list[Row]:
    """Contacts with the victim of a case: often a limit after the one before, sometimes two at once."""
    found: list[Row] = []
    before = case["opened_at"]
    for number in range(random.randint(0, 5)):
        at = _near(random, before, ZONES[case["force"]], 0)
        assert at is not None
        before = max(before, at)
        row = _blank(
            "victim_contacts", contact_id=f"{case['crime_id']}-{number}", force=case["force"],
            crime_id=case["crime_id"], contacted_at=at,
        )  # fmt: skip
        found += [row, {**row, "contact_id": row["contact_id"] + "-again"}] if random.random() < 0.1 else [row]
    return found


def events(random: Random, case: Row) -> list[Row]:
    """Events in a victim's case, some told of; some belong to a case nobody delivered."""
    found = []
    for number in range(random.randint(0, 3)):
        happened = opened(random)
        end = later(happened, 0, random.randint(0, 12), ZONES[case["force"]])
        told = random.choice(
            (None, end, happened, happened - MICROSECOND, _midnight(end, ZONES[case["force"]], random))
        )
        found.append(
            _blank(
                "victim_events", event_id=f"{case['crime_id']}-{number}", force=case["force"],
                crime_id=random.choice((case["crime_id"], case["crime_id"], "unheard-of")), event="arrested",
                happened_at=happened, told_at=told,
            )
        )  # fmt: skip
    return found


def _midnight(moment: datetime, zone: str, random: Random) -> datetime:
    """The end of the local day, or the first moment of the next."""
    next_day = local_day(moment, zone) + timedelta(days=1)
    return to_utc(datetime(next_day.year, next_day.month, next_day.day), zone) - random.choice((0, 1)) * MICROSECOND


def bank_holidays(random: Random) -> list[tuple[str, date]]:
    """Some days of the months in question, per force."""
    days = [date(2025, 9, 1) + timedelta(days=random.randint(0, 240)) for _ in range(40)]
    return [(random.choice(list(ZONES)), day) for day in days]


def missed_case(random: Random, number: int) -> Row:
    """A missed case as a run keeps it."""
    force, at = random.choice(list(ZONES)), opened(random)
    measure, commitment = random.choice(MEASURES)
    day = local_day(at, ZONES[force]) - timedelta(days=random.choice((0, 1)))
    return {
        "standard": random.choice(("spec", "other")), "measure": measure, "commitment": commitment, "force": force,
        "area": None, "neighbourhood": None, "case_id": f"m{number}", "missed_at": at, "local_day": day,
    }  # fmt: skip


def explanation(random: Random, number: int, missed: Row) -> Row:
    """An explanation of a missed case, or of all of that measure's on that day."""
    row = _blank(
        "explanations", explanation_id=f"e{number}", force=missed["force"], reason="staffing", recorded_by="x",
        recorded_at=_near(random, missed["missed_at"], ZONES[missed["force"]], 0),
    )  # fmt: skip
    keys = [missed[name] for name in ("standard", "measure", "force", "case_id")]
    by_day = {"measure": missed["measure"], "missed_on": missed["local_day"]}
    return {
        **row,
        **random.choice((by_day, {"breach_id": breach_id(*keys)}, {**by_day, "breach_id": breach_id(*keys)})),
    }
