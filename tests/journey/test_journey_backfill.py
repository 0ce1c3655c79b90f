"""Final days judged again: year by year, for a reason, told to nobody."""

from __future__ import annotations

import json

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge

DAYS = ("2023-12-30", "2024-01-02", "2024-06-01", "2026-02-28")
AS_AT = "2026-03-05T06:00:00Z"
BACKFILL = ("--from", "2023-12-01", "--to", "2024-12-31")


def test_a_late_row_of_a_final_day_waits_for_a_backfill(pledge: Pledge) -> None:
    calls = [call(f"{day}-{n}", f"{day} 10:0{n}:00", 5 + 10 * n) for day in DAYS for n in range(2)]
    write(pledge.input, "calls", calls)
    assert pledge.run(AS_AT).code == 0
    assert pledge.figure("answer_999", "rolling_12_months", "2023-12-01")["cases"] == 6

    write(pledge.input, "calls", [call("late", "2024-01-02 11:00:00", 60), call("new", "2026-03-01 10:00:00", 5)])
    said = pledge.run(AS_AT)
    assert "rows of 2024-01 to 2024-01 changed" in said.err
    assert "final" in said.err
    assert pledge.figure("answer_999", "day", "2024-01-02")["cases"] == 2
    assert pledge.figure("answer_999", "day", "2026-03-01")["cases"] == 1

    refused = pledge.run(AS_AT, *BACKFILL)
    assert refused.code == 2
    assert "--reason TEXT" in refused.sentence

    said = pledge.run(AS_AT, *BACKFILL, "--reason", "a corrected export")
    assert said.code == 0, said.err
    assert "backfill 1 of 2, 2023-12-01 to 2023-12-31: judging." in said.err
    assert pledge.figure("answer_999", "day", "2024-01-02")["missed"] == 2
    assert pledge.figure("answer_999", "year", "2024-01-01")["cases"] == 5
    assert pledge.figure("answer_999", "rolling_12_months", "2023-12-01")["cases"] == 7, "it ends in the second part"
    parts = [json.loads(run["input_key"]) for run in pledge.rows("runs")][-2:]
    assert [part["reason"] for part in parts] == ["a corrected export"] * 2

    before = pledge.tables()
    assert pledge.run(AS_AT, *BACKFILL, "--reason", "a corrected export").code == 0
    after = pledge.tables()
    assert [name for name in before if name != "runs" and after[name] != before[name]] == []
    assert len(after["runs"]) == len(before["runs"]) + 2, "each year is a run"
    assert pledge("verify", "--recompute").code == 0
