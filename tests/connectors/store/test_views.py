"""`comparison`: forces beside all forces, with the limits of a funnel plot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

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
