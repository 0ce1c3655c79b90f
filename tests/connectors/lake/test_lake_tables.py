"""The lake's tables: where they may lie, which files they name, what is kept, what happens when they cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from deltalake.exceptions import CommitFailedError

from checks.database import connect
from checks.errors import NotAnsweringError, UsageError
from checks.logs import LOGS
from connectors.lake import listing, tables
from connectors.lake.merge import merge
from connectors.lake.schema import log_schema
from connectors.lake.tables import Lake

CALLS = """
call_id,force,line,kind,received_at
a,norfolk,999,public,2026-01-15 10:00
b,norfolk,999,public,2026-02-15 10:00
c,suffolk,999,public,2026-01-15 10:00
"""


def months(files: list[str]) -> list[str]:
    return ["/".join(Path(file).parts[-3:-1]) for file in files]


@pytest.fixture(params=["short", "long"])
def lists(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way of finding files in a list: that of a long one is Arrow's."""
    if request.param == "long":
        monkeypatch.setattr(listing, "_MANY", 0)


@pytest.mark.usefixtures("lists")
def test_files_of_the_partitions_asked_for(lake, deliver) -> None:
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    assert months(lake.files("calls")) == [
        "force=norfolk/month=2026-01",
        "force=norfolk/month=2026-02",
        "force=suffolk/month=2026-01",
    ]
    assert months(lake.files("calls", force=["norfolk"], month=["2026-02", "2026-03"])) == [
        "force=norfolk/month=2026-02"
    ]
    assert lake.files("calls", force=["kent"]) == lake.files("calls", force=[]) == lake.files("incidents") == []
    assert all(Path(file).is_file() for file in lake.files("calls"))


@pytest.mark.usefixtures("lists")
def test_values_of_the_partitions_asked_for(lake, deliver) -> None:
    assert lake.listing("calls").chosen("partition.month", force=["norfolk"]) == []
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    calls = lake.listing("calls")
    assert sorted(calls.chosen("partition.month", force=["norfolk", "kent"])) == ["2026-01", "2026-02"]
    assert calls.chosen("partition.force", month=["2026-01"], force=["suffolk"]) == ["suffolk"]
    assert sorted(calls.chosen("partition.force")) == ["norfolk", "norfolk", "suffolk"]
    assert sorted(calls.written()) == calls.names()


def test_versions_and_forces(lake, deliver) -> None:
    assert lake.versions() == {}
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    places = "neighbourhood,force,active_from\nn1,kent,2020-01-01"
    merge(lake, deliver("neighbourhoods", places), set(), "d2", "")
    assert lake.versions() == {"calls": 2, "neighbourhoods": 1}
    assert lake.forces(lake.versions()) == {
        "norfolk": {"calls"},
        "suffolk": {"calls"},
        "kent": {"neighbourhoods"},
    }
    assert lake.forces({"calls": 1}) == {"norfolk": {"calls"}}
    assert months(lake.files("calls", 1)) == ["force=norfolk/month=2026-01", "force=norfolk/month=2026-02"]
    assert lake.files("calls", 0) == []


def test_another_lake_object_sees_what_was_written_since(lake, deliver) -> None:
    other = Lake(lake.location)
    assert other.versions() == {}
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    assert other.versions() == {"calls": 2}
    merge(lake, deliver("calls", CALLS.replace("999", "101")), set(), "d2", "")
    assert other.versions() == lake.versions() == {"calls": 4}
    assert other.files("calls") == lake.files("calls")
    assert len(other.files("calls", 2)) == 3


@pytest.mark.parametrize("name", ["cases", "calls", "neighbourhoods"])
def test_no_version_is_ever_cleaned_up(lake, name: str) -> None:
    kept = lake.change(name, lambda table: table.metadata().configuration)
    assert kept["delta.enableExpiredLogCleanup"] == "false"
    assert kept["delta.logRetentionDuration"] == kept["delta.deletedFileRetentionDuration"] == "interval 36500 days"


def test_an_old_version_outlives_checkpoints_and_thirty_days(lake, deliver) -> None:
    """Delta's own clean-up runs at a checkpoint and takes logs older than thirty days, unless it is told not to."""
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    log = Path(lake.location) / "calls" / "_delta_log"
    for path in log.glob("*.json"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    row = {"call_id": "z", "force": "kent", "month": "2026-01"}
    more = pa.Table.from_pylist([row], log_schema(LOGS["calls"]))
    for _ in range(101):
        lake.change("calls", lambda table: write_deltalake(table, more, mode="append"))
    assert list(log.glob("*.checkpoint.parquet")), "no checkpoint was written: the test shows nothing"
    assert connect().execute(
        "select count(*) from read_parquet(?)", [Lake(lake.location).files("calls", 2)]
    ).fetchone() == (3,)


@pytest.mark.parametrize(
    "folder", ["with space", "ümlaut", "ha#sh", "quo'te", 'say "x"', "a=b", "pl+us", "dot.", "~", "😀"]
)
def test_a_lake_in_a_folder_of_an_odd_name(tmp_path: Path, deliver, folder: str) -> None:
    lake = Lake(str(tmp_path / folder / "lake"))
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    assert merge(lake, deliver("calls", CALLS), set(), "d2", "").changed == 0
    assert len(Lake(lake.location).files("calls")) == 3
    assert all(Path(file).is_file() for file in lake.files("calls"))
    # Nothing was written anywhere else.
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("delivery")} == {folder}


@pytest.mark.parametrize(
    "folder", ["50%", "a%20b", "[1]", "a*", "what?", "a^b", "a|b", "a\\b", "force=kent", "month=1"]
)
def test_a_folder_whose_name_would_be_read_as_something_else_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UsageError, match="is in its path"):
        Lake(str(tmp_path / folder / "lake"))
    assert list(tmp_path.iterdir()) == []


def test_a_relative_location(tmp_path: Path, deliver, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Lake("my lake/")
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    assert lake.files("calls")[0].startswith("my lake/calls/force=norfolk/")
    assert len(Lake(str(tmp_path / "my lake")).files("calls")) == 3


def test_a_location_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for location in ("file", "file/lake"):
        with pytest.raises(UsageError, match="cannot be used"):
            Lake(str(tmp_path / location))


def test_a_table_that_is_no_delta_table(lake) -> None:
    log = Path(lake.location) / "calls" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("not json")
    with pytest.raises(NotAnsweringError, match="cannot be opened"):
        lake.versions()


def test_a_version_that_does_not_exist(lake, deliver) -> None:
    merge(lake, deliver("calls", CALLS), set(), "d1", "")
    with pytest.raises(NotAnsweringError, match="cannot be opened"):
        lake.files("calls", 99)


def test_a_writer_that_always_loses_says_so(lake, monkeypatch) -> None:
    monkeypatch.setattr(tables, "_TRIES", 3)
    tried = []

    def lose(table: object) -> None:
        tried.append(table)
        raise CommitFailedError("another writer was faster")

    with pytest.raises(NotAnsweringError, match="3 commits lost"):
        lake.change("calls", lose)
    assert len(tried) == 3


_UNPRIVILEGED = """
    import os, sys
    import deltalake, pyarrow
    from checks.errors import PledgeError
    from checks.logs import LOGS
    from connectors.lake.tables import Lake
    os.setuid(65534)
    try:
        Lake(sys.argv[1]).change("calls", lambda table: table.delete())
    except PledgeError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root, to become nobody")
@pytest.mark.parametrize("location", ["lake", "."])
def test_a_folder_that_may_not_be_written_to(location: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-c", textwrap.dedent(_UNPRIVILEGED), str(Path(folder, location))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("UsageError lake ")
    assert "a folder this user may write to" in done.stdout
