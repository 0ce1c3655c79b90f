"""How large the texts of a workbook become: a cell of twenty bytes may name a text of megabytes, a million times."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from connectors.sources.unpacked import most_unpacked, too_much

_BLOCK = 1 << 20
_TEXTS = "xl/sharedstrings.xml"
_END_OF_TEXT = re.compile(rb"</(?:\w+:)?si>")
_NAMED = re.compile(
    rb"""\bt\s*=\s*["']s["'][^>]*>\s*(?:<(?:\w+:)?f\b[^<]*(?:</(?:\w+:)?f>)?\s*)?<(?:\w+:)?v\b[^>]*>\s*(\d{1,9})\s*<"""
)
_LONGEST_CELL = 1_000


def check_repeated(path: Path) -> None:
    """Raise NotFitError when the shared texts, each written out where a cell names it, become too much.

    A workbook that cannot be read is left to its reader, who says so.
    """
    try:
        with zipfile.ZipFile(path) as book:
            texts = [name for name in book.namelist() if name.casefold() == _TEXTS]
            lengths = [length for name in texts for length in _lengths(_blocks(book, name))]
            if lengths and max(lengths) * _cells(book) > most_unpacked(path):
                total = 0
                for number in _numbers(book):
                    total += lengths[number] if number < len(lengths) else 0
                    if total > most_unpacked(path):
                        raise too_much(path)
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        return


def _cells(book: zipfile.ZipFile) -> int:
    """At most how many cells name a text: none is shorter than `<c t="s"><v>0</v></c>`."""
    return sum(book.getinfo(sheet).file_size for sheet in _sheets(book)) // len('<c t="s"><v>0</v></c>')


def _sheets(book: zipfile.ZipFile) -> list[str]:
    return [name for name in book.namelist() if name.endswith(".xml") and name.casefold() != _TEXTS]


def _blocks(book: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with book.open(name) as xml:
        yield from iter(lambda: xml.read(_BLOCK), b"")


def _lengths(blocks: Iterator[bytes]) -> Iterator[int]:
    """How many bytes of XML each shared text takes."""
    begun, rest = 0, b""
    for block in blocks:
        xml, at = rest + block, 0
        for end in _END_OF_TEXT.finditer(xml):
            yield begun + end.start() - at
            at, begun = end.end(), 0
        kept = xml[at:][-16:]  # an end that is cut by the block's
        begun += len(xml) - at - len(kept)
        rest = kept


def _numbers(book: zipfile.ZipFile) -> Iterator[int]:
    """The number of the text each cell names, sheet by sheet."""
    for sheet in _sheets(book):
        rest = b""
        for block in _blocks(book, sheet):
            xml, at = rest + block, 0
            for cell in _NAMED.finditer(xml):
                yield int(cell[1])
                at = cell.end()
            rest = xml[at:][-_LONGEST_CELL:]
