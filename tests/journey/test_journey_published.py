"""Figures as they leave the house."""

from __future__ import annotations

import io

import pandas as pd

from tests.journey.pledge import Pledge


def test_small_numbers_are_suppressed_only_where_published(judged: Pledge) -> None:
    inside = judged.rows("verdicts", "--measure", "answer_999", "--period", "month")
    assert any(0 < row["cases"] < 5 for row in inside)
    outside = judged.rows("verdicts", "--measure", "answer_999", "--period", "month", "--published")
    assert len(outside) == len(inside)
    assert all(row["cases"] == "suppressed" for row in outside if row["suppressed"])
    assert not any(isinstance(row[name], int) and 0 < row[name] < 5 for row in outside for name in ("cases", "missed"))
    small = [row for row in outside if row["force"] == "suffolk"]
    assert small
    assert all(row["suppressed"] and row["rate"] == "suppressed" for row in small)


def test_a_filter_tells_nothing_more(judged: Pledge) -> None:
    every = judged.rows("verdicts", "--published")
    one = judged.rows("verdicts", "--published", "--force", "norfolk", "--measure", "answer_999")
    assert one == [row for row in every if row["force"] == "norfolk" and row["measure"] == "answer_999"]
    assert {row["period"] for row in one} == {"month", "year"} | {row["period"] for row in one} - {"day"}


def test_parquet_keeps_its_numbers(judged: Pledge) -> None:
    said = judged("verdicts", "--published", "--measure", "answer_999", "--format", "parquet")
    frame = pd.read_parquet(io.BytesIO(said.out))
    assert frame.loc[frame["suppressed"], "cases"].isna().all()
    assert not frame["cases"].between(1, 4).any()
