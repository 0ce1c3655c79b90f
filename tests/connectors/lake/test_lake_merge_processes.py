"""Several writers at once, and writers that are killed: real processes on one lake."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from checks.database import connect
from connectors.lake.tables import Lake

# Stages a file, says so, waits for a line, merges, prints what was new.
_WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from checks.logs import LOGS
    from connectors.lake.merge import merge
    from connectors.lake.staging import stage
    from connectors.lake.tables import Lake
    from connectors.sources.file import canonical, open_delivery
    lake, file, folder = sys.argv[1:]
    Path(folder).mkdir()
    staged = stage(open_delivery(canonical("calls"), Path(file)), LOGS["calls"], Path(folder))
    print("staged", flush=True)
    sys.stdin.readline()
    print(merge(Lake(lake), staged, set(), Path(folder).name, "").changed, flush=True)
""")


def delivery(folder: Path, rows: int, months: tuple[int, ...] = (1, 2, 3), force: str = "norfolk") -> Path:
    folder.mkdir()
    days = (f"2026-{months[n % len(months)]:02}-01T10:00:00Z" for n in range(rows))
    lines = [f"c{n},{force},999,public,{day}" for n, day in enumerate(days)]
    (folder / "calls.csv").write_text("\n".join(["call_id,force,line,kind,received_at", *lines]) + "\n")
    return folder / "calls.csv"


def writer(lake: Lake, file: Path, folder: Path) -> subprocess.Popen[str]:
    """A writer that has staged its file and waits to be told to merge."""
    command = [sys.executable, "-c", _WRITER, lake.location, str(file), str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "staged\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def rows_and_keys(lake: Lake) -> tuple[int, int]:
    files = lake.files("calls")
    if not files:
        return 0, 0
    count = "select count(*), count(distinct (force, call_id)) from read_parquet(?, hive_partitioning = true)"
    found = connect().execute(count, [files]).fetchone()
    assert found is not None
    return found[0], found[1]


@pytest.mark.parametrize(
    ("second", "total", "changed"),
    [
        ({}, 5_000, [0, 5_000]),  # the same file: one of them has news
        ({"months": (7, 8)}, 5_000, [5_000, 5_000]),  # the same keys in other months: one corrects the other
        ({"force": "suffolk"}, 10_000, [5_000, 5_000]),  # another force: both stand
    ],
)
def test_two_writers_at_once_leave_each_key_once(tmp_path: Path, second: dict, total: int, changed: list[int]) -> None:
    lake = Lake(str(tmp_path / "lake"))
    files = [delivery(tmp_path / "one", 5_000), delivery(tmp_path / "two", 5_000, **second)]
    writers = [writer(lake, file, tmp_path / f"staging {n}") for n, file in enumerate(files)]
    for each in writers:
        go(each)
    news = sorted(int(each.communicate(timeout=60)[0]) for each in writers)
    assert [each.returncode for each in writers] == [0, 0]
    assert (news, rows_and_keys(lake)) == (changed, (total, total))


@pytest.mark.parametrize("seconds", [0.1, 0.25, 0.5])
def test_a_writer_killed_in_the_middle_of_a_merge(tmp_path: Path, seconds: float) -> None:
    """Whenever it dies, the table can be read, its keys are distinct, and the same delivery completes it."""
    lake = Lake(str(tmp_path / "lake"))
    first, whole = delivery(tmp_path / "first", 1_000), delivery(tmp_path / "whole", 60_000, tuple(range(1, 13)))
    started = writer(lake, first, tmp_path / "staging 0")
    go(started)
    assert started.communicate(timeout=60)[0] == "1000\n"
    killed = writer(lake, whole, tmp_path / "staging 1")
    go(killed)
    time.sleep(seconds)
    killed.kill()
    killed.wait(timeout=60)
    rows, keys = rows_and_keys(lake)
    assert rows == keys
    assert rows in (1_000, 60_000)
    again = writer(lake, whole, tmp_path / "staging 2")
    go(again)
    changed = int(again.communicate(timeout=60)[0])
    assert rows_and_keys(lake) == (60_000, 60_000)
    assert (changed > 0) == (rows == 1_000)
