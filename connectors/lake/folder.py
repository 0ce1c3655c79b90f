"""A lake in a folder of this machine, or of a disk that several share."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from checks.errors import UsageError

_AN_HOUR = 3600.0
_CHUNK = 1 << 20
# What delta-rs or DuckDB would read as something else in a folder's path: escapes, patterns, partition values.
_ODD = re.compile(r"[%*?\[\]^|\\]|^(force|month|standard|measure)=")


class Folder:
    """The files below a folder; they are read where they lie."""

    options: dict[str, str] | None = None

    def __init__(self, location: str) -> None:
        self.location = location
        check_path(f"lake {location}", location, "Set --lake or PLEDGE_LAKE to another folder.")
        try:
            Path(location).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error.strerror or "unknown reason") from error

    def _unusable(self, why: str) -> UsageError:
        return UsageError(
            f"lake {self.location}",
            f"the folder cannot be used ({why})",
            "a folder this user may write to",
            "Set --lake or PLEDGE_LAKE to another folder, or mend its permissions.",
        )

    def check(self, *, writing: bool) -> None:
        """Raise UsageError where the folder is closed to this user."""
        if writing and not os.access(self.location, os.W_OK):
            raise self._unusable("it may be read only")

    def keeps_removed(self) -> bool:
        return False

    def at_hand(self, names: Sequence[str]) -> list[str]:
        return [f"{self.location}/{name}" for name in names]

    def name_of(self, path: str) -> str:
        return path.removeprefix(f"{self.location}/")

    def listed(self, below: str) -> list[str]:
        folder = Path(self.location)
        return sorted(path.relative_to(folder).as_posix() for path in (folder / below).rglob("*") if path.is_file())

    def read(self, name: str) -> Iterator[bytes]:
        with (Path(self.location) / name).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def remove(self, name: str) -> None:
        (Path(self.location) / name).unlink(missing_ok=True)

    def replace(self, name: str, content: bytes) -> None:
        path = Path(self.location) / name
        part = path.with_name(f"{path.name}.redacted.tmp")
        part.write_bytes(content)
        part.replace(path)

    def sweep(self, name: str) -> list[str]:
        folder = Path(self.location) / name
        newest = max((_modified(path) for path in (folder / "_delta_log").glob("*.json")), default=0.0)
        leftovers = [path for path in folder.rglob("*.parquet#*") if _modified(path) < newest - _AN_HOUR]
        for path in leftovers:
            with suppress(FileNotFoundError):
                path.unlink()
        return sorted(path.name for path in leftovers)


def check_path(where: str, path: str, do: str) -> None:
    """Raise UsageError for a folder whose path delta-rs or DuckDB would read as something else."""
    odd = next((part for part in Path(path).absolute().parts[1:] if _ODD.search(part)), "")
    if odd:
        expected = "a path without % * ? [ ] ^ | \\ and without folders like force=…"
        raise UsageError(where, f"{odd} is in its path", expected, do)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another writer has just given it its name
        return math.inf
