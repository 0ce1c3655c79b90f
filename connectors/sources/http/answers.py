"""What was answered, address by address, kept on disk: a fetch that was cut off goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Known:
    """An answer as it is kept: `body` holds only what may be written down; `absent` = the address was not found."""

    body: Any = None
    etag: str = ""
    last_modified: str = ""
    next_page: str = ""
    absent: bool = False

    @property
    def can_be_asked_for_news(self) -> bool:
        return not self.absent and bool(self.etag or self.last_modified)


class Answers:
    """A journal of answers, one JSON line each; the newest of an address counts, a line cut short does not.

    `definition` is the digest of what decides how answers are kept: a journal of another one says nothing.
    """

    def __init__(self, path: Path, definition: str) -> None:
        self._path, self._definition = path, definition
        self._known: dict[str, Known] = {}
        if path.is_file():
            self._known = dict(_read(path, definition))

    def __getitem__(self, address: str) -> Known:
        return self._known[address]

    def __contains__(self, address: str) -> bool:
        return address in self._known

    def __len__(self) -> int:
        return len(self._known)

    def get(self, address: str) -> Known | None:
        return self._known.get(address)

    def begin(self) -> None:
        """Write the journal anew from the whole lines it has, so that what follows does not join a torn one."""
        unfinished = self._path.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"definition": self._definition}) + "\n")
            file.writelines(_line(address, known) for address, known in self._known.items())
        unfinished.replace(self._path)
        self._file = self._path.open("a", encoding="utf-8")

    def add(self, address: str, known: Known) -> Known:
        self._known[address] = known
        self._file.write(_line(address, known))
        self._file.flush()
        return known

    def end(self) -> None:
        self._file.close()


def _line(address: str, known: Known) -> str:
    return json.dumps({"address": address, **asdict(known)}) + "\n"


def _read(path: Path, definition: str) -> list[tuple[str, Known]]:
    found: list[tuple[str, Known]] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                said = json.loads(line)
            except ValueError:
                break
            if "definition" in said:
                if said["definition"] != definition:
                    return []
                continue
            found.append((said.pop("address"), Known(**said)))
    return found
