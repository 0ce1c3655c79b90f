"""Great Expectations' own pages of a run's results, in a folder of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.errors import UsageError
from expectations.data_docs import build_data_docs

AT = datetime(2026, 3, 3, 6, tzinfo=UTC)


def result(expectation: str, column: str = "line", **more: Any) -> dict[str, Any]:
    row = {
        "suite": "fitness.calls/d1",
        "expectation": expectation,
        "column": column,
        "force": "norfolk",
        "log": "calls",
    }
    return row | {"success": True, "observed": "0 of 9", "unexpected": 0, "severity": "critical", "detail": ""} | more


ROWS = [
    result("expect_column_values_to_not_be_null (required:line)", success=False, observed="3 of 9", unexpected=3,
           detail="line is empty; every row of this log must have it."),
    result("expect_column_values_to_be_between (future:received_at)", "received_at"),
    result("expect_column_values_to_be_in_set (key_conflict)", "call_id"),
    result("expect_column_values_to_be_null (readable:line)", observed="empty"),
    result("expect_table_columns_to_match_set (header)", "", unexpected=None),
    result("expect_column_pair_values_a_to_be_greater_than_b (order:a/b)", "b", severity="warning"),
]  # fmt: skip


def test_every_rule_is_on_the_page_of_its_delivery(tmp_path: Path) -> None:
    first = build_data_docs(ROWS, "r1", AT, tmp_path / "docs")
    assert first.is_file()
    (page,) = (tmp_path / "docs" / "validations").rglob("*.html")
    text = page.read_text("utf-8")
    for rule in ("required:line", "future:received_at", "key_conflict", "readable:line", "header", "order:a/b"):
        assert rule in text, rule
    assert "line is empty; every row" in text and "Failed" in text


def test_built_anew_and_never_over_what_is_not_ours(tmp_path: Path) -> None:
    build_data_docs(ROWS, "r1", AT, tmp_path / "docs")
    build_data_docs(ROWS, "r2", AT, tmp_path / "docs")
    (page,) = (tmp_path / "docs" / "validations").rglob("*.html")
    assert "r2" in page.as_posix()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letters.txt").write_text("mine")
    with pytest.raises(UsageError, match="no Data Docs of ours"):
        build_data_docs(ROWS, "r1", AT, tmp_path / "other")
    assert (tmp_path / "other" / "letters.txt").read_text() == "mine"
