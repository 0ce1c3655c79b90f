"""`exclusion_ledger`: figures with and without their exclusions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from checks.statistics import wilson
from connectors.store.figures import record_figures


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
