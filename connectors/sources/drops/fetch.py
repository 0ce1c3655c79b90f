"""A whole fetch of drops: every new file, and the list of what lies there.

<area>/<source>/taken/<identity>-<name>    each file once, under what it was listed as: name, size, time, ETag
<area>/<source>/<as_at>-<…>/fetch.json     what lay there at that moment: `files`, and `listed` by log, oldest first
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from checks.errors import NotFitError
from connectors.sources.credential import login
from connectors.sources.delivery import Source
from connectors.sources.drops.connection import SFTP, DropConnection
from connectors.sources.drops.place import Listed, Place
from connectors.sources.drops.taking import local_name, matching, still, take
from connectors.sources.wanted import Wanted
from connectors.sources.whole_fetch import Say, alone, check_unchanged, earlier, is_whole, make_whole, manifest_of
from connectors.sources.whole_fetch import sha256 as hashed

TAKEN = "taken"
# How far the clock of the place may be ahead of ours.
CLOCKS_DIFFER_SECONDS = 300.0


@dataclass(frozen=True)
class DropWanted(Wanted):
    """A fetch of files as they were dropped; `newest_only` for a look at what comes."""

    newest_only: bool = False

    @property
    def connection(self) -> DropConnection:
        connection = self.sources[0].connection
        assert isinstance(connection, DropConnection), "it is where files are dropped"
        return connection

    def file(self, log: str) -> Path:
        """Where a log's file would lie if none was ever dropped."""
        return self.folder / log

    @property
    def taken(self) -> Path:
        return self.area / self.name / TAKEN

    def files(self, log: str) -> list[tuple[Path, bool]]:
        """The files of a log that were not admitted before, oldest first, and the newest in any case; each with
        whether it is the newest."""
        there = manifest_of(self.folder)["listed"][log]
        last = len(there) - 1
        return [
            (self.folder / each["held"], at == last)
            for at, each in enumerate(there)
            if at == last or (log, each["sha256"]) not in self.admitted
        ]


def fetch(wanted: DropWanted, say: Say, sleep: Callable[[float], None] = time.sleep) -> None:
    """Take every file that is new; what was taken is not asked for again.

    Raises:
        NotAnsweringError: not all of it came; what is whole is kept for the next try.
        UsageError: the place refuses, or its host key is not the known one.
        NotFitError: a file is too large, or a snapshot is older than one taken before.
    """
    with alone(wanted.folder), alone(wanted.taken):
        if is_whole(wanted.folder):
            check_unchanged(wanted.folder)
            return
        with _place(wanted) as place:
            _Fetch(wanted, place, say, sleep).run()


def _place(wanted: DropWanted) -> Place:
    """Where the files are dropped; who does not fetch does not wait for the libraries."""
    connection = wanted.connection
    user = login(wanted.where, connection.user, connection.secret, connection.key)
    if connection.scheme == SFTP:
        from connectors.sources.drops.sftp import SftpPlace

        return SftpPlace(wanted.url, connection, user)
    from connectors.sources.drops.bucket import BucketPlace

    return BucketPlace(wanted.url, connection, user)


class _Fetch:
    def __init__(self, wanted: DropWanted, place: Place, say: Say, sleep: Callable[[float], None]) -> None:
        self._wanted, self._place, self._say, self._sleep = wanted, place, say, sleep
        self._connection = wanted.connection
        self._until = time.monotonic() + self._connection.whole_seconds
        whole = [folder for folder in earlier(wanted.folder) if is_whole(folder) and self._same(folder)]
        self._before: Mapping[str, list[dict[str, Any]]] = manifest_of(whole[-1])["listed"] if whole else {}

    def _same(self, folder: Path) -> bool:
        return folder.name.rpartition("-")[2] == self._wanted.folder.name.rpartition("-")[2]

    def run(self) -> None:
        there = self._of_moment(self._place.listed())
        files = {each.log: matching(there, each.files, self._connection.done) for each in self._wanted.sources}
        new = [file for of_log in files.values() for file in of_log if not self._held(file).is_file()]
        moving = self._moving(new)
        for source in self._wanted.sources:
            files[source.log] = self._forward(source, [file for file in files[source.log] if file not in moving])
        for file in dict.fromkeys(file for of_log in files.values() for file in of_log):
            self._take(file)
        moved = self._grown([file for file in new if file not in moving])
        listed = {log: self._entries(log, [f for f in of_log if f not in moved]) for log, of_log in files.items()}
        each_held = {each["held"]: each["sha256"] for of_log in listed.values() for each in of_log}
        manifest = {
            "url": self._wanted.url,
            "as_at": self._wanted.as_at.astimezone(UTC).isoformat(),
            "listed": listed,
            "files": each_held,
        }
        make_whole(self._wanted.folder, manifest)
        taken = len(new) - len(moving) - len(moved)
        self._say(f"{self._wanted.name}: {taken:,} new files taken, {len(each_held):,} lie there.")

    def _of_moment(self, listed: list[Listed]) -> list[Listed]:
        """What lay there at the run's moment: what came later is for a later run."""
        moment = self._wanted.as_at.timestamp() + CLOCKS_DIFFER_SECONDS
        later = [file for file in listed if file.modified > moment]
        if later:
            self._say(f"{self._wanted.name}: {len(later):,} files are newer than the run; a later run takes them.")
        return [file for file in listed if file.modified <= moment]

    def _moving(self, new: list[Listed]) -> set[Listed]:
        """The new files that do not stand still, as a second look shows: they are left for a later run."""
        if not (new and self._place.grows and self._connection.settle_seconds):
            return set()
        self._sleep(self._connection.settle_seconds)
        return self._grown(new)

    def _grown(self, files: list[Listed]) -> set[Listed]:
        """Those of the files that are not there as they were listed; what was taken of them goes."""
        if not (files and self._place.grows):
            return set()
        changed = set(files) - set(still(files, self._place.listed()))
        for file in changed:
            self._held(file).unlink(missing_ok=True)
            self._say(f"{self._wanted.name}: {file.name} is still being written; a later run takes it.")
        return changed

    def _forward(self, source: Source, files: list[Listed]) -> list[Listed]:
        """A snapshot's files from the last admitted one on: an older one would withdraw what came since."""
        if self._wanted.newest_only:
            return files[-1:]
        admitted = [
            each for each in self._before.get(source.log, []) if (source.log, each["sha256"]) in self._wanted.admitted
        ]
        if source.delivers != "snapshot" or not admitted:
            return files
        last = max((each["modified"], each["name"]) for each in admitted)
        forward = [file for file in files if file.order >= last]
        if files and not forward:
            found = f"its newest file is {files[-1].name} of {files[-1].at}: it went back in time"
            do = f"Ask its operator; if it is right, remove {self._wanted.folder.parent} to take it."
            raise NotFitError(self._wanted.url, found, f"none older than {last[1]}, taken before", do)
        return forward

    def _held(self, file: Listed) -> Path:
        identity = hashlib.sha256(json.dumps([self._wanted.url, file.said]).encode()).hexdigest()[:12]
        return self._wanted.taken / f"{identity}-{local_name(file)}"

    def _take(self, file: Listed) -> None:
        held = self._held(file)
        if not held.is_file():
            take(self._place, self._wanted.url, file, held, self._connection, self._until)

    def _entries(self, log: str, files: list[Listed]) -> list[dict[str, Any]]:
        """What the manifest lists of a log: what lies there, and what is gone from there before it was looked at."""
        known = {each["held"]: each["sha256"] for each in self._before.get(log, [])}
        entries = []
        for file in files:
            held = self._held(file)
            name = f"../{TAKEN}/{held.name}"
            entries.append({**file.said, "held": name, "sha256": known.get(name) or hashed(held)})
        names = {file.name for file in files}
        missed = [
            each
            for each in self._before.get(log, [])
            if each["name"] not in names
            and (log, each["sha256"]) not in self._wanted.known
            and (self._wanted.folder / each["held"]).is_file()
        ]
        return sorted(missed + entries, key=lambda each: (each["modified"], each["name"]))
