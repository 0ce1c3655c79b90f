"""The lake is away, read only or not that of the store for a night, which is then run again."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.chaos.counts import Counts
from tests.chaos.disks import disk
from tests.chaos.disturbed import Nights


def test_the_disk_of_the_lake_is_read_only(nights: Nights, tmp_path: Path) -> None:
    counts = Counts("lake read only", nights)
    with disk(tmp_path / "lake") as broken, nights.attempt(tmp_path) as night:
        broken.read_only()
        said = night.disturbed()
        broken.free()
        counts.settle(night, said, "read only", codes=(2,))
    counts.report()


def test_the_lake_is_not_mounted(nights: Nights, tmp_path: Path) -> None:
    """Its folder is there and empty: an empty lake would take back every figure."""
    counts = Counts("lake not mounted", nights)
    with nights.attempt(tmp_path / "night") as night:
        lake = night.pledge.lake
        lake.rename(tmp_path / "elsewhere")
        lake.mkdir()
        said = night.disturbed()
        assert list(lake.iterdir()) == [], "nothing is written where the lake should be"
        lake.rmdir()
        (tmp_path / "elsewhere").rename(lake)
        counts.settle(night, said, "not mounted", codes=(3,))
    counts.report()


def test_the_lake_is_older_than_the_store(nights: Nights, tmp_path: Path) -> None:
    """It was restored alone: files admitted since are known to the store, and would not be admitted again."""
    counts = Counts("lake older than the store", nights)
    with nights.attempt(tmp_path / "night") as night:
        lake, older, newer = night.pledge.lake, tmp_path / "older", tmp_path / "newer"
        shutil.copytree(lake, older)
        assert night.undisturbed().code == 0
        lake.rename(newer)
        older.rename(lake)
        said = night.disturbed()
        shutil.rmtree(lake)
        newer.rename(lake)
        counts.settle(night, said, "older", codes=(3,))
    counts.report()
