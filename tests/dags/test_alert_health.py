"""How the alerts fare, counted from what was sent and answered; rows only when they say something new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from checks.changes import Change, Judged, Kind, Promise
from checks.explanation import Scope
from connectors.slack.blocks import Message
from connectors.store.announcements import message_row
from connectors.store.cases import sync_breaches
from connectors.store.decisions import row_of
from connectors.store.engine import open_store
from connectors.store.explaining import acknowledge, explain
from connectors.store.health import newest_health
from connectors.store.tables import announcements
from connectors.store.write import start_run
from dags.alert_health import health, record
from tests.kept_cases import replace_cases

SENT = datetime(2026, 3, 3, 6, tzinfo=UTC)
ZONE = "Europe/London"
MARCH = date(2026, 3, 1)


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    engine = open_store(store_url)
    with engine.begin() as conn:
        for name in ("r1", "r2", "r3"):
            start_run(conn, {"run_id": name, "as_at": SENT, "started_at": SENT, "standards": ["s"]})
        for number in range(1, 4):
            misses(conn, date(2026, 3, number), 1)
    yield engine
    engine.dispose()


def misses(conn: Any, day: date, count: int) -> None:
    measure, force = f"attend_{day.day}", "norfolk"
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    cases = [{"case_id": f"c{n}", "state": "missed", "clock_started_at": at, "local_day": day} for n in range(count)]
    replace_cases(conn, "s", measure, force, cases, run_id="r1")
    sync_breaches(conn, "r1", "s", measure, force)


def scope(number: int) -> Scope:
    return Scope(measure=f"attend_{number}", force="norfolk", day=date(2026, 3, number))


def send(engine: Engine, name: str, *numbers: int, kind: Kind = Kind.FIRST_MISS, area: str = "", **more: Any) -> None:
    """The lines of a message about the promises of these days, as a night leaves them."""
    at = more.pop("at", SENT)
    rows = []
    for number in numbers:
        day = date(2026, 3, number)
        change = Change(kind, Promise("s", f"attend_{number}", "norfolk", area), Judged(day, "missed"), day)
        rows.append(row_of(change, "r1", "C1", said_in=f"C1/{name}") | {"announcement_id": f"{name}{number}{area}"})
    write(engine, at, rows, **more)


def send_digest(engine: Engine) -> None:
    """A message with its details in its thread, which count for nothing."""
    digest = message_row("C1", Message("digest", "digest/1", "x", ()), announcement_id="d")
    details = message_row("C1", Message("figures", "figures/1", "x", ()), announcement_id="f", thread_of="C1/digest/1")
    for row in (digest, details):
        write(engine, SENT, [row])


def write(engine: Engine, at: datetime, rows: list[dict[str, Any]], state: str = "sent") -> None:
    with engine.begin() as conn:
        conn.execute(insert(announcements), [row | {"created_at": at, "sent_at": at, "state": state} for row in rows])


def counts(engine: Engine) -> dict[tuple[date, str, str], tuple[Any, ...]]:
    with engine.connect() as conn:
        return {(row["month"], row["force"], row["kind"]): tuple(list(row.values())[3:]) for row in health(conn, ZONE)}


def test_nothing_was_sent(store: Engine) -> None:
    assert counts(store) == {}
    assert record(store, "r1", ZONE) == 0


def test_sent_acknowledged_explained_and_how_fast(store: Engine) -> None:
    send(store, "a1", 1, 2, 3)
    send(store, "a1", 2, area="north")  # told and answered in one breath with its force
    send(store, "a2", 1, kind=Kind.STILL_MISSED, at=SENT + timedelta(days=2))
    send(store, "a3", 3, kind=Kind.KEPT_AGAIN)
    send(store, "a4", 2, kind=Kind.STILL_MISSED, state="failed")
    send_digest(store)
    with store.begin() as conn:
        acknowledge(conn, scope(1), "U1", SENT + timedelta(minutes=10))
        acknowledge(conn, scope(1), "U2", SENT + timedelta(minutes=50))
        explain(conn, scope(2), "it_failure", "", "U1", SENT + timedelta(minutes=30))
    assert counts(store) == {
        (MARCH, "norfolk", "first_miss"): (3, 2, 1, 0, 1200.0),
        (MARCH, "norfolk", "still_missed"): (1, 1, 0, 0, None),  # seen before it was said again
        (MARCH, "norfolk", "kept_again"): (1, 0, 0, 0, None),
        (MARCH, "all", "digest"): (1, 0, 0, 0, None),
    }


def test_the_local_month_counts(store: Engine) -> None:
    send(store, "a1", 1, at=datetime(2026, 3, 31, 22, 59, 59, tzinfo=UTC))
    send(store, "a2", 2, at=datetime(2026, 3, 31, 23, tzinfo=UTC))
    assert {key[0] for key in counts(store)} == {MARCH, date(2026, 4, 1)}


def test_missed_again_after_an_answer_is_reopened(store: Engine) -> None:
    send(store, "a1", 1, 2)
    with store.begin() as conn:
        acknowledge(conn, scope(1), "U1", SENT)
        explain(conn, scope(2), "it_failure", "", "U1", SENT)
    assert counts(store)[MARCH, "norfolk", "first_miss"] == (2, 2, 1, 0, 0.0)
    with store.begin() as conn:
        misses(conn, date(2026, 3, 1), 2)  # one more is found
        misses(conn, date(2026, 3, 2), 0)
        misses(conn, date(2026, 3, 2), 1)  # withdrawn and missed again
    assert counts(store)[MARCH, "norfolk", "first_miss"][3] == 2


def test_only_what_changed_is_written(store: Engine) -> None:
    send(store, "a1", 1)
    send_digest(store)
    assert [record(store, "r1", ZONE), record(store, "r2", ZONE)] == [2, 0]
    with store.begin() as conn:
        acknowledge(conn, scope(1), "U1", SENT + timedelta(seconds=90))
    assert record(store, "r3", ZONE) == 1
    with store.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM alert_health")) == 3
        assert [(row["kind"], row["run_id"], row["acknowledged"]) for row in newest_health(conn)] == [
            ("digest", "r1", 0),
            ("first_miss", "r3", 1),
        ]
        assert newest_health(conn, {"force": ["suffolk"]}) == []
        assert len(newest_health(conn, {"from": date(2026, 3, 31), "to": date(2026, 3, 31)})) == 2
        assert newest_health(conn, {"from": date(2026, 4, 1)}) == []
