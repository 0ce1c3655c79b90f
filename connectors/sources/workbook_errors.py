"""Cells of a workbook whose value is there but cannot be read: errors, and formulas that were never calculated.

The fast reader gives both as empty, but an error is never the same as nothing: they are looked up in the sheet's XML.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from checks.errors import NotFitError

UNCALCULATED = "#UNCALCULATED!"
_BLOCK = 1 << 20
# Between two cells; a cell that is cut by the end of a block is looked at with the next one.
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_REFERENCE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]+)</(?:\w+:)?v>")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_DAMAGED = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, StopIteration, LookupError, OSError, EOFError)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def error_cells(path: Path, sheet: str) -> dict[int, dict[int, str]]:
    """What stands in a sheet's unreadable cells: row → column → text, both counted from 0.

    Raises NotFitError when the workbook's parts do not fit together.
    """
    found: dict[int, dict[int, str]] = {}
    try:
        with zipfile.ZipFile(path) as book, book.open(_part(book, sheet)) as xml:
            for attributes, content in _suspects(iter(lambda: xml.read(_BLOCK), b"")):
                place = _REFERENCE.search(attributes)
                said = _said(attributes, content)
                if place and said:
                    found.setdefault(int(place[2]) - 1, {})[_column(place[1])] = said
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:
        raise NotFitError(
            str(path), "the workbook's parts do not fit together", "an .xlsx workbook", "Save it again from Excel."
        ) from error
    return found


def _suspects(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and content of the cells in blocks of XML; blocks without an error or a formula are passed over."""
    rest = b""
    for block in blocks:
        xml = rest + block
        end = max(xml.rfind(b"</c>"), xml.rfind(b":c>"), xml.rfind(b"</row>"), 0)
        rest = xml[end:]
        if b't="e"' in xml or _FORMULA.search(xml):
            for cell in _CELL.finditer(xml[: end + 4]):
                yield cell[1], cell[2] or b""


def _said(attributes: bytes, content: bytes) -> str:
    """The text of an unreadable cell, '' for any other; a formula may well yield the empty text."""
    value = _VALUE.search(content)
    if b't="e"' in attributes:
        return value[1].decode() if value else "#ERROR!"
    uncalculated = _FORMULA.search(content) and not value and b't="str"' not in attributes
    return UNCALCULATED if uncalculated else ""


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    """The path inside the workbook of the sheet with this name."""
    workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    wanted = next(each.get(_RELATION) for each in workbook.iter() if each.get("name") == sheet and each.get(_RELATION))
    target = next(each.get("Target", "") for each in relations if each.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.decode():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
