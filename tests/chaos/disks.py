"""Disks that are full, read only or gone: real file systems of a few pages, which only root may mount."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ENOUGH = 256 << 20  # bytes


class Disk:
    """A file system in memory at a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def leave(self, free: int) -> None:
        """Let it hold what it holds and so many bytes more (whole pages)."""
        seen = os.statvfs(self.place)
        self._remount(f"size={(seen.f_blocks - seen.f_bfree) * seen.f_frsize + free}")

    def free(self) -> None:
        self._remount(f"size={ENOUGH},rw")

    def read_only(self) -> None:
        self._remount("ro")

    @property
    def used(self) -> int:
        """Bytes, in whole pages."""
        seen = os.statvfs(self.place)
        return (seen.f_blocks - seen.f_bfree) * seen.f_frsize

    def _remount(self, options: str) -> None:
        _run("mount", "-o", f"remount,{options}", str(self.place))


@contextmanager
def disk(place: Path) -> Iterator[Disk]:
    """Mount a file system with room enough at a folder, which is made; skips the test where that is not allowed."""
    if not _may_mount():
        pytest.skip("only root may mount the small file system that this breaks")
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={ENOUGH}", "pledge-chaos", str(place))
    try:
        yield Disk(place)
    finally:
        _run("umount", "--lazy", str(place))


def _may_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            _run("mount", "-t", "tmpfs", "pledge-chaos", folder)
        except (OSError, subprocess.CalledProcessError):
            return False
        _run("umount", folder)
    return True


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
