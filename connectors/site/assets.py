"""The files beside the pages: the style sheet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from connectors.site import addresses
from connectors.site.page import File
from connectors.site.reading import Reading
from connectors.site.rendering import TEMPLATES


def pages(reading: Reading) -> Iterator[File]:
    yield shipped(addresses.STYLE)


def shipped(name: str, address: str = "") -> File:
    """A file of `templates/`, as it is, at an address (default: its name)."""
    path = TEMPLATES / name
    return File(address or name, path.read_bytes, hashlib.sha256(path.read_bytes()).hexdigest())
