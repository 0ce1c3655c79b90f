"""A month of demo data with planted events: every planted signal announced, none of the ordinary variation alarmed.

Eleven nights of it here, judged by four measures; `make chaos` (PLEDGE_CHAOS=1) takes the whole month and eight.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.store.tables import announcements
from tests.journey.month_of_alerts import EVENTS, JUDGED, LAST, NIGHTS, Event, Month
from tests.slack_server import SlackServer

WHOLE = bool(os.environ.get("PLEDGE_CHAOS"))
FIRST, END = (LAST - timedelta(days=NIGHTS - 1), LAST) if WHOLE else (date(2026, 4, 9), date(2026, 4, 19))
PLANTED = tuple(event for event in EVENTS if event.last <= END)
SOME = ("answer_999", "answer_non_emergency", "eta_non_emergency", "advice_given")
ALARMS = ("first_miss", "still_missed", "cannot_judge", "restated")
Row = dict[str, Any]


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def test_every_planted_signal_is_announced_and_no_ordinary_variation_alarms(
    tmp_path: Path, server: SlackServer, capsys: pytest.CaptureFixture[str]
) -> None:
    month = Month(tmp_path, server, JUDGED if WHOLE else SOME)
    month.night(FIRST - timedelta(days=1), whole=True)  # what the history left is said before the month begins
    nights = (END - FIRST).days + 1
    for number in range(nights):
        month.night(FIRST + timedelta(days=number))
    with month.engine.connect() as conn:
        rows = [dict(row) for row in conn.execute(select(announcements)).mappings()]
    of_month = [row for row in rows if row["measure"] and row["period_start"] >= FIRST]
    alarms = [row for row in of_month if row["state"] == "sent" and row["kind"] in ALARMS]
    false = [row for row in alarms if not any(_is_of(event, row) for event in PLANTED)]
    silent = [row for row in of_month if row["state"] == "suppressed" and row["kind"] == "first_miss"]
    first = [row for row in alarms if row["kind"] == "first_miss" and row["period"] == "day"]
    said = {event: [row for row in first if _is_of(event, row)] for event in PLANTED}
    with capsys.disabled():
        print(f"\n{nights} nights, {len(server.posted())} messages: {len(PLANTED)} events planted,", end=" ")
        print(
            f"{sum(map(bool, said.values()))} announced ({len(alarms)} lines); of {len(silent)} ordinary misses",
            end=" ",
        )
        print(f"{len(false)} alarmed")
    for event, rows in said.items():
        assert event.area in {row["area"] for row in rows}, f"not announced: {event.name}"
        assert min(row["period_start"] for row in rows) == event.first, f"announced late: {event.name}"
    assert not [(row["kind"], row["measure"], row["area"], row["period"], row["period_start"]) for row in false]
    assert len(silent) > 3 * nights, "the ordinary variation is there, and in the store with its reason"


def _is_of(event: Event, row: Row) -> bool:
    """Whether the row belongs to an episode that began in this event; its month is planted, too."""
    if row["period"] == "month":
        return bool(row["measure"] == event.measure and row["period_start"] == event.first.replace(day=1))
    return event.touches(row["measure"], row["since"] or row["period_start"])
