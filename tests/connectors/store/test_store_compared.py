"""Comparisons and funnels: written only where they differ; `comparison` reads the newest funnel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from checks.compared import comparisons, funnel_groups, funnel_rows
from connectors.store.compared import periods_written, record_compared
from connectors.store.engine import reading
from connectors.store.figures import record_figures
from connectors.store.read import read_table

MARCH = date(2026, 3, 1)


def month(force: str, met: int, n: int, **values: Any) -> dict[str, Any]:
    return {
        "standard": "s", "commitment": 5, "measure": "answer_999", "force": force, "period": "month", "area": "",
        "neighbourhood": "", "period_start": MARCH, "cases": n, "met": met, "missed": n - met, "numerator": met,
        "denominator": n, "verdict": "kept", "timed": 0, "unknown": 0,
    } | values  # fmt: skip


FIGURES = [month("norfolk", 900, 1_000), month("suffolk", 860, 1_000), month("kent", 940, 1_000), month("essex", 9, 10)]


def record(store: Engine, run_id: str, figures: list[dict[str, Any]]) -> tuple[int, int]:
    """How many rows of comparisons and funnels were written."""
    with store.begin() as conn:
        record_figures(conn, run_id, figures)
        found = record_compared(conn, run_id, "comparisons", list(comparisons(figures, {})))
        drawn = [row for group, members in funnel_groups(figures).items() for row in funnel_rows(group, members)]
        return found, record_compared(conn, run_id, "funnels", drawn)


def test_only_what_differs_is_written(store: Engine, run: Callable[[str], str]) -> None:
    assert record(store, run("r1"), FIGURES) == (8, 4)
    assert record(store, run("r2"), FIGURES) == (0, 0)
    # Another share of one force moves the limits of all.
    assert record(store, run("r3"), [month("norfolk", 800, 1_000), *FIGURES[1:]]) == (2, 4)
    with reading(store) as conn:
        funnels = list(read_table(conn, "funnels", {"force": "norfolk"}))
        before = list(read_table(conn, "funnels", {"force": ["norfolk"], "commitment": [5]}, run="r2"))
        assert [row["numerator"] for row in (*funnels, *before)] == [800, 900]
        assert next(iter(read_table(conn, "comparisons", {"against": ["similar_forces"], "force": "kent"})))["why"]
        assert periods_written(conn, "r3", ["month"]) == {("s", "answer_999", "month", MARCH)}
        assert periods_written(conn, "r2", ["month"]) == periods_written(conn, "r3", ["year"]) == set()


def test_forces_are_compared_within_the_funnel(store: Engine, run: Callable[[str], str]) -> None:
    record(store, run("r1"), [month("norfolk", 1, 1_000), month("kent", 1, 9)])
    others = [
        month("surrey", 0, 0, verdict="too_few"),
        month("all", 2_709, 3_010),
        month("norfolk", 1, 50, area="east"),
        month("norfolk", 1, 50, period="day"),
        month("norfolk", 1, 2, period_start=date(2026, 4, 1), verdict="in_progress"),
    ]
    figures = [figure for figure in others if figure["period"] == "month"]
    record(store, run("r2"), [*FIGURES, *figures])
    run("r3")
    with store.begin() as conn:
        record_figures(conn, "r3", [others[3]])
    with store.connect() as conn:
        found = {(r["force"], r["period_start"]): r for r in conn.execute(text("SELECT * FROM comparison")).mappings()}
    march = {force: row for (force, start), row in found.items() if str(start) == "2026-03-01"}
    assert {force: row["funnel"] for force, row in march.items()} == {
        "norfolk": "inside",
        "suffolk": "below_998",
        "kent": "above_998",
        "essex": "inside",
    }
    assert march["kent"]["place"] == "outside the 99.8 % limits, better"
    assert {row["forces"] for row in march.values()} == {4}
    assert {row["all_forces_rate"] for row in march.values()} == {0.9}
    # By hand: 0.9 ± 1.959964 · sqrt(0.09 / 1000) and ± 3.090232 · the same; exact limits lie within half a case or so.
    limits = [march["norfolk"][f"funnel_{edge}"] for edge in ("low_998", "low_95", "high_95", "high_998")]
    assert limits == pytest.approx([0.8706835, 0.8814061, 0.9185939, 0.9293165], abs=2e-3)
    assert march["essex"]["n"] == 10
    assert march["essex"]["funnel_high_95"] == 1
    [(april)] = [row for (_, start), row in found.items() if str(start) == "2026-04-01"]
    assert (april["n"], april["funnel"], april["funnel_low_95"], april["note"]) == (2, "", None, "")
