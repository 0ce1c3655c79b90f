"""Signals and delays are written where they differ from what stands, and only there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Engine

from connectors.store.engine import reading
from connectors.store.findings import GONE, record_delays, record_signals
from connectors.store.read import read_table

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def signal(area: str = "", **values: Any) -> dict[str, Any]:
    row = {"signal": "bulk", "force": "kent", "area": area, "measure": "message_answered", "count": 3, "of": 9}
    more = {"cases": ["a", "b"], "base_rate": 0.1, "compared_with": "chance", "p_adjusted": 0.5, "notable": False}
    return {**row, **more, "sentence": "3 of 9.", **values}


def delay(**values: Any) -> dict[str, Any]:
    row = {"measure": "attend_emergency", "force": "kent", "area": "", "period_start": MARCH, "stage": "travel"}
    more = {"n": 2, "left_out": 0, "p50_seconds": 5.0, "p90_seconds": 9.0, "mean_seconds": 6.0, "share": 1.0}
    return {**row, **more, "costs_most": True, **values}


def rows(store: Engine, table: str, filters: dict[str, Any] | None = None, run: str | None = None) -> list[Any]:
    with reading(store) as conn:
        return list(read_table(conn, table, filters, run))


def test_signals(store: Engine, run: Callable[[str], str]) -> None:
    run("r1"), run("r2"), run("r3")
    with store.begin() as conn:
        given = [signal(), signal("A"), signal("B", notable=True)]
        assert record_signals(conn, "r1", given, {"kent"}) == 2, "A is neither unusual nor told of before"
        # The last digit of a mean depends on the order in which it was taken: 0.1 is said again.
        again = [signal(base_rate=0.1 * (1 + 1e-14)), signal("A"), signal("B", notable=True)]
        assert record_signals(conn, "r2", again, {"kent"}) == 0
        usual = [signal(measure="detail_followed_up"), signal("A"), signal("B")]
        assert record_signals(conn, "r2", usual, {"kent"}) == 2, "B is no longer unusual, which is news"
        assert record_signals(conn, "r3", [signal(measure="detail_followed_up")], {"kent", "essex"}) == 1
        assert record_signals(conn, "r3", [], {"essex"}) == 0, "kent was not looked at"
    said = {row["area"]: (row["measure"], row["of"], row["cases"]) for row in rows(store, "integrity_signals")}
    assert said == {"": ("detail_followed_up", 9, "a,b"), "B": ("message_answered", 0, "")}
    assert rows(store, "integrity_signals", {"area": "B"})[0]["sentence"] == GONE
    assert [row["notable"] for row in rows(store, "integrity_signals", {"area": "B"}, "r1")] == [True]


def test_what_a_row_says_is_asked_of_the_newest_only(store: Engine, run: Callable[[str], str]) -> None:
    run("r1"), run("r2")
    with store.begin() as conn:
        record_signals(conn, "r1", [signal()], {"kent"})
        record_signals(conn, "r2", [signal(measure="answer_999")], {"kent"})
    assert rows(store, "integrity_signals", {"measure": "message_answered"}) == []
    assert len(rows(store, "integrity_signals", {"measure": "message_answered"}, "r1")) == 1
    assert len(rows(store, "integrity_signals", {"commitment": 5, "signal": ["bulk"]})) == 1


def test_delays(store: Engine, run: Callable[[str], str]) -> None:
    run("r1"), run("r2")
    with store.begin() as conn:
        both = [delay(), delay(period_start=APRIL, p50_seconds=None)]
        assert record_delays(conn, "r1", both, {"kent"}, lambda month: True) == 2
        assert record_delays(conn, "r2", both, {"kent"}, lambda month: True) == 0
        changed = [delay(n=3), delay(period_start=APRIL, n=3)]
        assert record_delays(conn, "r2", changed, {"kent"}, lambda month: month == APRIL) == 1
        assert record_delays(conn, "r2", [], {"essex"}, lambda month: True) == 0
        assert record_delays(conn, "r2", [], {"kent"}, lambda month: month == MARCH) == 1
    assert [(row["period_start"], row["n"], row["share"]) for row in rows(store, "delays")] == [
        (MARCH, 0, None),
        (APRIL, 3, 1.0),
    ]
    assert len(rows(store, "delays", {"from": APRIL, "stage": "travel", "commitment": 5})) == 1
