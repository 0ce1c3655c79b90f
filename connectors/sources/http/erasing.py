"""Erasing records from what was fetched: lines of a log's file, what the register remembers, the journal of answers.

What was fetched is a raw copy of what the lake admitted; nothing is judged from it. Its own list of hashes is written
anew, so that the fetch stays whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.sources.http.fetch import JOURNAL
from connectors.sources.http.register import REGISTER
from connectors.sources.whole_fetch import MANIFEST

Mentioned = Callable[[str], bool]


def fetches(area: Path) -> Iterator[tuple[str, Path]]:
    """The name of its source and the folder of every fetch, whole or not."""
    for folder in sorted(area.glob("*/*Z-*")):
        if folder.is_dir():
            yield folder.parent.name, folder


def erase_lines(folder: Path, gone: Mapping[str, Collection[int]], mentioned: Mentioned) -> int:
    """Take lines out of one fetch; returns how many.

    Args:
        gone: of each log the numbers of the lines to go, from 1.
        mentioned: whether a text of any line names what is erased: such a line goes, too.
    """
    taken = 0
    lost: set[tuple[str, str]] = set()
    for path in sorted(folder.glob("*.jsonl")):
        if path.name != JOURNAL:
            kept, left_out = _parted(path, set(gone.get(path.stem, ())), mentioned)
            lost |= {(str(line.get("force", "")), str(line["id"])) for line in left_out if "id" in line}
            if left_out:
                _write(path, kept)
                taken += len(left_out)
    _forget(folder, lost, mentioned)
    # What an unfinished fetch was answered is asked again; nothing says which record an answer is about.
    if taken or not (folder / MANIFEST).is_file() or _journal_names(folder / JOURNAL, mentioned):
        for path in (folder / JOURNAL, *folder.glob("*.part")):
            path.unlink(missing_ok=True)
    _list_again(folder)
    return taken


def _parted(path: Path, numbers: Collection[int], mentioned: Mentioned) -> tuple[list[str], list[dict[str, Any]]]:
    """The lines that stay, as they are, and those that go, as what they say."""
    kept: list[str] = []
    left_out: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            said = _read(line)
            if number in numbers or _names(said, mentioned):
                left_out.append(said if isinstance(said, dict) else {})
            else:
                kept.append(line)
    return kept, left_out


def _read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _names(value: Any, mentioned: Mentioned) -> bool:
    if isinstance(value, dict):
        return any(_names(each, mentioned) for each in value.values())
    if isinstance(value, list):
        return any(_names(each, mentioned) for each in value)
    return isinstance(value, str) and mentioned(value)


def _forget(folder: Path, lost: Collection[tuple[str, str]], mentioned: Mentioned) -> None:
    path = folder / REGISTER
    if not path.is_file():
        return
    known: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    left = {
        force: {
            name: record
            for name, record in own.items()
            if (force, name) not in lost and not mentioned(name) and not _names(record, mentioned)
        }
        for force, own in known.items()
    }
    if left != known:
        _write(path, [json.dumps(left, indent=1) + "\n"])


def _journal_names(path: Path, mentioned: Mentioned) -> bool:
    if not path.is_file():
        return False
    with path.open(encoding="utf-8") as file:
        return any(_names(_read(line), mentioned) or mentioned(line.replace("/", " ")) for line in file)


def _list_again(folder: Path) -> None:
    path = folder / MANIFEST
    if path.is_file():
        said = json.loads(path.read_text("utf-8"))
        there = [name for name in said["files"] if (folder / name).is_file()]
        files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in there}
        if files != said["files"]:
            _write(path, [json.dumps({**said, "files": files}, indent=2) + "\n"])


def _write(path: Path, lines: Collection[str]) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    unfinished.replace(path)
