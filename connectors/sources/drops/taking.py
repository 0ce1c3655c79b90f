"""One dropped file, whole: it stood still, it goes on where an earlier try stopped, and no byte is missing."""

from __future__ import annotations

import json
import os
import time
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

from checks.errors import NotAnsweringError, NotFitError
from connectors.sources.drops.connection import DropConnection
from connectors.sources.drops.place import Listed, Place

# How programs call a file they are still writing.
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".swp", "~")
_LONGEST_NAME = 120


def matching(files: list[Listed], pattern: str, done: str) -> list[Listed]:
    """The files of a pattern, oldest first: those with their `done` beside them, where one is asked for."""
    names = {file.name for file in files}
    found = [
        file
        for file in files
        if fnmatchcase(file.name, pattern)
        and not file.name.startswith(".")
        and not file.name.endswith(_UNFINISHED)
        and (not done or (file.name + done in names and not file.name.endswith(done)))
    ]
    return sorted(found, key=lambda file: file.order)


def still(before: list[Listed], after: list[Listed]) -> list[Listed]:
    """The files of a second look that are as they were at the first."""
    seen = set(before)
    return [file for file in after if file in seen]


def local_name(file: Listed) -> str:
    """A name for the file here that leads nowhere else, with the same ending."""
    safe = quote(file.name, safe=" ._-+@()")
    return safe if len(safe) <= _LONGEST_NAME else safe[-_LONGEST_NAME:].lstrip(".")


def take(place: Place, where: str, file: Listed, to: Path, connection: DropConnection, until: float) -> None:
    """Bring a file here: `to` is there only once it is whole, as old as it is there.

    Raises:
        NotFitError: it is larger than allowed.
        NotAnsweringError: not all of it came; what came is gone on with while the file stays as it was listed.
    """
    if file.size > connection.max_file_mb * 1e6:
        found, most = f"{file.name} has {file.size / 1e6:,.0f} MB", f"at most {connection.max_file_mb:,.0f} MB"
        raise NotFitError(where, found, most, "Raise max_file_mb if it is right.")
    part, note = to.with_name(to.name + ".part"), to.with_name(to.name + ".part.json")
    begun = part.is_file() and note.is_file() and note.read_text("utf-8") == json.dumps(file.said)
    if not begun:
        part.unlink(missing_ok=True)
        note.write_text(json.dumps(file.said), "utf-8")
    with part.open("ab") as here:
        if here.tell() > file.size:
            here.truncate(0)
        for block in place.read(file, here.tell()):
            here.write(block)
            if time.monotonic() > until:
                raise _cut(where, file, f"not here in {connection.whole_seconds:g} seconds")
        came = here.tell()
    if came != file.size:
        part.unlink()
        raise _cut(where, file, f"{came:,} of {file.size:,} bytes came")
    os.utime(part, (file.modified, file.modified))
    part.replace(to)
    note.unlink()


def _cut(where: str, file: Listed, found: str) -> NotAnsweringError:
    return NotAnsweringError(where, f"{file.name}: {found}", "all of it", "Run again: it goes on from there.")
