"""Runs, deliveries and quarantine go in as given and come back the same on either database."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import StatementError

from checks.errors import UsageError
from connectors.store.read import read_table
from connectors.store.tables import quarantine
from connectors.store.write import (
    add_delivery,
    add_expectation_results,
    add_quarantine,
    delivery_by_hash,
    finish_run,
    start_run,
)

# 01:30 on the morning the clocks went forward in London, as another zone writes it.
MOMENT = datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
RUN = {"run_id": "r1", "as_at": MOMENT, "started_at": MOMENT, "standards": ["a", "b"], "window_from": None}
DELIVERY = {
    "delivery_id": "d1", "run_id": "r1", "source": "bank_calls", "log": "calls", "force": "norfolk",
    "received_at": MOMENT, "rows_read": 10, "sha256": "ff", "fitness": "fit",
    "columns": ["call_id", "received_at"], "reason": None,
}  # fmt: skip


def table(store: Engine, name: str) -> list[dict[str, Any]]:
    with store.connect() as conn:
        return list(read_table(conn, name))


def test_a_run_from_start_to_finish(store: Engine) -> None:
    with store.begin() as conn:
        assert start_run(conn, RUN) == 1
        assert start_run(conn, RUN | {"run_id": "r2"}) == 2
        finish_run(conn, "r1", finished_at=MOMENT, figures_hash="aa")
    first, second = table(store, "runs")
    assert (first["status"], first["figures_hash"], first["standards"]) == ("done", "aa", '["a", "b"]')
    assert (second["status"], second["finished_at"], second["hash"]) == ("running", None, "")
    for moment in (first["as_at"], first["finished_at"]):
        assert moment == MOMENT
        assert moment.tzinfo is UTC


@pytest.mark.parametrize("run_id", ["r1", "nobody"])
def test_a_run_that_is_not_running_cannot_be_finished(store: Engine, run_id: str) -> None:
    with store.begin() as conn:
        start_run(conn, RUN)
        finish_run(conn, "r1", status="failed")
        with pytest.raises(UsageError, match="it is not running"):
            finish_run(conn, run_id)


def test_a_moment_without_a_zone_is_refused(store: Engine) -> None:
    with store.begin() as conn, pytest.raises(StatementError, match="without a time zone"):
        start_run(conn, RUN | {"as_at": datetime(2026, 3, 29, 1, 30)})


def test_a_delivery_is_known_by_its_hash(store: Engine) -> None:
    with store.begin() as conn:
        start_run(conn, RUN)
        add_delivery(conn, DELIVERY)
        add_delivery(conn, DELIVERY | {"delivery_id": "d2", "received_at": MOMENT + timedelta(days=1)})
        found = delivery_by_hash(conn, "bank_calls", "calls", "ff")
        assert found is not None
        assert (found["delivery_id"], found["columns"], found["reason"]) == ("d2", "call_id,received_at", "")
        assert found["received_at"] == MOMENT + timedelta(days=1)
        assert delivery_by_hash(conn, "bank_calls", "calls", "ee") is None
        assert delivery_by_hash(conn, "", "calls", "ff") is None


def test_quarantined_rows_keep_any_text(store: Engine) -> None:
    with store.begin() as conn:
        start_run(conn, RUN)
        add_delivery(conn, DELIVERY)
        add_quarantine(conn, [])
        odd = "nul \x00, half a pair \ud800, ünïcode"
        kept = {"received_at": date(2026, 3, 29), "call_id": "é"}
        add_quarantine(
            conn,
            [
                {"delivery_id": "d1", "row_number": 1, "rule": "readable", "log": "calls", "sentence": odd},
                {"delivery_id": "d1", "row_number": 1, "rule": "required", "key": None, "kept_values": kept},
            ],
        )
    first, second = table(store, "quarantine")
    assert first["sentence"] == "nul �, half a pair ?, ünïcode"
    assert (first["key"], second["key"]) == ("", "")
    assert second["kept_values"] == '{"call_id": "é", "received_at": "2026-03-29"}'


def test_a_hundred_thousand_quarantined_rows(store: Engine) -> None:
    rows = [
        {"delivery_id": "d1", "row_number": n, "log": "calls", "key": f"c{n}", "rule": "required",
         "sentence": "received_at is empty; a moment is required.", "kept_values": '{"call_id": "c"}'}
        for n in range(100_000)
    ]  # fmt: skip
    with store.begin() as conn:
        start_run(conn, RUN)
        add_delivery(conn, DELIVERY)
        began = time.perf_counter()
        add_quarantine(conn, rows)
        took = time.perf_counter() - began
        assert conn.execute(select(func.count()).select_from(quarantine)).scalar() == 100_000
    print(f"{took:.1f} s")
    assert took < 40, "about 2 s on SQLite, 6 s on PostgreSQL on a free machine"


def test_expectation_results(store: Engine) -> None:
    with store.begin() as conn:
        start_run(conn, RUN)
        result = {
            "run_id": "r1",
            "suite": "calls",
            "expectation": "not_null",
            "log": "calls",
            "success": None,
        }
        add_expectation_results(conn, [result | {"column": "received_at", "detail": {"raised": "x"}}])
    [found] = table(store, "expectation_results")
    assert (found["success"], found["force"], found["detail"]) == (None, "", '{"raised": "x"}')
