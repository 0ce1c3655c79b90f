"""Looks for a text in everything there is: every byte of every file, and what is packed or compressed inside."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def places(folder: Path, text: str) -> list[str]:
    """The files below a folder, relative to it, in which a text stands."""
    wanted = text.encode()
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [str(path.relative_to(folder)) for path in found if stands_in(path.read_bytes(), wanted)]


def stands_in(content: bytes, wanted: bytes) -> bool:
    return any(wanted in each for each in _layers(content))


def _layers(content: bytes) -> Iterator[bytes]:
    """The bytes themselves, then what they hold once unpacked: ZIP (workbooks, packs), gzip, Parquet."""
    yield content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from _layers(archive.read(name))
    elif content.startswith(b"\x1f\x8b"):
        yield from _layers(gzip.decompress(content))
    elif content.startswith(b"PAR1") and content.endswith(b"PAR1"):
        with suppress(pa.ArrowInvalid):  # planted, too
            table = pq.read_table(io.BytesIO(content))
            yield repr(table.to_pydict()).encode() + repr(table.schema.metadata).encode()
