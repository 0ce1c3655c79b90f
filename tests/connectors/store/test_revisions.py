"""Every value a figure had: the view `revision_triangle` says what `revisions` says; the run a moment knew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from checks.errors import UsageError
from checks.revision import days_after_end, is_provisional
from connectors.store.cases import sync_breaches
from connectors.store.figures import record_figures
from connectors.store.read import read_table
from connectors.store.revisions import REVISION, deliveries_of, revisions, run_known_at
from connectors.store.write import add_delivery, finish_run, start_run
from tests.kept_cases import replace_cases

PERIODS = {
    "day": date(2026, 3, 29), "month": date(2025, 1, 1), "year": date(2024, 1, 1),
    "rolling_12_months": date(2025, 4, 1),
}  # fmt: skip
NIGHT = datetime(2026, 3, 30, 4, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def three_nights(store: Engine) -> Engine:
    """Runs r1, r2, r3 at noon and a minute later each; r2 restates; failed run x after them."""
    for number in range(3):
        run = f"r{number + 1}"
        as_at = NIGHT + timedelta(days=number)
        with store.begin() as conn:
            start_run(conn, {"run_id": run, "as_at": as_at, "started_at": as_at, "standards": ["s"]})
            record_figures(conn, run, [_figure(period, start, missed=number) for period, start in PERIODS.items()])
            finish_run(conn, run, finished_at=NOON + timedelta(minutes=number))
    with store.begin() as conn:
        start_run(conn, {"run_id": "x", "as_at": NIGHT, "started_at": NIGHT, "standards": ["s"]})
        finish_run(conn, "x", status="failed", finished_at=NOON + timedelta(hours=1))
    return store


def _figure(period: str, start: date, missed: int) -> dict[str, Any]:
    level = {"standard": "s", "commitment": 5, "measure": "answer_999", "force": "norfolk", "period": period}
    counts = {"cases": 4 + missed, "met": 4, "missed": missed, "numerator": 4, "denominator": 4 + missed}
    return {**level, "period_start": start, "verdict": "missed" if missed else "kept", **counts}


def test_the_view_and_the_command_say_the_same(three_nights: Engine) -> None:
    with three_nights.connect() as conn:
        said = list(revisions(conn, {}))
        seen = [dict(row) for row in conn.execute(text("SELECT * FROM revision_triangle")).mappings()]
    assert set(seen[0]) == {*REVISION}
    keys = ("period", "run_id", "days_after_end", "numerator", "denominator", "verdict", "restated_why")
    told = [sorted(tuple(row[key] for key in keys) for row in rows) for rows in (said, seen)]
    assert told[0] == told[1]
    assert len(said) == 12
    assert {row["days_after_end"] for row in said if row["period"] == "day"} == {0, 1, 2}
    assert {row["days_after_end"] for row in said if row["period"] == "rolling_12_months"} == {-2, -1, 0}


def test_up_to_a_run_and_by_filter(three_nights: Engine) -> None:
    with three_nights.connect() as conn:
        assert {row["run_id"] for row in revisions(conn, {}, "r2")} == {"r1", "r2"}
        assert {row["period"] for row in revisions(conn, {"period": ["day"], "force": ["norfolk"]})} == {"day"}
        assert list(revisions(conn, {"area": ["north"]})) == []


def test_current_verdicts_say_what_is_provisional(three_nights: Engine) -> None:
    newest = NIGHT + timedelta(days=2)
    with three_nights.connect() as conn:
        seen = {row["period"]: row for row in conn.execute(text("SELECT * FROM current_verdicts")).mappings()}
    for period, start in PERIODS.items():
        assert bool(seen[period]["provisional"]) is is_provisional(period, start, newest), period
    assert days_after_end("year", PERIODS["year"], newest) > 400
    assert [bool(seen[period]["provisional"]) for period in PERIODS] == [True, False, False, True]


def test_the_run_a_moment_knew(three_nights: Engine) -> None:
    with three_nights.connect() as conn:
        assert run_known_at(conn, NOON) == "r1"
        assert run_known_at(conn, NOON + timedelta(minutes=1, microseconds=-1)) == "r1"
        assert run_known_at(conn, NOON + timedelta(minutes=1)) == "r2"
        assert run_known_at(conn, NOON + timedelta(days=9)) == "r3"
        with pytest.raises(UsageError, match="no run had finished by 2026-11-01T11:59:59Z"):
            run_known_at(conn, NOON - timedelta(seconds=1))


def test_a_breach_withdrawn_later_was_open_then(store: Engine, run: Callable[[str], str]) -> None:
    run("r1"), run("r2")
    missed = {"case_id": "c", "state": "missed", "clock_started_at": NIGHT}
    for name, found in (("r1", [missed]), ("r2", [])):
        with store.begin() as conn:
            replace_cases(conn, "s", "answer_999", "norfolk", found, run_id=name)
            sync_breaches(conn, name, "s", "answer_999", "norfolk")
    with store.connect() as conn:
        for filters in ({}, {"status": ["open"]}):
            (then,) = read_table(conn, "breaches", filters, "r1")
            assert (then["status"], then["closed_run"]) == ("open", None)
        assert list(read_table(conn, "breaches", {"status": ["withdrawn"]}, "r1")) == []
        assert list(read_table(conn, "breaches", {}, "r2")) == []
        assert [row["status"] for row in read_table(conn, "breaches")] == ["withdrawn"]


def test_deliveries_by_name(store: Engine, run: Callable[[str], str]) -> None:
    run("r1")
    for number in range(3):
        with store.begin() as conn:
            said = {"delivery_id": f"d{number}", "run_id": "r1", "log": "calls", "received_at": NIGHT}
            add_delivery(conn, {**said, "sha256": "", "fitness": "fit"})
    with store.connect() as conn:
        names = {f"d{number}" for number in range(1, 1200)}
        assert sorted(deliveries_of(conn, names)) == ["d1", "d2"]
        assert deliveries_of(conn, set()) == {}
