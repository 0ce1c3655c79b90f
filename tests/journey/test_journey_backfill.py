"""Final days judged again: year by year, for a reason, told to nobody.

`KILLS=50 pytest -s tests/journey/test_journey_backfill.py` for more backfills that are killed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.journey.logs import call, later, write
from tests.journey.pledge import Pledge
from tests.journey.test_journey_killed import end_state, started
from tests.slack_server import SlackServer

DAYS = ("2023-12-30", "2024-01-02", "2024-06-01", "2026-02-28")
AS_AT = "2026-03-05T06:00:00Z"
BACKFILL = ("--from", "2023-12-01", "--to", "2024-12-31")
KILLS = int(os.environ.get("KILLS", "2"))
REASON = "a corrected export"


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


def runs_begun(pledge: Pledge) -> int:
    engine = create_engine(pledge.store)
    with engine.connect() as conn:
        count = conn.scalar(text("SELECT count(*) FROM runs"))
    engine.dispose()
    return int(count or 0)


def of_second_part(pledge: Pledge, seconds: float | None = None) -> tuple[float, int | None]:
    """A backfill in a process of its own, killed so many seconds into its second part (None: not at all).

    Returns how long its second part took until its end, and the exit code.
    """
    part = runs_begun(pledge) + 2
    process = started(pledge, "run", "--as-at", AS_AT, *BACKFILL, "--reason", REASON, *pledge.places)
    while process.is_alive() and runs_begun(pledge) < part:
        time.sleep(0.01)
    began = time.monotonic()
    process.join(120 if seconds is None else seconds)
    if process.is_alive():
        process.kill()
        process.join()
    return time.monotonic() - began, process.exitcode


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """A lake with late rows of two final years, which wait for a backfill."""
    pledge = Pledge(tmp_path_factory.mktemp("corrected"))
    days = ("2023-12-30", "2024-01-02", "2024-06-01", "2026-02-28")
    write(pledge.input, "calls", [call(day, f"{day} 10:00:00", 5) for day in days])
    assert pledge.run(AS_AT).code == 0
    write(pledge.input, "calls", [call(f"late{day}", f"{day} 11:00:00", 60) for day in days[:3]])
    assert pledge.run(AS_AT).code == 0
    return pledge


def test_killed_in_its_second_part_and_called_again(corrected: Pledge, tmp_path: Path) -> None:
    def copied(name: str) -> Pledge:
        return Pledge(Path(shutil.copytree(corrected.folder, tmp_path / name)))

    started(copied("imports"), "settings").join(120)
    undisturbed = copied("undisturbed")
    took, code = of_second_part(undisturbed)
    assert code == 0
    wanted = end_state(undisturbed)
    assert undisturbed.figure("answer_999", "day", "2024-06-01")["missed"] == 1
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    for attempt in range(KILLS):
        pledge, moment = copied(str(attempt)), took * moments.uniform(0.0, 1.0)
        told = f"seed {seed}, killed {moment:.2f} of {took:.2f} s into the second part"
        of_second_part(pledge, moment)
        ended = [row["status"] for row in pledge.rows("runs")]
        said = pledge.run(AS_AT, *BACKFILL, "--reason", REASON)
        assert said.code == 0, f"{told}: {said.err}"
        if ended.count("done") == 3:
            assert "2023-12-01 to 2023-12-31: done before." in said.err, told
        assert end_state(pledge) == wanted, told
        shutil.rmtree(pledge.folder)


CHANNEL = "C0123456789"


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    with SlackServer(channels=(CHANNEL,)) as running:
        monkeypatch.setenv("PLEDGE_SLACK_TOKEN", running.token)
        monkeypatch.setenv("PLEDGE_SLACK_URL", running.url)
        monkeypatch.setenv("PLEDGE_SLACK_CHANNEL", CHANNEL)
        yield running


def rung(day: str, seconds: float) -> list[dict[str, str]]:
    """Enough calls of one day for it to be judged."""
    return [call(f"{day}/{n}", later(f"{day} 08:00:00", 300 * n), seconds) for n in range(40)]


def said_of(pledge: Pledge, before: str) -> list[dict[str, Any]]:
    """What was announced of the days before one."""
    rows = pledge.tables()["announcements"]
    return [row for row in rows if row["state"] != "suppressed" and row["measure"] and row["period_start"] < before]


def test_a_backfill_over_months_with_misses_tells_nobody(pledge: Pledge, slack: SlackServer) -> None:
    days = ["2023-12-30", *(f"2024-{month:02}-05" for month in range(1, 13)), *(f"2026-02-{n}" for n in range(20, 29))]
    write(pledge.input, "calls", [row for day in days for row in rung(day, 5)])
    assert pledge.run(AS_AT).code == 0
    told = len(slack.posted())
    assert told == 1, "the digest of the first night"

    # A quarter of each corrected day: enough to break the promise, not enough to make a whole day's miss usual.
    write(pledge.input, "calls", [row for day in (*days[:13], "2026-02-27") for row in rung(day, 60)[:10]])
    asked = ("--from", "2023-12-01", "--to", "2026-03-05", "--reason", REASON)
    said = pledge.run(AS_AT, *asked)
    assert said.code == 0, said.err
    assert pledge.figure("answer_999", "day", "2024-06-05")["verdict"] == "missed"
    assert len(slack.posted()) == told and slack.count("chat.update") == 0
    muted = [row for row in pledge.tables()["announcements"] if row["reason"] == f"backfill: {REASON}"]
    assert {row["state"] for row in muted} == {"suppressed"}
    about = {(row["measure"], row["kind"], row["period_start"]) for row in muted}
    assert ("answer_999", "restated", "2024-06-05") in about
    assert ("answer_999", "restated", "2026-02-27") in about, "a day of which a night would have told"

    before = pledge.tables()["announcements"]
    assert pledge.run(AS_AT, *asked).code == 0
    assert pledge.tables()["announcements"] == before

    write(pledge.input, "calls", rung("2026-03-05", 60))
    assert pledge.run("2026-03-06T06:00:00Z").code == 0
    assert len(slack.posted()) == told + 1
    assert said_of(pledge, "2026-03-01") == []
    assert "February 2026" not in json.dumps(slack.posted()[-1])
    assert {row["kind"] for row in said_of(pledge, "2026-03-06")} == {"first_miss"}, "the night's own news is told"
