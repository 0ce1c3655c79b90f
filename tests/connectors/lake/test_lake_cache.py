"""Copies of a lake's files on this machine: whole or not there, taken away only while nobody reads."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.errors import NotAnsweringError, UsageError
from connectors.lake.cache import Bounds, Cache

NAMES = ("calls/force=a/month=1/x.parquet", "calls/force=b/month=1/y.parquet")
PLENTY = Bounds(1e9, 30)

# Another process: reads what is named, says so, waits for a line.
_READER = textwrap.dedent("""
    import sys
    from connectors.lake.cache import Bounds, Cache
    folder, most_bytes, most_days, *names = sys.argv[1:]
    cache = Cache(folder, "lake", Bounds(float(most_bytes), float(most_days)))
    print(*cache.files(names, lambda name: iter([name.encode() * 100])), flush=True)
    sys.stdin.readline()
""")


class Lake:
    """A lake of a few bytes, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.cache = Cache(str(folder / "cache"), "lake", PLENTY)

    def fetch(self, name: str) -> Iterator[bytes]:
        self.asked.append(name)
        yield from (name.encode(), b"!")

    def read(self, *names: str) -> list[bytes]:
        return [Path(path).read_bytes() for path in self.cache.files(names, self.fetch)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def reader(folder: Path, bounds: Bounds, *names: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _READER, str(folder), str(bounds.most_bytes), str(bounds.most_days), *names]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert len(process.stdout.readline().split()) == len(names)
    return process


def ended(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)


def test_fetched_once_and_named_as_in_the_lake(lake: Lake) -> None:
    assert lake.read(*NAMES) == [f"{name}!".encode() for name in NAMES]
    assert lake.read(*reversed(NAMES)) == [f"{name}!".encode() for name in reversed(NAMES)]
    assert sorted(lake.asked) == sorted(NAMES)
    (path,) = lake.cache.files(NAMES[:1], lake.fetch)
    assert path.endswith(NAMES[0])
    assert lake.cache.name_of(path) == NAMES[0]
    assert Path(path).stat().st_mode & 0o77 == 0
    assert lake.cache.files([], lake.fetch) == []


@pytest.mark.parametrize("damage", [b"", b"calls", NAMES[0].upper().encode() + b"!"])
def test_a_damaged_copy_is_fetched_again(lake: Lake, damage: bytes) -> None:
    lake.read(NAMES[0])
    (path,) = lake.cache.files(NAMES[:1], lake.fetch)
    Path(path).write_bytes(damage)
    assert lake.read(NAMES[0]) == [f"{NAMES[0]}!".encode()]
    assert lake.asked == [NAMES[0]] * 2
    Path(f"{path}.sha256").unlink()
    os.utime(path)
    assert lake.read(NAMES[0]) == [f"{NAMES[0]}!".encode()]


def test_what_breaks_off_leaves_nothing(lake: Lake) -> None:
    def breaks(name: str) -> Iterator[bytes]:
        yield b"half"
        raise NotAnsweringError("lake", "cut", "all", "Again.")

    with pytest.raises(NotAnsweringError, match="cut"):
        lake.cache.files(NAMES, breaks)
    assert [path for path in lake.cache.folder.rglob("*") if path.is_file()] == [lake.cache.folder / "in-use"]


def test_a_disk_that_is_full(lake: Lake) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(NotAnsweringError, match=r"no copy can be written .*make room"):
            lake.read(NAMES[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert lake.read(NAMES[0]) == [f"{NAMES[0]}!".encode()]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(UsageError, match=r"cache .*PLEDGE_CACHE"):
        Lake(tmp_path).read(NAMES[0])


@pytest.mark.parametrize("name", ["calls/../../../x.parquet", "/tmp/x.parquet"])
def test_a_name_that_leads_out(lake: Lake, name: str) -> None:
    with pytest.raises(UsageError, match="files below the lake"):
        lake.read(name)
    assert lake.asked == []


def test_forgotten(lake: Lake) -> None:
    lake.read(*NAMES)
    lake.cache.forget(NAMES[0])
    lake.cache.forget("calls/never/there.parquet")
    kept = [path.name for path in lake.cache.folder.rglob("*") if path.is_file()]
    assert sorted(kept) == ["in-use", "y.parquet", "y.parquet.sha256"]


def test_least_recently_used_go_first_but_never_while_another_reads(tmp_path: Path) -> None:
    folder, small = tmp_path / "cache", Bounds(4_000, 30)

    def held() -> set[str]:
        return {path.stem for path in folder.rglob("*.parquet")}

    first = reader(folder, small, *NAMES)
    second = reader(folder, Bounds(0, 0), NAMES[1])
    assert held() == {"x", "y"}, "another process reads them"
    ended(first)
    ended(second)
    ended(reader(folder, small))
    assert held() == {"y"}, "of two that are too many the one used last stays"
    ended(reader(folder, PLENTY))
    assert held() == {"y"}
    (path,) = folder.rglob("y.parquet")
    old = time.time() - 31 * 86_400
    os.utime(path, (time.time(), old))
    (folder / "left.part").write_text("of a killed process")
    ended(reader(folder, PLENTY))
    assert held() == set(), "older than is kept"
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["in-use"]
