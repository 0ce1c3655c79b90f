"""`comparison`: forces beside all forces, with the limits of a funnel plot; `exclusion_ledger`: with and without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from checks.statistics import wilson
from connectors.store.figures import record_figures


def test_forces_are_compared_within_the_funnel(store: Engine, run: Callable[[str], str]) -> None:
    def month(force: str, met: int, n: int, **values: Any) -> dict[str, Any]:
        return {
            "standard": "s", "commitment": 5, "measure": "answer_999", "force": force, "period": "month",
            "period_start": date(2026, 3, 1), "cases": n, "met": met, "missed": n - met, "numerator": met,
            "denominator": n, "verdict": "kept",
        } | values  # fmt: skip

    run("r1"), run("r2")
    with store.begin() as conn:
        record_figures(conn, "r1", [month("norfolk", 1, 1_000)])
        record_figures(
            conn,
            "r2",
            [
                month("norfolk", 900, 1_000),
                month("suffolk", 860, 1_000),
                month("kent", 940, 1_000),
                month("essex", 9, 10),
                month("surrey", 0, 0, verdict="too_few"),
                month("all", 2_709, 3_010),
                month("norfolk", 1, 50, area="east"),
                month("norfolk", 1, 50, period="day"),
            ],
        )
    with store.connect() as conn:
        found = {row["force"]: row for row in conn.execute(text("SELECT * FROM comparison")).mappings()}
    assert {force: row["funnel"] for force, row in found.items()} == {
        "norfolk": "inside",
        "suffolk": "below_998",
        "kent": "above_998",
        "essex": "inside",
    }
    assert {row["forces"] for row in found.values()} == {4}
    assert {row["all_forces_rate"] for row in found.values()} == {0.9}
    # By hand: 0.9 ± 1.959964 · sqrt(0.09 / 1000) and ± 3.090232 · the same.
    limits = [found["norfolk"][f"funnel_{edge}"] for edge in ("low_998", "low_95", "high_95", "high_998")]
    assert limits == pytest.approx([0.8706835, 0.8814061, 0.9185939, 0.9293165], abs=1e-7)
    assert found["essex"]["n"] == 10
    assert found["essex"]["funnel_high_95"] == 1


def test_figures_with_and_without_their_exclusions(store: Engine, run: Callable[[str], str]) -> None:
    def figure(force: str, **counts: int) -> dict[str, Any]:
        level = {"standard": "s", "commitment": 5, "measure": "answer_999", "force": force, "period": "month"}
        met, missed = counts.get("met", 0), counts.get("missed", 0)
        judged = {"cases": met + missed, "numerator": met, "denominator": met + missed}
        return {**level, "period_start": date(2026, 3, 1), "verdict": "kept", **judged, **counts}

    run("r1"), run("r2")
    with store.begin() as conn:
        record_figures(conn, "r1", [figure("norfolk", met=1, missed=1)])
        figures = [
            figure("norfolk", met=16, missed=4, excluded=41),
            figure("suffolk", met=3),
            figure("kent", excluded=7),
            figure("essex"),
            figure("surrey", timed=30, excluded=10, numerator=5_000, denominator=9_000),
        ]
        record_figures(conn, "r2", figures)
    with store.connect() as conn:
        found = {row["force"]: row for row in conn.execute(text("SELECT * FROM exclusion_ledger")).mappings()}
    names = ("recorded", "rate", "rate_if_excluded_missed", "exclusion_rate", "exclusion_low", "exclusion_high")
    said = {force: tuple(row[name] for name in names) for force, row in found.items()}
    assert said["norfolk"] == pytest.approx((61, 16 / 20, 16 / 61, 41 / 61, *wilson(41, 61)))
    assert said["suffolk"] == pytest.approx((3, 1, 1, 0, *wilson(0, 3)))
    assert said["kent"] == pytest.approx((7, None, 0, 1, *wilson(7, 7)))
    assert said["essex"] == (0, None, None, None, None, None)
    # Measured, not counted: ten more cases are no part of nine thousand hours.
    assert said["surrey"] == pytest.approx((40, 5 / 9, None, 0.25, *wilson(10, 40)))
