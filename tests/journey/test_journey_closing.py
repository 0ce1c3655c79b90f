"""`pledge close` and `pledge signings`: who may sign what, once; what changed since; what the chain says of it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one

APRIL = "2026-04-01T06:00:00Z"
SIGN = ("close", "--month", "2026-03", "--by", "A. Registrar")


@pytest.fixture(scope="module")
def judged_march(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """A month of calls, one of them late, and a run on the morning after."""
    pledge = Pledge(tmp_path_factory.mktemp("march"))
    rows = [call(f"c{day}", f"2026-03-{day:02} 12:00:00", 30 if day == 3 else 5) for day in range(1, 32)]
    write(pledge.input, "calls", rows)
    assert pledge.run(APRIL).code == 0
    return pledge


@pytest.fixture
def march(judged_march: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    """A copy of it, and two registrars."""
    monkeypatch.setenv("PLEDGE_REGISTRARS", "A. Registrar, B. Registrar")
    shutil.copytree(judged_march.folder, tmp_path / "mine")
    return Pledge(tmp_path / "mine")


def test_signed_once_published_and_on_record(march: Pledge) -> None:
    before = march.tables()
    said = march(*SIGN, "--note", "all looked at", "--format", "json")
    assert said.code == 0, said.err
    assert "No night is missing." in said.err and "A. Registrar signed 2026-03." in said.err
    row = one(march.rows("signings"))
    assert (row["decision"], row["via"], row["note"]) == ("signed", "command", "all looked at")
    assert not row["provisional"] and not row["restated"] and row["run_id"] == one(march.rows("runs"))["run_id"]
    assert (march.folder / "published" / "2026-03" / "verdicts.csv").is_file()
    assert (march.folder / "site" / "index.html").is_file() and (
        march.folder / "site-published" / "index.html"
    ).is_file()
    after = march.tables()
    assert {name for name in after if after[name] != before[name]} == {"signings"}
    assert "had signed it before" in march(*SIGN).err
    assert len(march.rows("signings")) == 1
    assert march("close", "--month", "2026-03", "--by", "B. Registrar").code == 0
    assert [row["signed_by"] for row in march.rows("signings")] == ["A. Registrar", "B. Registrar"]


def test_who_may_not_sign(march: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    said = march("close", "--month", "2026-03", "--by", "Sgt 1234")
    assert said.code == 2 and "not that of a registrar" in said.sentence and "Sgt" not in said.sentence
    day = ("--measure", "answer_999", "--force", "norfolk", "--day", "2026-03-03")
    assert march("acknowledge", *day, "--by", "a. registrar").code == 0
    said = march(*SIGN)
    assert said.code == 2 and "outside the operational line" in said.sentence
    monkeypatch.delenv("PLEDGE_REGISTRARS")
    assert "nobody is named who may sign" in march(*SIGN).sentence
    assert march.rows("signings") == []


@pytest.mark.parametrize(
    ("month", "why"),
    [("2026-04", "no run has judged from after its end"), ("2026-3x", "is not a month"), ("", "is not a month")],
)
def test_what_cannot_be_signed(march: Pledge, month: str, why: str) -> None:
    said = march("close", "--month", month, "--by", "A. Registrar")
    assert said.code == 2 and why in said.sentence


def test_missing_nights_are_named_and_make_it_provisional(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_REGISTRARS", "A. Registrar")
    rows = [call(f"c{n}", f"2026-03-{n // 10 + 3:02} 12:00:00", 5) for n in range(290)]
    write(pledge.input, "calls", rows)
    assert pledge.run(APRIL).code == 0
    said = pledge(*SIGN)
    assert (
        said.code == 2 and "norfolk calls 2026-03-01 to 2026-03-02" in said.sentence and pledge.rows("signings") == []
    )
    assert pledge(*SIGN, "--provisional").code == 0
    row = one(pledge.rows("signings"))
    assert row["provisional"] and row["missing_nights"] == "norfolk calls 2026-03-01 to 2026-03-02"


def test_a_refusal_is_kept_and_publishes_nothing(march: Pledge) -> None:
    assert march(*SIGN, "--refuse", "--note", "the figures of the 3rd look odd").code == 0
    assert one(march.rows("signings"))["decision"] == "refused"
    assert not (march.folder / "published" / "2026-03").exists()


def test_what_was_restated_since_says_so_and_a_changed_signature_breaks_the_chain(
    march: Pledge, tmp_path: Path
) -> None:
    assert march(*SIGN).code == 0
    assert march("verify").code == 0
    late = Pledge(tmp_path / "late", march.store)
    write(late.input, "calls", [call("late", "2026-03-09 12:00:00", 90)])
    again = march("run", "--input", str(late.input), "--as-at", "2026-04-02T06:00:00Z")
    assert again.code == 0, again.err
    assert one(march.rows("signings"))["restated"] is True
    assert march("verify").code == 0, "the run of the 2nd vouches for the signature"
    with sqlite3.connect(march.folder / "pledge.sqlite") as store:
        store.execute("DROP TRIGGER signings_no_update")
        store.execute("UPDATE signings SET signed_by = 'Somebody else'")
    said = march("verify")
    assert said.code == 4 and b"signings" in said.out
