"""What goes wrong around a run: a damaged file of the lake, a run that was killed long ago, an earlier moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.store.engine import open_store
from connectors.store.write import start_run
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, one

FORCES = ("norfolk", "suffolk")
MONDAY, TUESDAY, WEDNESDAY = (f"2026-03-0{day}T06:00:00Z" for day in (2, 3, 4))


def first_night(pledge: Pledge) -> None:
    write(pledge.input, "calls", [call(f"{f}1", "2026-03-01 10:00:00", 5, force=f) for f in FORCES])
    write(pledge.input, "incidents", [incident(f"{f}1", "2026-03-01 10:00:00", 9, force=f) for f in FORCES])
    assert pledge.run(MONDAY).code == 0


def test_a_damaged_file_stops_only_its_force_and_log(pledge: Pledge) -> None:
    first_night(pledge)
    damaged = next((pledge.lake / "calls").glob("force=norfolk/*/*.parquet"))
    whole = damaged.read_bytes()
    damaged.write_bytes(b"PAR1 damaged")
    write(pledge.input, "calls", [call(f"{f}2", "2026-03-01 11:00:00", 20, force=f) for f in FORCES])
    write(pledge.input, "incidents", [incident(f"{f}2", "2026-03-01 11:00:00", 30, force=f) for f in FORCES])
    said = pledge.run(TUESDAY)
    assert said.code == 3, said.err
    assert "norfolk cannot be read" in said.sentence
    assert "Traceback" not in said.err
    assert pledge.states("answer_999") == {"norfolk1": "met", "suffolk1": "met", "suffolk2": "missed"}
    assert pledge.states("attend_emergency")["suffolk2"] == "missed"
    deliveries = [(row["log"], row["rows_admitted"]) for row in pledge.tables()["deliveries"]]
    assert sorted(deliveries) == [("calls", 2), ("incidents", 2), ("incidents", 2)], "it is not taken, and not lost"
    assert {row["status"] for row in pledge.rows("runs")} == {"done"}

    damaged.write_bytes(whole)
    said = pledge.run(WEDNESDAY)
    assert said.code == 0, said.err
    assert pledge.states("answer_999")["norfolk2"] == "missed"
    assert pledge.states("attend_emergency")["norfolk2"] == "missed"
    taken = one(r for r in pledge.tables()["deliveries"] if r["log"] == "calls" and r["received_at"] > "2026-03-04")
    assert (taken["rows_admitted"], taken["rows_unchanged"]) == (2, 0), "suffolk's row came with this delivery, too"
    before = pledge.tables()
    assert pledge.run(WEDNESDAY).code == 0
    after = pledge.tables()
    assert [name for name in before if after[name] != before[name]] == ["runs"]


def test_a_damaged_file_of_another_force_is_not_looked_at(pledge: Pledge) -> None:
    first_night(pledge)
    for file in (pledge.lake / "calls").glob("force=norfolk/*/*.parquet"):
        file.write_bytes(b"PAR1 damaged")
    rows = [call("suffolk1", "2026-03-01 10:00:00", 5, force="suffolk")]
    write(pledge.input, "calls", [*rows, call("suffolk2", "2026-03-01 11:00:00", 5, force="suffolk")])
    said = pledge.run(TUESDAY)
    assert said.code == 3, "norfolk was not judged"
    assert "calls, 2 rows read, 1 admitted, 0 quarantined, 1 unchanged; fit" in said.err
    assert pledge.states("answer_999")["suffolk2"] == "met"


def test_a_snapshot_over_a_damaged_file(pledge: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    monkeypatch.setenv("PLEDGE_SOURCES", str(folder))
    columns = "row_number, call_id, force, line, kind, received_at, answered_at"
    front = "log: calls\nformat: csv\ndelivers: snapshot"
    (folder / "whole.sql").write_text(f"/*---\n{front}\n---*/\nselect {columns} from raw\n")
    file = write(
        tmp_path, "calls", [call(f"{f}{n}", f"2026-03-01 1{n}:00:00", force=f) for f in FORCES for n in (1, 2)]
    )
    run = ("run", "--source", f"whole={file}", "--format", "json", "--as-at")
    assert pledge(*run, MONDAY).code == 0
    damaged = next((pledge.lake / "calls").glob("force=norfolk/*/*.parquet"))
    content = damaged.read_bytes()
    damaged.write_bytes(b"PAR1 damaged")
    write(tmp_path, "calls", [call(f"{f}1", "2026-03-01 11:00:00", force=f) for f in FORCES])
    assert pledge(*run, TUESDAY).code == 3
    damaged.write_bytes(content)
    assert pledge(*run, WEDNESDAY).code == 0
    assert set(pledge.states("answer_999")) == {"norfolk1", "suffolk1"}


def running(pledge: Pledge, run_id: str, started_at: datetime) -> None:
    engine = open_store(pledge.store)
    with engine.begin() as conn:
        start_run(conn, {"run_id": run_id, "as_at": started_at, "started_at": started_at, "standards": []})
    engine.dispose()


def test_a_run_killed_long_ago_is_closed_and_one_of_today_is_not(pledge: Pledge) -> None:
    now = datetime.now(UTC)
    running(pledge, "killed", now - timedelta(hours=25))
    running(pledge, "busy", now - timedelta(hours=2))
    write(pledge.input, "calls", [call("c1", "2026-03-01 10:00:00", 5)])
    said = pledge.run(MONDAY)
    assert said.code == 0, said.err
    assert "Run killed" in said.err
    assert "Run busy" not in said.err
    assert {row["run_id"]: row["status"] for row in pledge.rows("runs") if len(row["run_id"]) < 9} == {
        "killed": "failed", "busy": "running",
    }  # fmt: skip
    assert all(row["finished_at"] for row in pledge.rows("runs") if row["status"] == "failed")
    again = pledge.run(MONDAY)
    assert "Run killed" not in again.err


def test_a_run_from_an_earlier_moment_says_so(pledge: Pledge) -> None:
    write(pledge.input, "calls", [call("c1", "2026-03-01 10:00:00", None, ended_at="2026-03-02 09:00:00")])
    assert pledge.run(TUESDAY).code == 0
    assert pledge.figure("answer_999", "day", "2026-03-01")["unknown"] == 1
    assert "Warning" not in pledge.run(TUESDAY).err
    said = pledge.run(MONDAY)
    assert said.code == 0, said.err
    assert "Warning: this run judges from 2026-03-02 06:00 UTC" in said.err
    figure = pledge.figure("answer_999", "day", "2026-03-01")
    assert (figure["missed"], figure["restated"]) == (1, True)
    assert "an earlier moment" in figure["restated_why"]
    said = pledge.run(TUESDAY)
    assert (said.code, "Warning" in said.err) == (0, False)
    assert pledge.figure("answer_999", "day", "2026-03-01")["unknown"] == 1
