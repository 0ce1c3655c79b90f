"""Text files as lines: compressed or not, with or without a byte-order mark, in the encoding they are in."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from checks.errors import NotFitError

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_GZIP = b"\x1f\x8b"
_LOOK = 65_536


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzip (told by its first bytes, not by its name)."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")


def lines(path: Path, encoding: str = "") -> Iterator[str]:
    """The file's physical lines with their line ends; memory stays flat.

    Args:
        encoding: a Python codec, '' = told by a byte-order mark, else UTF-8.

    Raises:
        NotFitError: the file is empty, binary, cut short while packed, or not in that encoding.
    """
    with opened(path) as file:
        try:
            yield from _decoded(path, file, encoding)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise NotFitError(
                str(path), "its compression is damaged or cut short", "a whole gzip file", "Deliver it again."
            ) from error


def _decoded(path: Path, file: IO[bytes], encoding: str) -> Iterator[str]:
    start = file.read(_LOOK)
    if not start:
        raise NotFitError(str(path), "the file is empty", "at least a header line", "Deliver it again.")
    codec = next((name for mark, name in _MARKS if start.startswith(mark)), encoding or "utf-8")
    if b"\x00" in start and not codec.startswith("utf-16"):
        raise NotFitError(
            str(path), "it holds NUL bytes, so it is no text file", "CSV or JSON Lines as text", "Check what was sent."
        )
    file.seek(0)
    reader = io.TextIOWrapper(file, encoding=codec, errors="strict", newline="")
    number = 0
    try:
        for line in reader:
            number += 1
            yield line
    except UnicodeError as error:
        do = "State its encoding in a source description (encoding: windows-1252), or deliver it as UTF-8."
        found = f"after line {number:,} bytes are not {codec}"
        raise NotFitError(str(path), found, f"text in {codec}", do) from error
    except LookupError as error:
        raise NotFitError(str(path), f"there is no encoding {codec}", "a Python codec", "Correct it.") from error
