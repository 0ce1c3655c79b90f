"""References as keyed pseudonyms: nothing of them on disk, and every verdict as without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge
from tests.journey.test_journey_erasure import FIGURE, holding

AS_AT = "2026-03-03T06:00:00Z"


def deliver(pledge: Pledge) -> None:
    calls = [call(f"URN-C{n}", f"2026-03-01 1{n}:00:00", 5 + n) for n in range(9)]
    write(pledge.input, "calls", [*calls, call("URN-C9", "2026-03-01 09:00:00", line="998"),
                                  call("URN-C10", "2026-13-01 09:00:00", None)])  # fmt: skip
    incidents = [
        incident(f"URN-I{n}", f"2026-03-01 1{n}:01:00", 9 + n, call_id=f" URN-C{n}",
                 duplicate_of="URN-I0" if n == 5 else "") for n in range(9)
    ]  # fmt: skip
    write(pledge.input, "incidents", incidents)
    opened = "2026-01-05 10:00:00"
    crime = {"crime_id": "URN-V1", "force": "norfolk", "area": "north", "neighbourhood": "N1", "opened_at": opened}
    write(pledge.input, "victim_cases", [{**crime, "closed_at": ""}, {**crime, "crime_id": "URN-V2", "closed_at": ""}])
    contact = {"contact_id": "URN-K1", "force": "norfolk", "crime_id": "URN-V1", "contacted_at": "2026-01-20 10:00:00"}
    write(pledge.input, "victim_contacts", [{**contact, "recorded_at": "", "method": "phone"}])


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    pledge = Pledge(tmp_path / "keyed")
    key = tmp_path / "pseudonyms.key"
    assert pledge("pseudonyms", "new-key", str(key)).code == 0
    monkeypatch.setenv("PLEDGE_PSEUDONYM_KEY", str(key))
    deliver(pledge)
    said = pledge.run(AS_AT)
    assert said.code == 0, said.err
    return pledge


def test_verdicts_are_the_same_and_no_reference_is_on_disk(
    keyed: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = [_figure(row) for row in keyed.rows("verdicts")]
    states = keyed.states("attend_emergency")
    named = keyed("pseudonym", "URN-I3").out.decode().strip()
    assert states[named] == "met"
    assert [path for path in holding(keyed.folder, "URN-") if "/logs/" not in path] == []
    quarantined = keyed.rows("quarantine")
    assert {row["key"] for row in quarantined} == {
        keyed("pseudonym", f"URN-C{n}").out.decode().strip() for n in (9, 10)
    }

    monkeypatch.delenv("PLEDGE_PSEUDONYM_KEY")
    open_ = Pledge(tmp_path / "open")
    deliver(open_)
    assert open_.run(AS_AT).code == 0
    assert [_figure(row) for row in open_.rows("verdicts")] == figures
    assert sorted(open_.states("attend_emergency").values()) == sorted(states.values())


def test_a_file_is_checked_under_the_names_the_quarantine_would_have(keyed: Pledge) -> None:
    said = keyed("check", "calls", str(keyed.input / "calls.csv"), "--format", "json")
    assert b"URN-" not in said.out and "URN-" not in said.err
    assert {row["key"] for row in said.rows} == {row["key"] for row in keyed.rows("quarantine")}


def _figure(row: dict) -> dict:  # type: ignore[type-arg]
    names = (*FIGURE, "cases", "met", "missed", "pending", "unknown", "excluded", "verdict", "p50_seconds", "signal")
    return {name: row[name] for name in names}


def test_another_key_or_none_is_refused(keyed: Pledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.key"
    assert keyed("pseudonyms", "new-key", str(other)).code == 0
    for value, said in (
        (str(other), "another key"),
        ("", "key not named now"),
        (str(tmp_path / "no"), "cannot be read"),
    ):
        monkeypatch.setenv("PLEDGE_PSEUDONYM_KEY", value)
        before = len(keyed.rows("runs"))
        done = keyed.run(AS_AT)
        assert done.code == 2
        assert said in done.sentence
        assert len(keyed.rows("runs")) == before


def test_a_key_is_refused_where_references_are_stored_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pledge = Pledge(tmp_path / "open")
    deliver(pledge)
    assert pledge.run(AS_AT).code == 0
    key = tmp_path / "pseudonyms.key"
    assert pledge("pseudonyms", "new-key", str(key)).code == 0
    monkeypatch.setenv("PLEDGE_PSEUDONYM_KEY", str(key))
    assert "stored as they were delivered" in pledge.run(AS_AT).sentence


def test_a_key_is_made_once_and_outside_the_lake(tmp_path: Path) -> None:
    pledge = Pledge(tmp_path / "keys")
    pledge.lake.mkdir()
    assert pledge("pseudonyms", "new-key", str(tmp_path / "k")).code == 0
    assert (tmp_path / "k").stat().st_mode & 0o077 == 0
    kept = (tmp_path / "k").read_bytes()
    assert "there is a file already" in pledge("pseudonyms", "new-key", str(tmp_path / "k")).sentence
    assert (tmp_path / "k").read_bytes() == kept
    assert "it would lie in the lake" in pledge("pseudonyms", "new-key", str(pledge.lake / "k")).sentence
    assert "no key is set" in pledge("pseudonym", "URN-1").sentence


def test_an_erased_reference_is_found_by_its_pseudonym(keyed: Pledge) -> None:
    assert keyed("erase", "--key", "URN-C3", "--reason", "asked").code == 0
    named = keyed("pseudonym", "URN-C3").out.decode().strip()
    assert holding(keyed.lake, named) == []
    assert keyed("verify").code == 0


def test_who_read_cases_is_on_record(keyed: Pledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_USER", "auditor")
    assert len(keyed.rows("accesses")) == 0
    keyed.rows("cases", "--measure", "answer_999", "--force", "norfolk")
    keyed.rows("quarantine")
    keyed.rows("breaches")
    keyed.rows("verdicts")
    rows = keyed.rows("accesses")
    assert {
        row["command"]: (row["filters"], row["row_count"] > 0, row["form"], row["accessed_by"]) for row in rows
    } == {
        "cases": ("force, measure", True, "json", "auditor"),
        "quarantine": ("", True, "json", "auditor"),
        "breaches": ("", True, "json", "auditor"),
    }
    assert len(rows) == 3
