from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.sources.description import described
from connectors.sources.drops.fetch import DropWanted, fetch
from connectors.sources.whole_fetch import sha256
from tests.sftp_server import PASSWORD, USER, SftpServer

NIGHT = datetime(2026, 3, 10, 5, tzinfo=UTC)


class Desk:
    """A place of drops as a description names it, and the fetches of it: `taken(day)` is the night so many days on."""

    def __init__(self, url: str, folder: Path, **connection: Any) -> None:
        self.url, self.folder = url, folder
        self.connection: dict[str, Any] = {"drops": url, "settle_seconds": 1, **connection}
        self.front: dict[str, Any] = {"files": "calls_*.csv"}
        self.said: list[str] = []
        self.slept: list[float] = []
        self.known: set[tuple[str, str]] = set()
        self.admitted: set[tuple[str, str]] = set()
        self.during_sleep: Any = lambda: None

    def wanted(self, day: int = 0) -> DropWanted:
        sources = self.folder / "sources"
        sources.mkdir(exist_ok=True)
        front = {"log": "calls", "force": "norfolk", "connection": self.connection, **self.front}
        (sources / "drop.sql").write_text(f"/*---\n{yaml.safe_dump(front)}\n---*/\nselect call_id from raw\n")
        found = DropWanted(
            described("drop", [sources]), self.url, (), NIGHT + timedelta(days=day), self.folder / "fetched"
        )
        return replace(found, known=frozenset(self.known), admitted=frozenset(self.admitted))

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.during_sleep()

    def fetched(self, day: int = 0) -> DropWanted:
        wanted = self.wanted(day)
        fetch(wanted, self.said.append, self._sleep)
        return wanted

    def taken(self, day: int = 0, fit: bool = True) -> list[tuple[str, bytes]]:
        """Fetch as the night would, and let what came be fit, or not; returns what is to be looked at, oldest first."""
        files = [path for path, _ in self.fetched(day).files("calls")]
        found = [(path.name.partition("-")[2], path.read_bytes()) for path in files]
        digests = {("calls", sha256(path)) for path in files}
        self.known |= digests
        self.admitted |= digests if fit else set()
        return found

    def names(self, day: int = 0, fit: bool = True) -> list[str]:
        return [name for name, _ in self.taken(day, fit)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    folder = tmp_path / "drops"
    folder.mkdir()
    with SftpServer(folder) as server:
        yield server


@pytest.fixture
def desk(server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("NORFOLK_SFTP_PASSWORD", PASSWORD)
    return Desk(server.url, tmp_path, user=USER, secret="NORFOLK_SFTP_PASSWORD", host_key=server.host_key)


def drop(server: SftpServer, name: str, content: bytes = b"call_id\n1\n", day: int = 9, hour: int = 0) -> Path:
    """Leave a file as if it had been dropped at an hour of a day of March."""
    path = server.folder / name
    path.write_bytes(content)
    dropped = datetime(2026, 3, day, hour, tzinfo=UTC).timestamp()
    os.utime(path, (dropped, dropped))
    return path
