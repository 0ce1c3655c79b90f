"""What a place of drops is: the files that lie there, and the bytes of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Listed:
    """A file as it is listed; `modified` in seconds since 1970; `etag` is a bucket's name for its bytes."""

    name: str
    size: int
    modified: float
    etag: str = ""

    @property
    def order(self) -> tuple[float, str]:
        """Oldest first."""
        return self.modified, self.name

    @property
    def at(self) -> str:
        return f"{datetime.fromtimestamp(self.modified, UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def said(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {"name": self.name, "size": self.size, "modified": self.modified, "etag": self.etag}


class Place(Protocol):
    """Use it with `with`. Every method raises NotAnsweringError, or UsageError where the place refuses."""

    # Whether a file may be seen while it is still being written.
    grows: bool

    def __enter__(self) -> Place: ...

    def __exit__(self, *_: object) -> None: ...

    def listed(self) -> list[Listed]:
        """The files of the place itself, those of its folders left out."""
        ...

    def read(self, file: Listed, offset: int) -> Iterator[bytes]:
        """The bytes of a file from an offset on."""
        ...
