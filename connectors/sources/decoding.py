"""Bytes to lines of text: compression, byte-order marks, encodings, and files that are not text at all."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from checks.errors import NotFitError
from connectors.sources.unpacked import most_unpacked, too_much

_BLOCK = 1 << 20
_BEGINNING = 1 << 16
# A line longer than this is no record: without a bound, a file with no line end would be held in memory whole.
_LONGEST_LINE = 64 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What stands for a character whose last bytes are missing where the file ends.
HALF_CHARACTER = "\ufffd"
_KNOWN_BEGINNINGS = ((b"PK\x03\x04", "a ZIP or Excel file"), (b"PAR1", "a Parquet file"), (b"%PDF", "a PDF"))


class _Text(io.RawIOBase):
    """A byte stream that refuses what no text file begins with, and lines without an end.

    `wide` text (UTF-16, UTF-32) has NUL bytes by nature; in other text one deep in the file costs its record only.
    """

    def __init__(self, path: Path, stream: IO[bytes], wide: bool) -> None:
        self._path, self._stream, self._wide = path, stream, wide
        self._most = most_unpacked(path)
        self._offset = self._since_line_end = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        view = memoryview(target)
        block = self._stream.read(len(view))
        view[: len(block)] = block
        if not self._wide and self._offset < _BEGINNING and b"\0" in block[: _BEGINNING - self._offset]:
            raise _not_text(self._path, f"a NUL byte at byte {self._offset + block.index(0) + 1:,}: it is binary")
        self._since_line_end = 0 if b"\n" in block or b"\r" in block else self._since_line_end + len(block)
        if self._since_line_end > _LONGEST_LINE:
            raise _not_text(self._path, f"a line of more than {_LONGEST_LINE >> 20} MB")
        self._offset += len(block)
        if self._offset > self._most:
            raise too_much(self._path)
        return len(block)


def _not_text(path: Path, found: str) -> NotFitError:
    return NotFitError(
        str(path),
        found,
        "text in UTF-8 (or UTF-16 with a byte-order mark)",
        "Export it as CSV in UTF-8, or state its encoding in a source description.",
    )


@contextmanager
def text_lines(path: Path, encoding: str = "") -> Iterator[Iterator[str]]:
    """The physical lines of a text file, gzipped or not, with their line ends as they are.

    Args:
        encoding: as stated by the source; a byte-order mark wins, without either it is UTF-8.

    Raises:
        NotFitError: empty, binary, cut short while compressed, or not in its encoding (with the byte).
    """
    if path.stat().st_size == 0:
        raise NotFitError(str(path), "the file has 0 bytes", "at least a header", "Deliver it again.")
    try:
        with _opened(path) as stream:
            found = _encoding(path, stream, encoding)
            raw = _Text(path, stream, wide=_is_wide(found))
            with io.TextIOWrapper(io.BufferedReader(raw, _BLOCK), found, _HALF_CHARACTER_AT_END, newline="") as text:
                yield text
    except UnicodeDecodeError as error:
        raise _undecodable(path, found) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NotFitError(
            str(path), "the compressed file is cut short or damaged", "a whole gzip file", "Deliver it again."
        ) from error


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if compressed else path.open("rb")


def _encoding(path: Path, stream: IO[bytes], stated: str) -> str:
    beginning = stream.read(4)
    stream.seek(0)
    for magic, what in _KNOWN_BEGINNINGS:
        if beginning.startswith(magic):
            raise _not_text(path, f"it is {what}, whatever its name says")
    marked = [encoding for mark, encoding in _MARKS if beginning.startswith(mark)]
    return marked[0] if marked else stated or "utf-8"


def _is_wide(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _undecodable(path: Path, encoding: str) -> NotFitError:
    """Read again to say where: the fast reader does not know how far into the file it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line = 0, 1
    with _opened(path) as stream:
        try:
            while block := stream.read(_BLOCK):
                line += decoder.decode(block).count("\n")
                offset += len(block)
        except UnicodeDecodeError as error:
            offset += error.start - (len(error.object) - len(block))
            line += error.object[: error.start].decode(encoding, "ignore").count("\n")
    return NotFitError(
        str(path),
        f"byte {offset + 1:,}, in line {line:,}, is not {encoding.upper().removesuffix('-SIG')}",
        "UTF-8 (or UTF-16 with a byte-order mark)",
        "Export it as UTF-8, or state its encoding (such as windows-1252) in a source description.",
    )


def _half_character_at_end(error: UnicodeError) -> tuple[str, int]:
    """Let a file end inside a character: its last line is refused. All else that cannot be decoded stays an error."""
    if isinstance(error, UnicodeDecodeError) and error.reason in ("unexpected end of data", "truncated data"):
        return HALF_CHARACTER, error.end
    raise error


_HALF_CHARACTER_AT_END = "pledge-half-character-at-end"
codecs.register_error(_HALF_CHARACTER_AT_END, _half_character_at_end)
