"""The exclusion ledger of a run: with and without, by the command and by the view."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from checks.statistics import wilson
from tests.journey.conftest import AS_AT
from tests.journey.logs import Row, call, write
from tests.journey.pledge import Pledge, one


def month_of_calls(month: str, excluded: int, **more: str) -> list[Row]:
    """Sixteen answered in time, four late, and so many tests."""
    rows = [call(f"{month}k{n}", f"{month}-10 10:{n:02}:00", 5 if n < 16 else 20, **more) for n in range(20)]
    return rows + [call(f"{month}x{n}", f"{month}-11 10:{n:02}:00", 5, **more, kind="test") for n in range(excluded)]


def deliver(pledge: Pledge) -> None:
    """Ten months of about ten in thirty excluded, then one of forty (in suffolk as ever), then one that is open."""
    months = [f"2025-{n:02}" for n in range(4, 13)] + ["2026-01"]
    rows = [row for n, month in enumerate(months) for row in month_of_calls(month, 10 + n % 2)]
    rows += [row for n, month in enumerate(months) for row in month_of_calls(month, 10 + n % 2, force="suffolk")]
    rows += month_of_calls("2026-02", 40) + month_of_calls("2026-02", 10, force="suffolk")
    rows += [call("abandoned", "2026-02-12 10:00:00", None, abandoned_at="2026-02-12 10:00:03")]
    rows += [call("new", "2026-03-01 10:00:00", 5, kind="test"), call("late", "2026-03-01 11:00:00", 11)]
    write(pledge.input, "calls", rows)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    pledge = Pledge(tmp_path_factory.mktemp("ledger"))
    deliver(pledge)
    assert pledge.run(AS_AT).code == 0
    return pledge


def month(pledge: Pledge, start: str, *options: str) -> dict[str, object]:
    asked = ("--measure", "answer_999", "--period", "month", "--from", start, "--to", start)
    rows = pledge.rows("exclusions", *asked, *(options or ("--force", "norfolk")))
    return one(row for row in rows if not row["area"])


def test_with_and_without(ledger: Pledge) -> None:
    found = month(ledger, "2026-02-01")
    assert (found["met"], found["missed"], found["excluded"], found["recorded"]) == (16, 4, 41, 61)
    assert found["by_reason"] == {"test": 40, "short_abandoned": 1}
    assert (found["rate"], found["rate_if_excluded_missed"], found["exclusion_rate"]) == (16 / 20, 16 / 61, 41 / 61)
    assert (found["exclusion_low"], found["exclusion_high"]) == wilson(41, 61)


def test_the_rate_has_its_own_series(ledger: Pledge) -> None:
    assert month(ledger, "2026-02-01")["variation"] == "special_cause_high"
    # The months before lie below the middle, which the last of them has lifted.
    assert month(ledger, "2026-01-01")["variation"] == "special_cause_low"
    assert month(ledger, "2026-02-01", "--force", "suffolk")["variation"] == "common_cause"
    assert month(ledger, "2026-03-01")["variation"] == "", "the month is not over"
    days = ledger.rows("exclusions", "--measure", "answer_999", "--period", "day")
    assert {row["variation"] for row in days} == {""}
    assert ledger.rows("exclusions", "--area", "south") == []
    first = ledger.rows("runs")[0]["run_id"]
    assert month(ledger, "2026-02-01", "--run", first, "--force", "norfolk") == month(ledger, "2026-02-01")


def test_the_table(ledger: Pledge) -> None:
    said = ledger("exclusions", "--period", "month", "--force", "norfolk")
    assert b"special_cause_high" in said.out
    assert b"meeting_held" not in said.out, "of which nothing was recorded"


def test_the_view_says_the_same(ledger: Pledge) -> None:
    engine = create_engine(ledger.store)
    with engine.connect() as conn:
        rows = [dict(row) for row in conn.execute(text("SELECT * FROM exclusion_ledger")).mappings()]
    engine.dispose()
    level = ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start")
    seen = {(*(str(row[name]) for name in level),): row for row in rows}
    told = ledger.rows("exclusions")  # day, month and year; area, force and all forces
    assert len(told) == len(seen) > 100
    for row in told:
        found = seen[tuple(str(row[name]) for name in level)]
        for name in ("met", "missed", "excluded", "recorded"):
            assert found[name] == row[name]
        for name in ("rate", "rate_if_excluded_missed", "exclusion_rate", "exclusion_low", "exclusion_high"):
            assert found[name] == (row[name] if row[name] is None else pytest.approx(row[name], abs=1e-12)), name
