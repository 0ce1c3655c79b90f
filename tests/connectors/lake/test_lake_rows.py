"""A row under every version that changed it, and versions older than Delta itself would keep."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from checks.database import connect
from checks.logs import LOGS
from connectors.lake.merge import merge
from connectors.lake.rows import lay_rows, row_history
from connectors.lake.tables import Lake
from connectors.lake.withdrawing import withdraw

CALLS = LOGS["calls"]
HEAD = "call_id,force,line,kind,received_at\n"
A, B = "a,norfolk,999,public,2026-01-15 10:00", "b,norfolk,999,public,2026-01-16 10:00"
FORTY_DAYS = 40 * 86_400


def test_a_row_that_was_corrected_moved_and_withdrawn(lake, deliver) -> None:
    merge(lake, deliver("calls", f"{HEAD}{A}\n{B}"), set(), "d1", "")
    merge(lake, deliver("calls", f"{HEAD}{A}\n{B}"), set(), "same again", "")
    merge(lake, deliver("calls", f"{HEAD}{B}\n{A.replace('999', '101')}"), set(), "d2", "")
    merge(lake, deliver("calls", f"{HEAD}{A.replace('999', '101').replace('-01-', '-02-')}"), set(), "d3", "")
    withdraw(lake, deliver("calls", f"{HEAD}{B}"), set(), "w")
    history = row_history(lake, CALLS, "norfolk", [("a", "norfolk"), ("b", "norfolk")], lake.versions()["calls"])
    of_a = history["a", "norfolk"]
    assert [each["delivery_id"] for each in of_a] == ["d1", "d2", "d3", None]
    assert [each["row_number"] for each in of_a] == [1, 2, 1, None]
    assert [each["row"] and (each["row"]["line"], each["row"]["received_at"]) for each in of_a] == [
        ("999", datetime(2026, 1, 15, 10)),
        ("101", datetime(2026, 1, 15, 10)),
        ("101", datetime(2026, 2, 15, 10)),
        None,
    ]
    assert [each["version"] for each in of_a] == sorted(each["version"] for each in of_a)
    assert [each["delivery_id"] for each in history["b", "norfolk"]] == ["d1"]


def test_rows_as_an_earlier_version_had_them(lake, deliver) -> None:
    merge(lake, deliver("calls", f"{HEAD}{A}"), set(), "d1", "")
    first = lake.versions()["calls"]
    merge(lake, deliver("calls", f"{HEAD}{A.replace('999', '101')}\n{B}"), set(), "d2", "")
    assert [
        each["delivery_id"] for each in row_history(lake, CALLS, "norfolk", [("a", "norfolk")], first)["a", "norfolk"]
    ] == ["d1"]
    assert row_history(lake, CALLS, "norfolk", [("b", "norfolk")], first) == {("b", "norfolk"): []}
    assert row_history(lake, CALLS, "kent", [], first) == {}
    con = connect()
    lay_rows(con, CALLS, lake.files("calls", first))
    assert con.execute("select call_id, line, delivery_id, row_number from calls").fetchall() == [("a", "999", "d1", 1)]
    lay_rows(con, CALLS, [])
    assert con.execute("select count(*) from calls").fetchone() == (0,)


def test_a_version_of_forty_days_ago_is_read_after_another_write_and_checkpoint(lake, deliver) -> None:
    """Beside it the same table as Delta makes it by itself: what it cleans up there is kept here."""
    merge(lake, deliver("calls", f"{HEAD}{A}"), set(), "d1", "")
    first = lake.versions()["calls"]
    merge(lake, deliver("calls", f"{HEAD}{A.replace('999', '101')}"), set(), "d2", "")
    ordinary = Path(lake.location).parent / "ordinary" / "calls"
    shutil.copytree(Path(lake.location) / "calls", ordinary)
    _forget_the_configuration(ordinary)
    for folder in (Path(lake.location) / "calls", ordinary):
        _age(folder)
    for place in (lake.location, str(ordinary.parent)):
        merge(Lake(place), deliver("calls", f"{HEAD}{B}"), set(), "d3", "")
        table = DeltaTable(f"{place}/calls")
        table.create_checkpoint()
        table.cleanup_metadata()
        table.vacuum(retention_hours=None, dry_run=False)
    aged = Lake(lake.location)
    found = connect().execute("select line from read_parquet(?)", [aged.files("calls", first)]).fetchall()
    assert found == [("999",)]
    keys = [("a", "norfolk")]
    history = row_history(aged, CALLS, "norfolk", keys, aged.versions()["calls"])[keys[0]]
    assert [each["delivery_id"] for each in history] == ["d1", "d2"]
    assert all(time.time() - each["written_at"].timestamp() > FORTY_DAYS - 3600 for each in history)
    with pytest.raises((DeltaError, OSError)):
        missing = [file for file in DeltaTable(str(ordinary), version=first).file_uris() if not Path(file).exists()]
        raise FileNotFoundError(missing[0])


def _forget_the_configuration(table: Path) -> None:
    for path in sorted((table / "_delta_log").glob("*.json")):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for line in lines:
            if "metaData" in line:
                line["metaData"]["configuration"] = {}
        path.write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")


def _age(table: Path) -> None:
    """As if everything in the table had been written forty days ago: the commits say so, and so do the files."""
    then = time.time() - FORTY_DAYS
    for path in sorted((table / "_delta_log").glob("*.json")):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for line in lines:
            for action, named in (("commitInfo", "timestamp"), ("remove", "deletionTimestamp")):
                if action in line and named in line[action]:
                    line[action][named] = int(then * 1000)
        path.write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    for path in table.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))
