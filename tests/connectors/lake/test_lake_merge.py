"""Merging: what a delivery leaves in the lake, and what a later one changes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from checks.database import connect
from checks.logs import LOGS
from connectors.lake import merge as merging
from connectors.lake.merge import Merged, merge
from connectors.lake.staging import Staged
from connectors.lake.tables import Lake

HEADER = "call_id,force,line,kind,received_at,answered_at"


def calls(*rows: str) -> str:
    return "\n".join([HEADER, *(",".join(cell.strip() for cell in row.split("|")) for row in rows)])


def held(lake: Lake, log: str, columns: str, version: int | None = None) -> list[tuple]:
    """The rows of a log as `columns`, ordered."""
    con = connect()
    parts = "hive_partitioning = true, hive_types = {'force': varchar, 'month': varchar}"
    files = lake.files(log, version)
    return con.execute(f"select {columns} from read_parquet(?, {parts}) order by all", [files]).fetchall()


def version(lake: Lake, log: str = "calls") -> int:
    table = lake.table(log)
    assert table is not None
    return table.version()


def put(lake: Lake, staged: Staged, name: str, refused: Sequence[int] = (), lacks: str = "") -> Merged:
    return merge(lake, staged, set(refused), name, lacks)


ONE_NIGHT = calls(
    "a | norfolk | 999 | public | 2026-01-31 23:59:59 | 2026-02-01 00:00:09",
    "b | norfolk | 999 | public | 2026-02-01 00:00    |",
    "a | suffolk | 101 | public | 2026-07-01 00:30    | 2026-07-01 00:31",
)


def test_new_rows_are_filed_by_force_and_month_of_utc(lake, deliver) -> None:
    assert put(lake, deliver("calls", ONE_NIGHT), "d1") == Merged(3, 0)
    assert held(lake, "calls", "call_id, force, month, line, answered_at is null, delivery_id, row_number") == [
        ("a", "norfolk", "2026-01", "999", False, "d1", 1),
        ("a", "suffolk", "2026-06", "101", False, "d1", 3),
        ("b", "norfolk", "2026-02", "999", True, "d1", 2),
    ]


def test_a_delivery_again_changes_nothing_and_makes_no_version(lake, deliver) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    before = version(lake)
    assert put(lake, deliver("calls", ONE_NIGHT), "d2") == Merged(0, 3)
    assert version(lake) == before
    assert {row[0] for row in held(lake, "calls", "delivery_id")} == {"d1"}


def test_a_correction_replaces_and_the_earlier_version_stays_reachable(lake, deliver) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    before = version(lake)
    correction = calls("b | norfolk | 999 | public | 2026-02-01 00:00 | 2026-02-01 00:00:12")
    assert put(lake, deliver("calls", correction), "d2") == Merged(1, 0)
    where = "call_id, force, answered_at::varchar, delivery_id"
    assert held(lake, "calls", where)[2] == ("b", "norfolk", "2026-02-01 00:00:12+00", "d2")
    assert held(lake, "calls", where, before)[2] == ("b", "norfolk", None, "d1")
    assert held(lake, "calls", "count(*)") == [(3,)]


def test_a_value_withdrawn_by_a_correction_is_gone(lake, deliver) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    assert put(lake, deliver("calls", calls("a | norfolk | 999 | public | 2026-01-31 23:59:59 |")), "d2").changed == 1
    assert held(lake, "calls", "force, answered_at is null") == [
        ("norfolk", True),
        ("norfolk", True),
        ("suffolk", False),
    ]


def test_a_correction_that_moves_a_row_to_another_month_leaves_one_row(lake, deliver) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    moved = calls(
        "a | norfolk | 999 | public | 2025-12-31 23:59:59 |", "c | norfolk | 999 | public | 2026-01-01 10:00 |"
    )
    assert put(lake, deliver("calls", moved), "d2") == Merged(2, 0)
    assert held(lake, "calls", "call_id, month") == [
        ("a", "2025-12"),
        ("a", "2026-06"),
        ("b", "2026-02"),
        ("c", "2026-01"),
    ]


def test_refused_rows_and_repeats_stay_out_and_are_not_counted_as_said_before(lake, deliver) -> None:
    staged = deliver("calls", ONE_NIGHT + "\n" + ONE_NIGHT.splitlines()[2])
    assert staged.repeats == {4}
    assert put(lake, staged, "d1", refused=[1]) == Merged(2, 1)
    assert held(lake, "calls", "call_id, row_number") == [("a", 3), ("b", 2)]


def test_nothing_to_merge(lake, deliver) -> None:
    assert put(lake, deliver("calls", HEADER), "d1") == Merged(0, 0)
    assert put(lake, deliver("calls", ONE_NIGHT), "d2", refused=[1, 2, 3]) == Merged(0, 0)
    assert lake.versions() == {}


def test_a_column_that_was_lacking_and_is_delivered_now(lake, deliver) -> None:
    without = "\n".join(line.rsplit(",", 1)[0] for line in ONE_NIGHT.splitlines())
    put(lake, deliver("calls", without), "d1", lacks="calls.answered_at")
    assert {row[0] for row in held(lake, "calls", "lacks")} == {"calls.answered_at"}
    # b was not answered: delivered but empty is another thing than not delivered.
    assert put(lake, deliver("calls", ONE_NIGHT), "d2") == Merged(3, 0)
    assert held(lake, "calls", "lacks, answered_at is null") == [("", False), ("", False), ("", True)]


@pytest.mark.parametrize(
    ("log", "text", "correction"),
    [
        (
            "neighbourhoods",
            "neighbourhood,force,name,active_from\nn1,norfolk,Abbey <b>Ward</b>,2020-01-01\nn2,norfolk,,2020-01-01",
            "neighbourhood,force,name,active_from\nn1,norfolk,Abbey,2020-01-01\nn2,norfolk,,2020-01-01",
        ),
        (
            "agreed_hours",
            "neighbourhood,force,weekday,from_time,to_time,valid_from_on,valid_to_on\n"
            "n1,norfolk,monday,09:00,17:00,2026-01-01,\nn1,norfolk,monday,18:00,20:00,2026-01-01,",
            "neighbourhood,force,weekday,from_time,to_time,valid_from_on,valid_to_on\n"
            "n1,norfolk,Mon,09:00:00,16:00:00,2026-01-01,\nn1,norfolk,1,18:00:00,20:00,2026-01-01,",
        ),
    ],
)
def test_logs_without_months(lake, deliver, log: str, text: str, correction: str) -> None:
    assert put(lake, deliver(log, text), "d1") == Merged(2, 0)
    assert put(lake, deliver(log, correction), "d2") == Merged(1, 1)
    assert held(lake, log, "month, delivery_id") == [("undated", "d1"), ("undated", "d2")]


@pytest.mark.parametrize("log", sorted(LOGS))
def test_every_log_can_be_merged_twice(lake, deliver, log: str) -> None:
    """One row with every column filled, by kind; the second time nothing is new."""
    texts = {
        "moment": "2026-03-01 10:00:00.000001",
        "date": "2026-03-01",
        "month": "2026-03",
        "time": "09:00",
        "count": "3",
        "flag": "true",
        "slug": "norfolk",
        "weekday": "monday",
        "text": 'o\'Neill "x"',
    }
    row = {c.name: c.values[0] if c.values else texts[c.kind] for c in LOGS[log].columns}
    quoted = ",".join('"' + value.replace('"', '""') + '"' for value in row.values())
    text = ",".join(row) + "\n" + quoted
    assert put(lake, deliver(log, text), "d1") == Merged(1, 0)
    assert put(lake, deliver(log, text), "d2") == Merged(0, 1)
    assert held(lake, log, "count(*)") == [(1,)]


def test_a_large_delivery_goes_in_month_by_month(lake, deliver, monkeypatch) -> None:
    monkeypatch.setattr(merging, "_ONE_COMMIT", 2)
    rows = [f"c{month}{n} | norfolk | 999 | public | 2026-{month:02}-15 10:00 |" for month in range(1, 5) for n in "ab"]
    rows += ["c11 | suffolk | 999 | public | 2026-01-15 10:00 |"]
    assert put(lake, deliver("calls", calls(*rows)), "d1") == Merged(9, 0)
    assert version(lake) == 5
    moved = calls(
        "c1a | norfolk | 999 | public | 2026-04-15 10:00 |", "c4a | norfolk | 999 | public | 2026-01-15 10:00 |"
    )
    assert put(lake, deliver("calls", moved), "d2") == Merged(2, 0)
    assert held(lake, "calls", "count(*), count(distinct call_id)") == [(9, 9)]


def test_only_the_months_that_are_spoken_of_are_rewritten(lake, deliver) -> None:
    rows = [f"c{month}{n} | norfolk | 999 | public | 2026-0{month}-15 10:00 |" for month in range(1, 7) for n in "ab"]
    put(lake, deliver("calls", calls(*rows)), "d1")
    before = set(lake.files("calls"))
    put(lake, deliver("calls", calls("c3a | norfolk | 999 | public | 2026-03-15 10:00 | 2026-03-15 10:01")), "d2")
    gone = before - set(lake.files("calls"))
    assert [Path(path).parent.name for path in gone] == ["month=2026-03"]


# Leftovers and size -------------------------------------------------------------------------------------------------


def test_what_a_killed_writer_left_is_swept_but_not_what_another_may_be_writing(lake, deliver) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    folder = Path(lake.files("calls")[0]).parent
    old, young = folder / "part-0-old.snappy.parquet#1", folder / "part-0-young.snappy.parquet#2"
    for path in (old, young):
        path.write_bytes(b"PAR1")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    put(lake, deliver("calls", calls("z | norfolk | 999 | public | 2026-02-01 00:00 |")), "d2")
    assert (old.exists(), young.exists()) == (False, True)
    assert held(lake, "calls", "count(*)") == [(4,)]


def test_a_hundred_thousand_keys(lake, deliver, capsys) -> None:
    months = (f"2026-{n % 3 + 1:02}-15T10:00:0" for n in range(100_000))
    rows = [f"c{n},norfolk,999,public,{month}0Z,{month}{n % 9}Z" for n, month in enumerate(months)]
    corrected = [*rows[:-5], *(row.rsplit(",", 1)[0] + "," for row in rows[-5:])]
    first, second = (deliver("calls", "\n".join([HEADER, *these])) for these in (rows, corrected))
    took = []
    for staged, expected in ((first, Merged(100_000, 0)), (first, Merged(0, 100_000)), (second, Merged(5, 99_995))):
        started = time.perf_counter()
        assert put(lake, staged, f"d{len(took)}") == expected
        took.append(time.perf_counter() - started)
    assert held(lake, "calls", "count(*), count(distinct call_id)") == [(100_000, 100_000)]
    with capsys.disabled():
        print("\n100,000 keys: new {:.2f} s, repeated {:.2f} s, five corrected {:.2f} s".format(*took))
