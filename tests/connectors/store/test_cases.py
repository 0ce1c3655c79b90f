"""The cases kept and the breach register follow what the night found; nothing changes without a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from connectors.store.cases import breach_id, sync_breaches
from tests.kept_cases import replace_cases

SLICE = ("policing_pledge_2008", "answer_999", "norfolk")
Run = Callable[[str], str]


def case(case_id: str, state: str = "missed", day: int = 29, **values: Any) -> dict[str, Any]:
    started = datetime(2026, 3, day, 1, 0, 0, 250, tzinfo=UTC)
    return {"case_id": case_id, "state": state, "clock_started_at": started, "elapsed_seconds": 11} | values


def night(store: Engine, run_id: str, *found: dict[str, Any]) -> tuple[int, int, int]:
    """(changed rows of cases, breaches opened, breaches withdrawn)."""
    with store.begin() as conn:
        changed = replace_cases(conn, *SLICE, found, run_id=run_id)
        return (changed, *sync_breaches(conn, run_id, *SLICE))


def rows(store: Engine, query: str) -> list[tuple[Any, ...]]:
    with store.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def register(store: Engine) -> list[tuple[Any, ...]]:
    return rows(store, "SELECT case_id, status, opened_run, closed_run FROM breaches ORDER BY case_id")


def test_missed_pending_and_unknown_are_kept_and_a_second_night_changes_nothing(store: Engine, run: Run) -> None:
    found = [case("a"), case("b", "pending"), case("c", "unknown"), case("d", "met"), case("e", "excluded")]
    assert night(store, run("r1"), *found) == (3, 1, 0)
    assert night(store, run("r2"), *found) == (0, 0, 0)
    assert rows(store, "SELECT case_id, state, first_run, last_changed_run FROM cases ORDER BY case_id") == [
        ("a", "missed", "r1", "r1"),
        ("b", "pending", "r1", "r1"),
        ("c", "unknown", "r1", "r1"),
    ]
    assert register(store) == [("a", "open", "r1", None)]


def test_a_case_that_changed_keeps_its_first_run(store: Engine, run: Run) -> None:
    night(store, run("r1"), case("a", "pending"), case("b"))
    assert night(store, run("r2"), case("a", "missed"), case("b", area="east")) == (2, 1, 0)
    assert rows(store, "SELECT case_id, state, area, first_run, last_changed_run FROM cases ORDER BY 1") == [
        ("a", "missed", "", "r1", "r2"),
        ("b", "missed", "east", "r1", "r2"),
    ]
    assert rows(store, "SELECT case_id, area FROM breaches ORDER BY 1") == [("a", ""), ("b", "east")]


def test_a_breach_is_withdrawn_once_and_opens_again(store: Engine, run: Run) -> None:
    night(store, run("r1"), case("a"))
    assert night(store, run("r2"), case("a", "met")) == (1, 0, 1)
    assert register(store) == [("a", "withdrawn", "r1", "r2")]
    assert night(store, run("r3")) == (0, 0, 0)
    assert register(store) == [("a", "withdrawn", "r1", "r2")]
    assert night(store, run("r4"), case("a")) == (1, 1, 0)
    assert register(store) == [("a", "open", "r1", None)]


def test_an_explained_breach_stays_explained_while_its_case_is_missed(store: Engine, run: Run) -> None:
    night(store, run("r1"), case("a"))
    with store.begin() as conn:
        conn.execute(text("UPDATE breaches SET status = 'explained'"))
    assert night(store, run("r2"), case("a", elapsed_seconds=12)) == (1, 0, 0)
    assert rows(store, "SELECT status, elapsed_seconds FROM breaches") == [("explained", 12)]
    assert rows(store, "SELECT * FROM open_breaches") == []


def test_another_slice_is_left_alone(store: Engine, run: Run) -> None:
    night(store, run("r1"), case("a"))
    with store.begin() as conn:
        run_id = "r1"
        replace_cases(conn, SLICE[0], SLICE[1], "suffolk", [case("a")], run_id=run_id)
        sync_breaches(conn, run_id, SLICE[0], SLICE[1], "suffolk", severity="high")
        replace_cases(conn, SLICE[0], SLICE[1], "suffolk", [], run_id=run_id)
        assert sync_breaches(conn, run_id, SLICE[0], SLICE[1], "suffolk", severity="high") == (0, 1)
    assert register(store) == [("a", "open", "r1", None), ("a", "withdrawn", "r1", "r1")]


def test_the_name_of_a_breach_is_stable() -> None:
    assert breach_id(*SLICE, "call-1") == "75b64b64a6d63840"
    assert breach_id(*SLICE, "call-2") != breach_id(*SLICE, "call-1")
