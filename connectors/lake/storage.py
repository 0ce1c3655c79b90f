"""Where a lake lies: in a folder, or at an address of an object store. Names are those of files below the lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from connectors.lake.folder import Folder


class Storage(Protocol):
    """The files of a lake.

    Attributes:
        location: its path or address; a table lies at `<location>/<table>`.
        options: what delta-rs has to know beside the address; None = nothing.
    """

    location: str
    options: dict[str, str] | None

    def check(self, *, writing: bool) -> None:
        """Raise the PledgeError that says why it does not answer, or may not be written to; else do nothing."""

    def keeps_removed(self) -> bool:
        """Whether what is removed stays as an old version; found out with a file that is made and removed."""

    def at_hand(self, names: Sequence[str]) -> list[str]:
        """Paths at which DuckDB reads these files, in their order; the end of each is the file's name.

        Raises FileNotFoundError where one is gone and has to be fetched, NotAnsweringError where it cannot be.
        """

    def name_of(self, path: str) -> str:
        """The name of the file at a path `at_hand` gave."""

    def listed(self, below: str) -> list[str]:
        """The names of all files in a folder of the lake and deeper, sorted."""

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of a file as they lie there now; raises FileNotFoundError where it is gone."""

    def remove(self, name: str) -> None:
        """Take a file away, copies of it on this machine too; one that is gone is passed over."""

    def replace(self, name: str, content: bytes) -> None:
        """Put other bytes into a file at once: a reader meets the old or the new ones."""

    def sweep(self, name: str) -> list[str]:
        """Remove what killed writers of a table left half-written, which no vacuum does; returns their names.

        Left alone is what another writer may still be writing: anything from the hour before the newest commit on.
        """


def file_name(table: str, path: str) -> str:
    """The name of a file by the path its table's log has for it."""
    # Delta writes paths as URLs: what the disk calls %20 is %2520 there.
    return f"{table}/{unquote(path)}"


def is_remote(location: str) -> bool:
    """Whether a lake lies at an address rather than in a folder."""
    return "://" in location


def lake_exists(location: str) -> bool:
    """Whether there is such a folder, or anything at such an address; nothing is made."""
    if not is_remote(location):
        return Path(location).is_dir()
    from connectors.lake.bucket import Bucket

    return Bucket(location).exists()


def beside(location: str, name: str) -> Path:
    """A file or folder beside a lake's; of a lake at an address, of this machine."""
    return Path(".pledge") / name if is_remote(location) else Path(location).parent / name


def storage_of(location: str) -> Storage:
    """The storage of a lake; raises UsageError where it cannot be one. Asks no server."""
    if not is_remote(location):
        return Folder(location)
    from connectors.lake.bucket import Bucket

    return Bucket(location)
