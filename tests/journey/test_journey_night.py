"""A night, the same night again, and the nights after it: what each adds, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from sqlalchemy import create_engine, text

from tests.journey.logs import call, incident, later, write
from tests.journey.pledge import Pledge, one

FIRST, SECOND, THIRD = (f"2026-03-0{day}T06:00:00Z" for day in (3, 4, 5))
CALLS = [
    call("a", "2026-03-02 10:00:00", 5),
    call("b", "2026-03-02 10:05:00", 25),
    call("c", "2026-03-02 10:10:00", None, abandoned_at="2026-03-02 10:10:03", ended_at="2026-03-02 10:10:03"),
    call("d", "2026-03-02 10:15:00", 5, answered_at="half past ten"),
    call("e", "2026-03-03 05:59:55", None),
    call("s", "2026-03-02 10:05:00", 40, force="suffolk", area="west"),
]
MENDED = [  # b was answered sooner than first recorded, f comes late
    *(call("b", "2026-03-02 10:05:00", 8) if row["call_id"] == "b" else row for row in CALLS),
    call("f", "2026-03-02 11:00:00", 30),
]
INCIDENTS = [
    incident("i1", "2026-03-02 12:00:00", 10),
    incident("i2", "2026-03-03 05:50:00", None),
    incident("i3", "2026-03-02 13:00:00", 16, area="south", neighbourhood="S1"),
]


def test_nights_on_either_store(tmp_path: Path, store_url: str) -> None:
    pledge = Pledge(tmp_path, store_url)
    write(pledge.input, "calls", CALLS)
    write(pledge.input, "incidents", INCIDENTS)
    _first_night(pledge)
    _same_night_again(pledge)
    _next_night(pledge)
    _late_and_corrected_rows(pledge)
    _delivered_again(pledge)


def _first_night(pledge: Pledge) -> None:
    said = pledge.run(FIRST)
    assert said.code == 0, said.err
    assert said.rows
    assert "calls.csv: calls, 6 rows read, 5 admitted, 1 quarantined" in said.err
    assert pledge.states("answer_999") == {"a": "met", "b": "missed", "c": "excluded", "e": "pending", "s": "missed"}
    assert pledge.states("attend_emergency") == {"i1": "met", "i2": "pending", "i3": "missed"}
    day = pledge.figure("answer_999", "day", "2026-03-02")
    counts = ("cases", "met", "missed", "pending", "unknown", "excluded", "numerator", "denominator")
    assert [day[name] for name in counts] == [2, 1, 1, 0, 0, 1, 1, 2]
    assert (day["verdict"], day["target"], day["rate"]) == ("too_few", 0.9, 0.5)
    assert pledge.figure("answer_999", "day", "2026-03-02", force="all")["cases"] == 3
    assert pledge.figure("answer_999", "day", "2026-03-03")["verdict"] == "in_progress"
    assert pledge.figure("attend_emergency", "day", "2026-03-02", area="south", neighbourhood="S1")["missed"] == 1
    assert pledge.figure("message_answered", "day", "2026-03-02")["verdict"] == "cannot_judge"
    refused = one(pledge.rows("quarantine"))
    assert (refused["log"], refused["key"], refused["row_number"]) == ("calls", "d", 4)
    assert refused["rule"] == "readable:answered_at"
    breached = {row["case_id"]: row["status"] for row in pledge.rows("breaches", "--measure", "answer_999")}
    assert breached == {"b": "open", "s": "open"}
    decided = one(
        row
        for row in pledge.rows("commitments", "--commitment", "5", "--force", "norfolk", "--from", "2026-03-02")
        if row["period"] == "day" and row["period_start"] == "2026-03-02" and not row["area"]
    )
    assert (decided["verdict"], decided["decided_by"]) == ("too_few", "answer_999,attend_emergency")


def _same_night_again(pledge: Pledge) -> None:
    before, versions = pledge.tables(), pledge.versions()
    said = pledge.run(FIRST)
    assert said.code == 0, said.err
    after = pledge.tables()
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before
    assert pledge.versions() == versions


def _next_night(pledge: Pledge) -> None:
    versions = pledge.versions()
    assert pledge.run(SECOND).code == 0
    assert pledge.states("answer_999")["e"] == "missed"
    assert pledge.states("attend_emergency")["i2"] == "missed"
    now = pledge.versions()
    assert {name for name in now if now[name] != versions[name]} == {"cases", "seals"}
    written = _written_by(pledge, SECOND)
    days = {row["period_start"] for row in written if row["period"] == "day"}
    assert {str(day) for day in days} == {"2026-03-03"}
    settled = {"answer_999", "attend_emergency", "eta_emergency", "deploy_emergency"}
    assert {row["measure"] for row in written} <= {*settled, "explained"}, "a new miss is to be explained"
    assert not any(row["restated"] for row in written), "a pending figure that is settled was not said before"
    assert pledge.figure("answer_999", "day", "2026-03-03")["verdict"] == "too_few"


def _late_and_corrected_rows(pledge: Pledge) -> None:
    version = pledge.versions()["calls"]
    write(pledge.input, "calls", MENDED)
    assert pledge.run(THIRD).code == 0
    assert pledge.states("answer_999") == {
        **dict.fromkeys("ab", "met"),
        **dict.fromkeys("efs", "missed"),
        "c": "excluded",
    }
    _only_their_day_is_restated(pledge)
    assert pledge.versions()["calls"] == version + 1
    held = {name: _answered(pledge, name, version) for name in ("b", "a")}
    assert held["b"] == "2026-03-02 10:05:25+00:00"
    assert _answered(pledge, "b", version + 1) == "2026-03-02 10:05:08+00:00"
    assert _answered(pledge, "a", version + 1) == held["a"]
    breached = {row["case_id"]: row["status"] for row in pledge.rows("breaches", "--measure", "answer_999")}
    assert breached == {"b": "withdrawn", "e": "open", "f": "open", "s": "open"}


def _only_their_day_is_restated(pledge: Pledge) -> None:
    written = [row for row in _written_by(pledge, THIRD) if row["measure"] == "answer_999"]
    days = [row for row in written if row["period"] == "day"]
    assert {str(row["period_start"]) for row in days} == {"2026-03-02"}
    assert {row["force"] for row in written} == {"norfolk", "all"}
    assert all(row["restated"] and row["restated_why"] == "late or corrected rows were delivered" for row in days)
    told = one(
        row
        for row in _view(pledge, "restatements")
        if (row["measure"], row["force"], row["area"], row["period"]) == ("answer_999", "norfolk", "", "day")
    )
    assert (told["old_cases"], told["new_cases"], told["old_met"], told["new_met"]) == (2, 3, 1, 2)


def _delivered_again(pledge: Pledge) -> None:
    """The same rows in another order and with one of them twice: another file, no news."""
    before, versions = pledge.tables(), pledge.versions()
    write(pledge.input, "calls", [*reversed(MENDED), MENDED[0]])
    said = pledge.run(THIRD)
    assert said.code == 0, said.err
    assert "0 admitted, 1 quarantined, 7 unchanged" in said.err
    now = pledge.versions()
    assert {name for name in now if now[name] != versions[name]} == {"seals"}  # of the delivery
    after = pledge.tables()
    for name in ("verdicts", "commitments", "cases", "breaches", "announcements"):
        assert after[name] == before[name], name


def _written_by(pledge: Pledge, as_at: str) -> list[dict[str, Any]]:
    runs = {row["run_id"] for row in pledge.rows("runs") if row["as_at"] == as_at}
    return [row for row in pledge.tables()["verdicts"] if row["run_id"] in runs]


def _answered(pledge: Pledge, call_id: str, version: int) -> str:
    table = DeltaTable(str(pledge.lake / "calls"), version=version).to_pyarrow_table()
    return str(one(row for row in table.to_pylist() if row["call_id"] == call_id)["answered_at"])


def _view(pledge: Pledge, name: str) -> list[dict[str, Any]]:
    engine = create_engine(pledge.store)
    with engine.connect() as conn:
        rows = [dict(row) for row in conn.execute(text(f"SELECT * FROM {name}")).mappings()]
    engine.dispose()
    return rows


def test_a_record_withdrawn_at_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pledge = Pledge(tmp_path)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "callers.sql").write_text(
        "/*---\nlog: calls\nforce: norfolk\ndelivers: snapshot\n---*/\n"
        "select call_id, area, line, kind, received_at, answered_at, abandoned_at, ended_at from raw\n"
    )
    monkeypatch.setenv("PLEDGE_SOURCES", str(tmp_path / "sources"))
    rows = [call("a", "2026-03-01 10:00:00", 5), call("b", "2026-03-02 10:05:00", 25)]
    file = write(pledge.folder, "calls", rows)
    night = ("run", "--source", f"callers={file}", "--as-at")
    assert pledge(*night, FIRST).code == 0
    assert one(pledge.rows("breaches"))["status"] == "open"
    write(pledge.folder, "calls", rows[:1])
    said = pledge(*night, SECOND)
    assert said.code == 0, said.err
    assert "1 records withdrawn at the source" in said.err
    assert one(pledge.rows("breaches"))["status"] == "withdrawn"
    assert pledge.states("answer_999") == {"a": "met"}
    for force in ("norfolk", "all"):
        figure = pledge.figure("answer_999", "day", "2026-03-02", force=force)
        assert (figure["cases"], figure["missed"], figure["restated"]) == (0, 0, True)
        assert "withdrawn" in figure["restated_why"]
    assert pledge.figure("answer_999", "month", "2026-03-01")["cases"] == 1
    write(pledge.folder, "calls", [call("z", later("2026-03-01 09:00:00", 0), 5)])
    assert pledge(*night, THIRD).code == 0
    assert pledge.states("answer_999") == {"z": "met"}
