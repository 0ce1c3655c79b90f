"""Sources that bring their logs themselves: late, not at all, or in a form nobody expected."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, Said, one

DESCRIPTION = """\
/*---
log: calls
force: norfolk
location: {location}
expected: {{max_age_hours: 36}}
---*/
select call_id, area, line, kind, received_at, {answered} as answered_at, abandoned_at, ended_at from raw
"""


@pytest.fixture
def switch(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    """A source `switch` that leaves its calls in a drop folder every day."""
    (pledge.folder / "sources").mkdir()
    (pledge.folder / "drop").mkdir()
    describe(pledge)
    monkeypatch.setenv("PLEDGE_SOURCES", str(pledge.folder / "sources"))
    return pledge


def describe(pledge: Pledge, answered: str = "answered_at") -> None:
    text = DESCRIPTION.format(location=pledge.folder / "drop" / "calls.csv", answered=answered)
    (pledge.folder / "sources" / "switch.sql").write_text(text)


def dropped(pledge: Pledge, day: int) -> Path:
    """The calls of one day, exported at the end of it."""
    rows = [call(f"{day}-{n}", f"2026-03-0{day} 10:{n:02}:00", 5) for n in range(40)]
    path = write(pledge.folder / "drop", "calls", rows)
    exported = datetime.fromisoformat(f"2026-03-0{day}T00:00:00+00:00") + timedelta(days=1)
    os.utime(path, (exported.timestamp(), exported.timestamp()))
    return path


def night(pledge: Pledge, day: int) -> Said:
    return pledge("run", "--source", "switch", "--as-at", f"2026-03-0{day}T06:00:00Z", "--format", "json")


def verdicts(pledge: Pledge) -> dict[int, str]:
    rows = pledge.rows("verdicts", "--measure", "answer_999", "--period", "day", "--force", "norfolk")
    return {int(row["period_start"][-2:]): row["verdict"] for row in rows if not row["area"]}


def test_a_feed_that_stops_and_comes_back(switch: Pledge) -> None:
    dropped(switch, 2)
    assert night(switch, 3).code == 0
    assert verdicts(switch) == {2: "kept"}

    stale = night(switch, 5)
    assert stale.code == 1, stale.err
    assert "The delivery is 54.0 hours old; expected at most 36." in stale.err
    assert verdicts(switch) == {2: "kept", 3: "cannot_judge", 4: "cannot_judge", 5: "cannot_judge"}
    deliveries = len(switch.tables()["deliveries"])
    assert night(switch, 5).code == 1
    assert len(switch.tables()["deliveries"]) == deliveries, "said once a night"

    (switch.folder / "drop" / "calls.csv").unlink()
    gone = night(switch, 6)
    assert gone.code == 1
    assert "There is no file; expected one at most 36 hours old." in gone.err

    rows = [call(f"{d}-{n}", f"2026-03-0{d} 10:{n:02}:00", 5) for d in (3, 4, 5, 6) for n in range(40)]
    write(switch.folder / "drop", "calls", rows)
    assert night(switch, 7).code == 0
    assert verdicts(switch) == dict.fromkeys((2, 3, 4, 5, 6), "kept")


def test_an_export_that_changed_and_a_description_that_follows(switch: Pledge) -> None:
    path = dropped(switch, 2)
    path.write_text(path.read_text().replace("answered_at", "picked_up_at", 1))
    os.utime(path, (datetime(2026, 3, 3).timestamp(), datetime(2026, 3, 3).timestamp()))
    rows = [call(f"s{n}", f"2026-03-02 10:{n:02}:00", 5, force="suffolk") for n in range(40)]
    write(switch.input, "calls", rows)
    both = ("run", "--input", str(switch.input), "--source", "switch", "--format", "json", "--as-at")
    said = switch(*both, "2026-03-03T06:00:00Z")
    assert said.code == 1, said.err
    assert "answered_at" in one(row for row in switch.tables()["deliveries"] if row["fitness"] == "unfit")["reason"]
    assert switch.figure("answer_999", "day", "2026-03-02", force="suffolk")["verdict"] == "kept"
    assert switch.figure("answer_999", "day", "2026-03-02")["verdict"] == "cannot_judge"

    describe(switch, answered="picked_up_at")
    said = switch(*both, "2026-03-03T07:00:00Z")
    assert said.code == 0, said.err
    assert switch.figure("answer_999", "day", "2026-03-02")["verdict"] == "kept"
