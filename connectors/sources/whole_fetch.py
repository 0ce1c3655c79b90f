"""A fetch is whole or not there: its folder, who may fill it, and the manifest that makes it a whole one.

<area>/<source>/<as_at>-<what was wanted>/
    fetch.json           written last: without it the fetch is unfinished, and none of its files is admitted
    …                    the files its manifest names, each with its SHA-256
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks.errors import NotAnsweringError, NotFitError

MANIFEST = "fetch.json"
Say = Callable[[str], None]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a fetch's folder and keep other runs out of it; raises NotAnsweringError when one is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            found, do = "another run is fetching into it", "Run again when that one is done."
            raise NotAnsweringError(str(folder), found, "one run at a time", do) from error
        yield


def is_whole(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()


def manifest_of(folder: Path) -> dict[str, Any]:
    """What a whole fetch says of itself; `files` has the SHA-256 of each file it wrote."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return found


def check_unchanged(folder: Path) -> None:
    """Raise NotFitError when a file of a whole fetch is not as it was fetched."""
    for name, digest in manifest_of(folder)["files"].items():
        path = folder / name
        if not path.is_file() or sha256(path) != digest:
            do = f"Remove {folder} to fetch again."
            raise NotFitError(str(path), "it is not as it was fetched", "the file of fetch.json", do)


def make_whole(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, at once and last."""
    unfinished = folder / f"{MANIFEST}.part"
    unfinished.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    unfinished.replace(folder / MANIFEST)


def earlier(folder: Path) -> list[Path]:
    """The folders of earlier moments' fetches of the same source, oldest first, unfinished ones too."""
    return [path for path in sorted(folder.parent.glob("*Z-*")) if path.name < folder.name]


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
