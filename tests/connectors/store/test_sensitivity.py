"""The sensitivity table on either database: only what changed is written, and what has no case left is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine

from connectors.store.read import read_table
from connectors.store.sensitivity import Counted, counted, keep_counts, record_sensitivity

SLICE = ("policing_pledge_2008", "answer_999", "norfolk")
NIGHT = datetime(2026, 4, 1, 6, tzinfo=UTC)


def row(**values: Any) -> dict[str, Any]:
    counts = {"cases": 4, "met": 3, "missed": 1, "pending": 0, "unknown": 0, "excluded": 0, "timed": 0}
    return {
        **dict(zip(("standard", "measure", "force"), SLICE, strict=True)), "period": "month",
        "period_start": date(2026, 3, 1), "definition": '{"limit":"under"}', "changed": "limit", **counts,
        "numerator": 3, "denominator": 4, "target": 0.9, "verdict": "missed", "verdict_changes": True,
    } | values  # fmt: skip


def test_only_what_changed_is_written(store: Engine, run: Callable[[str], str]) -> None:
    written = []
    for name, rows in (("r1", [row()]), ("r2", [row()]), ("r3", [row(met=4, missed=0, numerator=4)]), ("r4", [])):
        run(name)
        with store.begin() as conn:
            written.append(record_sensitivity(conn, name, rows, [SLICE]))
    assert written == [1, 0, 1, 1]
    with store.connect() as conn:
        told = [next(read_table(conn, "sensitivity", run=name)) for name in ("r2", "r3", "r4")]
        assert list(read_table(conn, "sensitivity", {"force": "suffolk"})) == []
    assert [(each["rate"], each["cases"], each["verdict"]) for each in told] == [
        (0.75, 4, "missed"), (1.0, 4, "missed"), (None, 0, "too_few"),
    ]  # fmt: skip


def test_counts_are_replaced(store: Engine) -> None:
    for basis in ("one", "another"):
        with store.begin() as conn:
            keep_counts(conn, {SLICE: Counted(basis, NIGHT, {"{}": {"2026-03-01": [1, 2, True]}})})
    with store.connect() as conn:
        assert counted(conn, ["norfolk"]) == {SLICE: Counted("another", NIGHT, {"{}": {"2026-03-01": [1, 2, True]}})}
        assert counted(conn, ["suffolk"]) == {}
