"""What waits, from the store: announced and unseen, broken and unexplained; and how it is worded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from checks.changes import Change, Judged, Kind, Promise
from checks.explanation import Scope
from connectors.settings import Settings
from connectors.store.cases import sync_breaches
from connectors.store.decisions import row_of
from connectors.store.engine import open_store
from connectors.store.explaining import acknowledge, explain
from connectors.store.tables import announcements
from connectors.store.write import start_run
from dags.reminding import promise_channels, reminder_message, reminders
from tests.kept_cases import replace_cases
from tests.slack_limits import fault

DAY = date(2026, 3, 2)
SENT = datetime(2026, 3, 3, 6, tzinfo=UTC)
DUE = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
URGENT, CALLS = "attend_emergency", "answer_999"


@pytest.fixture
def alerted(store_url: str) -> Iterator[Engine]:
    """One urgent miss and two of calls, both announced in one message."""
    engine = open_store(store_url)
    with engine.begin() as conn:
        start_run(conn, {"run_id": "r1", "as_at": SENT, "started_at": SENT, "standards": ["s"]})
        for measure, count in ((URGENT, 1), (CALLS, 2)):
            misses(conn, measure, count)
        conn.execute(insert(announcements), announced("a1", "C0000001", URGENT, CALLS))
    yield engine
    engine.dispose()


def misses(conn: Any, measure: str, count: int) -> None:
    cases = [
        {"case_id": f"c{n}", "state": "missed", "clock_started_at": DUE, "due_at": DUE, "local_day": DAY}
        for n in range(count)
    ]
    replace_cases(conn, "s", measure, "norfolk", cases, run_id="r1")
    sync_breaches(conn, "r1", "s", measure, "norfolk")


def announced(name: str, channel: str, *about: str, day: date = DAY) -> list[dict[str, Any]]:
    """The lines of a message, as a night leaves them."""
    lines = []
    for measure in about:
        promise = Promise("s", measure, "norfolk")
        change = Change(Kind.FIRST_MISS, promise, Judged(day, "missed"), day)
        row = row_of(change, "r1", channel, said_in=f"{channel}/{name}")
        sent = {"announcement_id": row["key"] + name, "state": "sent", "created_at": SENT, "sent_at": SENT}
        lines.append({**row, **sent, "slack_ts": "1.1"})
    return lines


def waiting(engine: Engine, after: timedelta, channel: str = "") -> list[tuple[str, str, str, int]]:
    with engine.connect() as conn:
        found = reminders(conn, Settings(), SENT + after, channel)
        assert promise_channels(conn) == ["C0000001"]
    return [(one.level, one.waiting.what, one.waiting.measure, one.waiting.count) for one in found]


def test_unseen_alerts_by_age(alerted: Engine) -> None:
    assert waiting(alerted, timedelta(hours=11)) == []
    both = [("reminder", "acknowledge", CALLS, 2), ("reminder", "acknowledge", URGENT, 1)]
    assert waiting(alerted, timedelta(hours=12)) == both
    assert {level for level, *_ in waiting(alerted, timedelta(hours=24))} == {"escalation"}
    assert waiting(alerted, timedelta(hours=12), "C0000002") == []
    assert waiting(alerted, timedelta(hours=12), "C0000001") == both


def test_answers_end_the_waiting(alerted: Engine) -> None:
    with alerted.begin() as conn:
        acknowledge(conn, Scope(measure=URGENT, force="norfolk", day=DAY), "U1", SENT)
        misses(conn, CALLS, 0)
    assert waiting(alerted, timedelta(hours=30)) == [], "seen, and withdrawn"
    assert waiting(alerted, timedelta(days=14)) == [("reminder", "explain", URGENT, 1)]
    assert waiting(alerted, timedelta(days=21)) == [("escalation", "explain", URGENT, 1)]
    with alerted.begin() as conn:
        explain(conn, Scope(measure=URGENT, force="norfolk", day=DAY), "it_failure", "Planted", "U1", SENT)
    assert waiting(alerted, timedelta(days=21)) == []


def test_the_message_of_a_channel(alerted: Engine) -> None:
    with alerted.connect() as conn:
        assert reminder_message(conn, Settings(), SENT, "Europe/London") is None
        settings = Settings(slack_escalation="S0CHIEF")
        told = reminder_message(conn, settings, SENT + timedelta(hours=25), "Europe/London")
    assert told
    assert (told.kind, told.key) == ("reminder", "reminder/2026-03-04")
    assert told.text.splitlines()[0] == "2 alerts without an answer, 2 of them far too long. Oldest: 25 hours"
    assert "<!subteam^S0CHIEF>" in json.dumps(told.blocks)
    assert "not acknowledged for 25 hours. 2 cases of that day." in told.text
    values = [one["value"] for block in told.blocks for one in block.get("elements", ()) if "value" in one]
    assert len(values) == 4
    assert fault({"text": told.text, "blocks": list(told.blocks)}) == ""


def test_more_than_ten_are_shortened(alerted: Engine) -> None:
    with alerted.begin() as conn:
        for n in range(15):
            lines = announced(f"b{n}", "C0000001", "message_answered", day=date(2026, 2, 1 + n))
            conn.execute(insert(announcements), lines)
        told = reminder_message(conn, Settings(), SENT + timedelta(hours=13), "Europe/London")
    assert told
    assert "… and 8 more" in told.text
    assert sum(block["type"] == "actions" for block in told.blocks) == 9
    assert fault({"text": told.text, "blocks": list(told.blocks)}) == ""
