"""A share of `make spark`, where Spark is installed: a measure of moments, one of calendar months, one of shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spark.parity import absent, compared_on_both

SHARE = ("answer_999", "victim_updated", "visible_when_needed")


@pytest.mark.skipif(bool(absent()), reason=absent())
def test_spark_counts_as_duckdb_does(tmp_path: Path) -> None:
    told = compared_on_both(tmp_path, SHARE)
    assert set(told) == set(SHARE)
    assert all(one.cases and one.figures and not one.difference for one in told.values()), told
