"""A run's days limit the cases of every measure, and change none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from checks.commitment import Measure, measures
from checks.database import connect
from checks.judging import Window
from tests.spark.drawn import AS_AT, drawn_logs, kept
from tests.spark.parity import judging

Files = Mapping[str, Sequence[str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return kept(tmp_path_factory.mktemp("drawn"), drawn_logs())


@pytest.mark.parametrize("measure", measures().values(), ids=lambda measure: measure.name)
def test_a_window_has_the_cases_of_its_days_and_no_others(measure: Measure, files: Files) -> None:
    every = judged(measure, files)
    days = sorted({row[0] for row in every})
    first = days[len(days) // 3]
    last = max(first, days[2 * len(days) // 3] - timedelta(days=1))
    wanted = [row for row in every if first <= row[0] <= last]
    assert 0 < len(wanted) < len(every)
    assert judged(measure, files, first, last) == wanted


def judged(measure: Measure, files: Files, first: date | None = None, last: date | None = None) -> list[Any]:
    con = connect()
    con.execute(judging(measure, files, Window(AS_AT, first, last)))
    rows = con.execute("select local_day, * exclude (local_day) from facts order by all").fetchall()
    con.close()
    return rows
