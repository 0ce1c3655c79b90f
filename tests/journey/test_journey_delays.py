"""Where the delay is: stage times worked out by hand, from delivered files to the table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journey.conftest import AS_AT
from tests.journey.logs import Row, call, incident, later, write
from tests.journey.pledge import Pledge

STATED = ("n", "left_out", "p50_seconds", "p90_seconds", "mean_seconds", "share", "costs_most")


def attended(name: str, at: str, stages: tuple[int, int, int], **more: str) -> Row:
    """Seconds from received to created, to dispatched, to arrived."""
    created = later(at, stages[0])
    dispatched = later(created, stages[1])
    arrived = later(dispatched, stages[2])
    times = {"created_at": created, "dispatched_at": dispatched, "arrived_at": arrived, "closed_at": later(arrived, 60)}
    return incident(name, at, None, **{**times, **more})


LAST = attended("i5", "2026-03-02 10:00:00", (10, 10, 10))


def deliver(pledge: Pledge, *more: Row) -> None:
    write(pledge.input, "calls", [call("c1", "2026-02-10 10:00:00", 8)])
    rows = [
        # Answered after 8 seconds: 32 of the 40 until it was created are left for the grading.
        attended("i1", "2026-02-10 10:00:00", (40, 100, 300), call_id="c1"),
        attended("i2", "2026-02-11 10:00:00", (60, 200, 500)),
        attended("i3", "2026-02-12 10:00:00", (20, 700, 100), area="south"),
        # Dispatched before it was created: that stage is left out and counted.
        attended("i4", "2026-02-13 10:00:00", (60, -30, 200), area="south"),
        LAST,
        incident("open", "2026-02-14 10:00:00", None),
    ]
    by_id = {row["incident_id"]: {**row, "call_id": row.get("call_id", "")} for row in (*rows, *more)}
    write(pledge.input, "incidents", list(by_id.values()))


def stages(pledge: Pledge, month: str, area: str, *options: str) -> dict[str, Any]:
    rows = pledge.rows("delays", "--from", month, "--to", month, *options)
    return {row["stage"]: pytest.approx(tuple(row[name] for name in STATED)) for row in rows if row["area"] == area}


def test_stages_by_hand(pledge: Pledge) -> None:
    deliver(pledge)
    assert pledge.run(AS_AT).code == 0
    # North: grade 32 and 60, dispatch 100 and 200, travel 300 and 500; means 46, 150, 400 and the answer's 8: 604.
    north = stages(pledge, "2026-02-01", "north")
    assert list(north) == ["answer", "grade", "dispatch", "travel"]
    assert north == {
        "answer": (1, 0, 8.0, 8.0, 8.0, 8 / 604, False),
        "grade": (2, 0, 46.0, 57.2, 46.0, 46 / 604, False),
        "dispatch": (2, 0, 150.0, 190.0, 150.0, 150 / 604, False),
        "travel": (2, 0, 400.0, 480.0, 400.0, 400 / 604, True),
    }
    # South: grade 20 and 60, dispatch 700 and one out of order, travel 100 and 200; means 40, 700, 150: 890.
    south = stages(pledge, "2026-02-01", "south")
    assert south["dispatch"] == (1, 1, 700.0, 700.0, 700.0, 700 / 890, True)
    assert south["travel"] == (2, 0, 150.0, 190.0, 150.0, 150 / 890, False)
    # The force: travel 1100 ÷ 4 = 275; dispatch 1000 ÷ 3.
    force = stages(pledge, "2026-02-01", "")
    assert force["travel"].expected[:2] == (4, 0)
    assert force["dispatch"].expected[4:] == pytest.approx((1000 / 3, 1000 / 3 / (8 + 172 / 4 + 1000 / 3 + 275), True))
    # The month that is not over is told of as far as it has come.
    assert stages(pledge, "2026-03-01", "north")["travel"] == (1, 0, 10.0, 10.0, 10.0, 1 / 3, True)
    assert pledge.rows("delays", "--commitment", "6") == []
    assert b"costs_most" in pledge("delays").out


def test_only_what_changed_is_written_and_a_run_sees_it_as_it_was(pledge: Pledge) -> None:
    deliver(pledge)
    assert pledge.run(AS_AT).code == 0
    first = pledge.rows("runs")[0]["run_id"]
    before = pledge.tables()
    assert pledge.run(AS_AT).code == 0
    after = pledge.tables()
    assert {name for name in after if after[name] != before[name]} == {"runs"}
    deliver(pledge, attended("late", "2026-02-20 10:00:00", (60, 60, 900)), LAST | {"origin": "officer"})
    assert pledge.run("2026-03-04T06:00:00Z").code == 0
    written = [row for row in pledge.tables()["delays"] if row not in after["delays"]]
    assert {row["area"] for row in written} == {"", "north"}, "nothing has changed in the south"
    assert stages(pledge, "2026-02-01", "north")["travel"].expected[0] == 3
    assert stages(pledge, "2026-02-01", "north", "--run", first)["travel"].expected[0] == 2
    # The only one of March was an officer's own: nothing is left of that month, and it says so.
    assert stages(pledge, "2026-03-01", "north")["travel"] == (0, 0, None, None, None, None, False)


def test_a_window_tells_only_of_whole_months(pledge: Pledge) -> None:
    deliver(pledge)
    assert pledge.run(AS_AT, "--from", "2026-02-11", "--to", "2026-03-31").code == 0
    assert {row["period_start"] for row in pledge.rows("delays")} == {"2026-03-01"}
    assert pledge.rows("integrity") == []
