"""The filters of the commands, on every table that can answer them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from checks.commitment import measures
from checks.errors import UsageError
from connectors.store.cases import sync_breaches
from connectors.store.engine import reading
from connectors.store.figures import record_figures
from connectors.store.read import TABLES, columns_of, read_table
from connectors.store.tables import verdicts
from connectors.store.write import add_delivery, add_quarantine
from tests.kept_cases import replace_cases

MEASURE = next(iter(measures().values()))


def figure(**values: Any) -> dict[str, Any]:
    return {
        "standard": "s", "commitment": MEASURE.commitment, "measure": MEASURE.name, "force": "norfolk",
        "period": "day", "period_start": date(2026, 3, 29), "cases": 1, "met": 1, "verdict": "kept",
    } | values  # fmt: skip


@pytest.fixture
def filled(store: Engine, run: Callable[[str], str]) -> Engine:
    run("r1"), run("r2")
    day = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
    with store.begin() as conn:
        record_figures(conn, "r1", [figure(), figure(force="suffolk", period_start=date(2026, 3, 30))])
        record_figures(conn, "r2", [figure(met=2, cases=2), figure(area="east", measure="x", commitment=99)])
        missed = [{"case_id": "a", "state": "missed", "clock_started_at": day, "due_at": day}]
        for run_id, found in (("r1", missed), ("r2", [])):
            replace_cases(conn, "s", MEASURE.name, "norfolk", found, run_id=run_id)
            sync_breaches(conn, run_id, "s", MEASURE.name, "norfolk")
        for run_id, force in (("r1", "norfolk"), ("r2", "suffolk")):
            delivery = {"delivery_id": force, "run_id": run_id, "force": force, "received_at": day}
            add_delivery(conn, delivery | {"log": "calls", "sha256": force, "fitness": "fit"})
            add_quarantine(conn, [{"delivery_id": force, "row_number": 1, "rule": "required"}])
    return store


def read(store: Engine, name: str, run: str | None = None, **filters: Any) -> list[dict[str, Any]]:
    with reading(store) as conn:
        return list(read_table(conn, name, filters, run))


def test_figures_as_they_stand_and_as_a_run_left_them(filled: Engine) -> None:
    def found(run: str | None) -> list[tuple[Any, ...]]:
        return [(r["run_id"], r["force"], r["area"], r["cases"]) for r in read(filled, "verdicts", run)]

    now = [("r2", "norfolk", "", 2), ("r2", "norfolk", "east", 1), ("r1", "suffolk", "", 1)]
    assert found(None) == found("r2") == now
    assert found("r1") == [("r1", "norfolk", "", 1), ("r1", "suffolk", "", 1)]
    assert set(read(filled, "verdicts")[0]) == set(columns_of("verdicts")) == set(verdicts.c.keys())


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 3),
        ({"force": "norfolk"}, 2),
        ({"force": ["norfolk", "suffolk"], "area": None, "standard": ""}, 3),
        ({"area": "east"}, 1),
        ({"measure": "x"}, 1),
        ({"commitment": "99"}, 1),
        ({"commitment": [99, MEASURE.commitment]}, 3),
        ({"period": "month"}, 0),
        ({"from": date(2026, 3, 30)}, 1),
        ({"to": date(2026, 3, 29)}, 2),
        ({"from": date(2026, 3, 29), "to": date(2026, 3, 30)}, 3),
    ],
)
def test_filters_of_verdicts(filled: Engine, filters: dict[str, Any], count: int) -> None:
    assert len(read(filled, "verdicts", **filters)) == count


@pytest.mark.parametrize(
    ("name", "as_of", "filters", "count"),
    [
        ("breaches", None, {}, 1),
        ("breaches", "r1", {}, 1),
        ("breaches", "r2", {}, 0),
        ("breaches", None, {"commitment": MEASURE.commitment}, 1),
        ("breaches", None, {"commitment": 99}, 0),
        ("breaches", None, {"to": date(2026, 3, 29)}, 1),
        ("breaches", None, {"to": date(2026, 3, 28)}, 0),
        ("breaches", None, {"to": datetime(2026, 3, 29, 23, 30, tzinfo=UTC)}, 0),
        ("breaches", None, {"from": datetime(2026, 3, 29, 23, 30, tzinfo=UTC)}, 1),
        ("quarantine", None, {"force": "norfolk"}, 1),
        ("quarantine", "r2", {}, 1),
        ("quarantine", "r2", {"force": "norfolk"}, 0),
        ("quarantine", None, {"from": date(2026, 3, 30)}, 0),
        ("deliveries", "r1", {}, 1),
        ("deliveries", None, {"force": "kent"}, 0),
        ("runs", None, {"from": date(2026, 3, 30)}, 2),
        ("runs", "r1", {}, 1),
    ],
)
def test_filters_of_other_tables(
    filled: Engine, name: str, as_of: str | None, filters: dict[str, Any], count: int
) -> None:
    assert len(read(filled, name, as_of, **filters)) == count


@pytest.mark.parametrize(
    ("name", "as_of", "filters", "sentence"),
    [
        ("nothing", None, {}, "there is no such table"),
        ("runs", None, {"force": "norfolk"}, "runs cannot be filtered by it; .* Use status, from, to"),
        ("expectation_results", None, {"from": date(2026, 1, 1)}, "cannot be filtered"),
        ("verdicts", None, {"commitment": "five"}, "five; a whole number"),
        ("verdicts", None, {"run_id": "r1"}, "cannot be filtered"),
        ("verdicts", "r9", {}, "there is no such run"),
        ("cases", "r1", {}, "cases are not kept by run"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    filled: Engine, name: str, as_of: str | None, filters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        read(filled, name, as_of, **filters)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_can_be_read(store: Engine, name: str) -> None:
    assert read(store, name) == []
    assert columns_of(name)
