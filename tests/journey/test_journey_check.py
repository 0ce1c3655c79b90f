"""`pledge check`: what a run would say of a delivery, row by row, and nothing stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journey.conftest import AS_AT
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, run_here

GOOD = [call(f"c{n}", f"2026-03-02 10:{n:02}:00") for n in range(30)]


@pytest.fixture
def desk(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    """Lake and store at their defaults below an empty working folder."""
    monkeypatch.chdir(pledge.folder)
    return pledge


def test_a_fit_file_and_its_bad_rows(desk: Pledge) -> None:
    bad = [
        call("late", "2026-03-02 11:00:00", answered_at="after tea"),
        call("odd", "2026-03-02 11:01:00", line="998"),
        call("", "2026-03-02 11:02:00"),
        call("twice", "2026-03-02 11:03:00", 5),
        call("twice", "2026-03-02 11:03:00", 6),
        call("gap", "2026-03-29 01:30:00", 5),
        call("backwards", "2026-03-02 11:05:00", -30),
    ]
    write(desk.input, "calls", [*GOOD, *bad])
    said = run_here("check", "calls", "logs/calls.csv", "--as-at", AS_AT, "--format", "json")
    assert said.code == 0, said.err
    found = {(row["row_number"], row["rule"]) for row in said.rows if not row["rule"].startswith("future")}
    assert found == {
        (31, "readable:answered_at"), (32, "value_set:line"), (33, "required:call_id"), (34, "key_conflict"),
        (35, "key_conflict"), (36, "readable:received_at"), (36, "readable:answered_at"), (36, "readable:ended_at"),
    }  # fmt: skip
    assert all(
        row["sentence"].endswith(".") and set(row) == {"row_number", "key", "rule", "sentence"} for row in said.rows
    )
    assert "37 rows read, 6 would be quarantined; fit" in said.err
    assert "flagged, kept: order:received_at/answered_at" in said.err
    assert {path.name for path in desk.folder.iterdir()} == {"logs"}, "nothing is stored"


def test_an_unfit_file(desk: Pledge) -> None:
    bad = [call(f"bad{n}", "2026-03-02 11:00:00", line="998") for n in range(21)]
    write(desk.input, "calls", [*GOOD, *bad])
    said = run_here("check", "calls", "logs/calls.csv", "--as-at", AS_AT)
    assert said.code == 1
    assert "unfit: 21 of 51 rows were quarantined" in said.err
    (desk.input / "calls.csv").write_bytes(b"\x00\x01\x02")
    said = run_here("check", "calls", "logs/calls.csv", "--as-at", AS_AT)
    assert (said.code, "unfit" in said.err, "Traceback" in said.err) == (1, True, False)
    assert {path.name for path in desk.folder.iterdir()} == {"logs"}


def test_by_a_source_description(desk: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sources").mkdir()
    Path("sources/switch.sql").write_text(
        "/*---\nlog: calls\nforce: norfolk\n---*/\n"
        "select \"No\" as call_id, '999' as line, 'public' as kind,\n"
        "moment(\"Rang\", '%d/%m/%Y %H:%M:%S') as received_at from raw\n"
    )
    monkeypatch.setenv("PLEDGE_SOURCES", "sources")
    Path("logs/switch.csv").write_text("No,Rang\n1,02/03/2026 10:00:00\n2,2026-03-02 10:00\n")
    said = run_here("check", "calls", "logs/switch.csv", "--source", "switch", "--as-at", AS_AT, "--format", "json")
    assert said.code == 0, said.err
    assert [(row["row_number"], row["rule"]) for row in said.rows] == [(2, "readable:received_at")]
