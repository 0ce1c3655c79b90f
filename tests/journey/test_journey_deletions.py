"""A source that says which records were deleted: their keys are withdrawn, whatever brought the news."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.journey.pledge import Pledge, one
from tests.police_uk_server import PoliceUkServer
from tests.sftp_server import PASSWORD, USER, SftpServer

# What is fetched over HTTP is of the last hours; two nights, an hour apart.
DAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
NIGHTS = [(DAY + timedelta(hours=hours)).isoformat() for hours in (2, 3, 4, 5)]
MONTH = f"{DAY.astimezone(ZoneInfo('Europe/London')):%Y-%m}-01"
COLUMNS = ("call_no", "rang_at", "answered_at", "op", "changed_at")
DESCRIPTION = """\
/*---
log: calls
force: norfolk
deleted: is_deleted
{front}
---*/
select
    row_number, call_no as call_id, '999' as line, if(op = 'D', null, 'public') as kind, rang_at as received_at,
    answered_at, null as abandoned_at, known(op, map {{'I': 'false', 'U': 'false', 'D': 'true'}}) as is_deleted
from raw
"""

Row = dict[str, str]


def answered(call_no: str, minute: int, seconds: int, op: str = "I", night: int = 0, day: datetime = DAY) -> Row:
    at = day + timedelta(minutes=minute)
    values = (call_no, at.isoformat(), (at + timedelta(seconds=seconds)).isoformat(), op, NIGHTS[night])
    return dict(zip(COLUMNS, values, strict=True))


def deleted(call_no: str, night: int) -> Row:
    """As a change log has it: the key and no more."""
    return dict.fromkeys(COLUMNS, "") | {"call_no": call_no, "op": "D", "changed_at": NIGHTS[night]}


FIRST = [answered("a", 1, 5), answered("b", 2, 25), answered("c", 3, 30)]
SECOND = [deleted("b", 1), deleted("x", 1), answered("d", 4, 5, night=1)]


@pytest.fixture
def home(pledge: Pledge, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    (pledge.folder / "sources").mkdir()
    monkeypatch.setenv("PLEDGE_SOURCES", str(pledge.folder / "sources"))
    monkeypatch.setenv("NORFOLK_SECRET", PASSWORD)
    return pledge


def describe(home: Pledge, front: str) -> None:
    (home.folder / "sources" / "cad.sql").write_text(DESCRIPTION.format(front=front))


def write(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


# Each brings the rows of one night, and gives what `--source` is to name.
Bring = Callable[[list[Row]], str]


def by_file(home: Pledge) -> Iterator[Bring]:
    describe(home, "format: csv")
    yield lambda rows: f"cad={write(home.folder / 'changes.csv', rows)}"


def by_database(home: Pledge) -> Iterator[Bring]:
    """A table whose rows are marked, not removed."""
    place = home.folder / "cad.sqlite"
    describe(home, f"connection:\n  sql: sqlite:///{place}\nquery:\n  table: call_log\n  watermark: changed_at")
    with sqlite3.connect(place) as conn:
        conn.execute(f"create table call_log ({', '.join(f'{name} text' for name in COLUMNS)})")

    def bring(rows: list[Row]) -> str:
        with sqlite3.connect(place) as conn:
            for row in rows:
                conn.execute("delete from call_log where call_no = ?", [row["call_no"]])
                conn.execute(f"insert into call_log values ({', '.join('?' * len(COLUMNS))})", list(row.values()))
        return "cad"

    yield bring


def by_http(home: Pledge) -> Iterator[Bring]:
    with PoliceUkServer({}) as server:
        describe(home, f"connection:\n  http: {server.url}\n  plain_http: true\n  records: changes")

        def bring(rows: list[Row]) -> str:
            server.other["changes"] = rows
            return "cad"

        yield bring


def by_sftp(home: Pledge) -> Iterator[Bring]:
    (home.folder / "drops").mkdir()
    with SftpServer(home.folder / "drops") as server:
        describe(
            home,
            f"format: csv\nfiles: '*.csv'\nconnection:\n  drops: {server.url}\n  user: {USER}\n"
            f"  secret: NORFOLK_SECRET\n  host_key: {server.host_key}\n  settle_seconds: 0",
        )
        names = iter("12345")

        def bring(rows: list[Row]) -> str:
            path = write(home.folder / "drops" / f"{next(names)}.csv", rows)
            moment = datetime.fromisoformat(NIGHTS[int(path.stem) - 1]).timestamp() - 60
            os.utime(path, (moment, moment))
            return "cad"

        yield bring


def night(home: Pledge, number: int, source: str) -> str:
    said = home("run", "--source", source, "--as-at", NIGHTS[number], "--format", "json")
    assert said.code == 0, said.err
    return said.err


def newest(home: Pledge) -> dict[str, Any]:
    return max(home.tables()["deliveries"], key=lambda row: str(row["received_at"]))


@pytest.mark.parametrize("kind", [by_file, by_database, by_http, by_sftp])
def test_a_deletion_withdraws_its_key(home: Pledge, kind: Callable[[Pledge], Iterator[Bring]]) -> None:
    for bring in kind(home):
        night(home, 0, bring(FIRST))
        assert home.states("answer_999") == {"a": "met", "b": "missed", "c": "missed"}
        source = bring(SECOND)
        night(home, 1, source)
        assert home.states("answer_999") == {"a": "met", "c": "missed", "d": "met"}
        row = newest(home)
        assert row["reason"] == "1 records withdrawn at the source; 1 deletions of records that are not held"
        assert row["rows_read"] == row["rows_admitted"] + row["rows_quarantined"] + row["rows_unchanged"] + 1
        assert {each["case_id"]: each["status"] for each in home.rows("breaches")} == {"b": "withdrawn", "c": "open"}
        figure = home.figure("answer_999", "month", MONTH)
        assert (figure["cases"], figure["met"], figure["missed"]) == (3, 2, 1)

        before, versions = home.tables(), home.versions()
        night(home, 1, source)
        after = home.tables()
        assert len(after.pop("runs")) == len(before.pop("runs")) + 1
        assert (after, home.versions()) == (before, versions), "the same night again adds a run and no more"

        night(home, 2, bring([answered("b", 2, 8, night=2)]))
        assert home.states("answer_999") == {"a": "met", "b": "met", "c": "missed", "d": "met"}


def test_marks_that_cannot_be_read_and_words_that_contradict_each_other(home: Pledge) -> None:
    bring = next(by_file(home))
    night(home, 0, bring(FIRST))
    odd = [
        answered("a", 1, 5, op="?"), deleted("b", 1), deleted("b", 1), deleted("c", 1), answered("c", 3, 9),
        deleted("", 1), answered("e", 5, 5, op=""),
    ]  # fmt: skip
    source = bring(odd)
    checked = home(
        "check", "--source", "cad", "calls", source.partition("=")[2], "--as-at", NIGHTS[1], "--format", "json"
    )
    assert "7 rows read, 4 would be quarantined, 4 marked as deleted; fit" in checked.err
    found = {(row["row_number"], row["key"], row["rule"]) for row in json.loads(checked.out)}
    assert found == {
        (1, "a", "readable:deleted"), (4, "c", "key_conflict"), (5, "c", "key_conflict"), (6, "", "required:call_id"),
    }  # fmt: skip
    assert one(row for row in json.loads(checked.out) if row["row_number"] == 1)["sentence"] == (
        "The mark that the record is deleted is there but cannot be read; expected true or false."
    )
    night(home, 1, source)
    assert home.states("answer_999") == {"a": "met", "c": "missed", "e": "met"}, "what is refused changes nothing"
    row = newest(home)
    assert (row["rows_read"], row["rows_admitted"], row["rows_quarantined"], row["rows_unchanged"]) == (7, 1, 4, 1)
    assert row["reason"] == "1 records withdrawn at the source"
    assert {each["row_number"] for each in home.tables()["quarantine"]} == {1, 4, 5, 6}


def test_deletions_alone_fill_no_gap_and_date_nothing(home: Pledge) -> None:
    bring = next(by_file(home))
    night(home, 0, bring([deleted("nobody", 0), {**answered("long ago", -90 * 1440, 5), "op": "D"}]))
    row = newest(home)
    assert (row["rows_read"], row["rows_unchanged"], row["covers_from"], row["covers_to"]) == (2, 2, None, None)
    assert row["reason"] == "2 deletions of records that are not held"
    assert "calls" not in home.versions()
    night(home, 1, bring(FIRST))
    night(home, 2, bring([deleted(each, 2) for each in "abc"]))
    assert home.states("answer_999") == {}
    assert {each["status"] for each in home.rows("breaches")} == {"withdrawn"}
    assert home.figure("answer_999", "month", MONTH)["cases"] == 0


def test_a_day_that_is_over_is_restated_and_says_why(home: Pledge) -> None:
    bring = next(by_file(home))
    day = datetime(2026, 3, 2, 10, tzinfo=UTC)
    rows = [answered("a", 1, 5, day=day), answered("b", 2, 25, day=day)]
    for as_at, these in (("2026-03-03T06:00:00Z", rows), ("2026-03-04T06:00:00Z", [deleted("b", 0)])):
        said = home("run", "--source", bring(these), "--as-at", as_at)
        assert said.code == 0, said.err
    figure = home.figure("answer_999", "day", "2026-03-02")
    assert (figure["cases"], figure["met"], figure["missed"], figure["restated"]) == (1, 1, 0, True)
    assert figure["restated_why"] == "records withdrawn at the source"
    assert one(home.rows("breaches"))["status"] == "withdrawn"
