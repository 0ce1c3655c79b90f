"""Copies of a lake's data files on this machine: what DuckDB reads of a lake in an object store.

<folder>/in-use                   locked (shared) by every process that reads from it
<folder>/<lake>/<name>            a copy, at the end of its path as in the lake
<folder>/<lake>/<name>.sha256     the hash of what was fetched

A data file of the lake never changes under its name, so a copy needs no asking. What is damaged here is found by its
hash when a process first reads it, and fetched again. Copies are taken away, the least recently used first, only while
no other process reads.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from checks.errors import NotAnsweringError, UsageError

_HASH = ".sha256"
_PART = ".part"
_AT_ONCE = 8
_A_DAY = 86_400.0
# The locks of this process, by folder: they hold until it ends.
_in_use: dict[Path, int] = {}
# The copies this process has found whole, with their size and time.
_whole: dict[Path, tuple[int, int]] = {}


@dataclass(frozen=True)
class Bounds:
    """How much is kept when nobody reads: bytes in all, and days since it was fetched."""

    most_bytes: float
    most_days: float


class Cache:
    """The copies of one lake's files."""

    def __init__(self, folder: str, lake: str, bounds: Bounds) -> None:
        self.folder = Path(folder)
        self._bounds = bounds
        self._copies = self.folder.absolute() / hashlib.sha256(lake.encode()).hexdigest()[:16]

    def files(self, names: Sequence[str], fetch: Callable[[str], Iterator[bytes]]) -> list[str]:
        """The paths of copies, in the order of their names; what is not here is fetched, several at once.

        Raises what `fetch` raises, UsageError or NotAnsweringError where a copy cannot be written.
        """
        self._enter()
        paths = [self._path(name) for name in names]
        missing = [(name, path) for name, path in zip(names, paths, strict=True) if not _is_whole(path)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                for done in [pool.submit(self._bring, path, name, fetch) for name, path in missing]:
                    done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return [str(path) for path in paths]

    def _path(self, name: str) -> Path:
        path = self._copies / name
        if ".." in path.parts or not path.is_relative_to(self._copies):
            found, do = f"the lake's own log names {name}", "Find out who wrote to it."
            raise UsageError(f"cache {self.folder}", found, "files below the lake", do)
        return path

    def name_of(self, path: str) -> str:
        return path.removeprefix(f"{self._copies}/")

    def forget(self, name: str) -> None:
        """Remove the copy of a file."""
        (self._copies / name).unlink(missing_ok=True)
        _hash_file(self._copies / name).unlink(missing_ok=True)

    def check(self) -> None:
        """Raise UsageError or NotAnsweringError unless copies can be kept here."""
        self._enter()
        with self._told_plainly(), tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(b"\0")

    def held(self) -> int:
        """The bytes of all copies, those of other lakes too."""
        return sum(copy.size for copy in _copies_below(self.folder))

    def _enter(self) -> None:
        """Keep what is here from being taken away while this process lives; first tidy up, if nobody else reads."""
        if self.folder.absolute() in _in_use:
            return
        with self._told_plainly():
            self._copies.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _tidy(self.folder, self._bounds)
            fcntl.flock(lock, fcntl.LOCK_SH)
        _in_use[self.folder.absolute()] = lock

    def _bring(self, path: Path, name: str, fetch: Callable[[str], Iterator[bytes]]) -> None:
        """Fetch a file; another process that does the same puts the same bytes here."""
        with self._told_plainly():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(_PART, dir=path.parent)
            try:
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as file:
                    for block in fetch(name):
                        digest.update(block)
                        file.write(block)
                _hash_file(path).write_text(digest.hexdigest(), "ascii")
                Path(part).replace(path)
            finally:
                Path(part).unlink(missing_ok=True)
        _is_whole(path)

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        where, do = f"cache {self.folder}", "Set PLEDGE_CACHE to another folder, or make room."
        try:
            yield
        except OSError as error:
            if error.errno is None:  # no answer of this machine's: the lake has no such file
                raise
            found, expected = f"no copy can be written ({error.strerror})", "a folder this user may write to"
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
                raise UsageError(where, found, expected, do) from None
            raise NotAnsweringError(where, found, f"{expected}, with room for what is read", do) from None


@dataclass(frozen=True)
class _Copy:
    path: Path
    size: int
    fetched: float
    used: float


def _tidy(folder: Path, bounds: Bounds) -> None:
    """Bring the copies within their bounds. Nobody reads now: an unfinished one was left by a killed process."""
    for part in folder.rglob(f"*{_PART}"):
        part.unlink(missing_ok=True)
    copies, oldest = _copies_below(folder), time.time() - bounds.most_days * _A_DAY
    total = sum(copy.size for copy in copies)
    for copy in sorted(copies, key=lambda copy: (copy.fetched >= oldest, copy.used)):
        if copy.fetched >= oldest and total <= bounds.most_bytes:
            return
        copy.path.unlink(missing_ok=True)
        _hash_file(copy.path).unlink(missing_ok=True)
        total -= copy.size


def _copies_below(folder: Path) -> list[_Copy]:
    found = []
    for path in folder.rglob("*.parquet"):
        with suppress(FileNotFoundError):  # an erasure takes copies away at any time
            said = path.stat()
            found.append(_Copy(path, said.st_size, said.st_mtime, said.st_atime))
    return found


def _is_whole(path: Path) -> bool:
    """Whether there is a copy that is as it was fetched; its hash is taken once in a process. It counts as used now."""
    try:
        said = path.stat()
        if _whole.get(path) != (said.st_size, said.st_mtime_ns):
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != _hash_file(path).read_text("ascii"):
                    return False
            _whole[path] = said.st_size, said.st_mtime_ns
        os.utime(path, ns=(time.time_ns(), said.st_mtime_ns))
    except (OSError, ValueError):  # it is not here, or cannot be read: fetched anew it can, or says why not
        return False
    return True


def _hash_file(path: Path) -> Path:
    return path.with_name(path.name + _HASH)
