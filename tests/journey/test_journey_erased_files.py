"""Erasure reaches what a database gave: the file of the fetch goes, the chain holds, the next night goes on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.sources.fetched_files import fetched_files, names
from connectors.sources.whole_fetch import MANIFEST
from tests.journey.pledge import Pledge
from tests.journey.test_journey_erasure import holding

NOW = datetime.now(UTC).replace(microsecond=0)
PLANTED = "URN-7731-planted"
DESCRIPTION = """/*---
log: calls
force: norfolk
connection: {{sql: "sqlite:///{path}"}}
query: {{table: calls, watermark: changed_at, overlap: 60}}
---*/
select row_number, call_id, '999' as line, 'public' as kind, received_at, answered_at, null as abandoned_at from raw
"""


@pytest.fixture
def cad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cad.sqlite"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("create table calls (call_id text, received_at text, answered_at text, changed_at text)")
        conn.commit()
    ring(path, PLANTED, 60)
    ring(path, "call-2", 34)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "cad.sql").write_text(DESCRIPTION.format(path=path), "utf-8")
    monkeypatch.setenv("PLEDGE_SOURCES", str(tmp_path / "sources"))
    return path


def ago(hours: int) -> datetime:
    """A night more than 36 hours ago cannot be fetched: what a database answers is of today."""
    return NOW - timedelta(hours=hours)


def ring(path: Path, call: str, hours: int) -> None:
    with closing(sqlite3.connect(path)) as conn:
        at, answered = (ago(hours) + timedelta(seconds=each) for each in (0, 5))
        conn.execute(
            "insert into calls values (?, ?, ?, ?)", (call, at.isoformat(), answered.isoformat(), answered.isoformat())
        )
        conn.commit()


def night(pledge: Pledge, hours: int) -> None:
    said = pledge("run", "--source", "cad", "--as-at", ago(hours).isoformat())
    assert said.code == 0, said.err


def test_the_file_of_a_database_goes_and_the_next_night_goes_on(cad: Path, tmp_path: Path) -> None:
    pledge = Pledge(tmp_path / "pledge")
    night(pledge, 30)
    ring(cad, "call-3", 26)
    night(pledge, 20)
    kept = {file.path for file in fetched_files(pledge.folder / "fetched")}
    with_it = {path for path in kept if names(path, lambda text: PLANTED in text)}
    assert len(kept) == 2 and len(with_it) == 1

    said = pledge("erase", "--key", PLANTED, "--reason", "asked for", "--author", "DPO")
    assert said.code == 0, said.err

    assert {file.path for file in fetched_files(pledge.folder / "fetched")} == kept - with_it
    assert holding(pledge.folder, PLANTED) == []
    assert pledge("verify").code == 0
    ring(cad, "call-4", 15)
    night(pledge, 10)
    assert set(pledge.states("answer_999")) >= {"call-2", "call-3", "call-4"}


def test_the_files_of_drops_are_found_by_the_fetch_that_named_them(tmp_path: Path) -> None:
    fetch, taken = tmp_path / "switch" / "20260301T050000000Z-a", tmp_path / "switch" / "taken"
    for folder in (fetch, taken):
        folder.mkdir(parents=True)
    (taken / "1-calls.csv").write_text(f"call_id\n{PLANTED}\n", "utf-8")
    entry = {"held": "../taken/1-calls.csv", "sha256": ""}
    gone = {"held": "../taken/2-calls.csv", "sha256": ""}
    (fetch / MANIFEST).write_text(json.dumps({"listed": {"calls": [entry, gone]}, "files": {}}), "utf-8")
    (found,) = fetched_files(tmp_path)
    assert (found.source, found.log, found.path, found.folder) == ("switch", "calls", taken / "1-calls.csv", fetch)
    assert names(found.path, lambda text: PLANTED in text)
    assert not names(found.path, lambda text: "someone else" in text)
