"""Excel workbooks: the first visible sheet, each cell as the text its value is meant to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from checks.errors import NotFitError
from connectors.sources.delivery import BATCH, Batch
from connectors.sources.header import cleaned
from connectors.sources.records import text_table
from connectors.sources.unpacked import check_zip
from connectors.sources.workbook_errors import error_cells
from connectors.sources.workbook_texts import check_repeated

_DAY = 86_400


class WorkbookRecords:
    """The first visible sheet of a workbook; rows without any value are no records."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sheet = _first_sheet(path)
        self._errors = error_cells(path, self._sheet.name)
        rows = self._rows()
        first = next(rows, None)
        if first is None:
            raise NotFitError(
                str(path), f"sheet {self._sheet.name!r} is empty", "a header and records", "Deliver it again."
            )
        self.header = cleaned(str(path), [_text(value) for value in first])

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        names = [self.header[position] for position in wanted]
        records = islice(self._rows(), 1, None)
        number = 1
        while block := list(islice(records, BATCH)):
            columns = [[_text(row[position]) for row in block] for position in wanted]
            yield Batch(text_table(names, columns, range(number, number + len(block))))
            number += len(block)

    def _rows(self) -> Iterator[list[Any]]:
        """The sheet's rows that hold anything; an error such as #VALUE! is a value, though the reader gives ''."""
        top, left = self._sheet.start or (0, 0)
        for index, row in enumerate(self._sheet.iter_rows(), top):
            cells: list[Any] = list(row)
            for column, said in self._errors.get(index, {}).items():
                if 0 <= column - left < len(cells):
                    cells[column - left] = said
            if any(str(cell).strip() for cell in cells if cell is not None):
                yield cells


def _first_sheet(path: Path) -> CalamineSheet:
    check_zip(path)
    check_repeated(path)
    try:
        book = CalamineWorkbook.from_path(path)
        for sheet in book.sheets_metadata:
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible:
                return book.get_sheet_by_name(sheet.name)
    except (CalamineError, OSError) as error:
        raise NotFitError(
            str(path),
            "it cannot be opened as an Excel workbook (damaged, protected by a password, or another kind of file)",
            "an .xlsx workbook",
            "Save it again from Excel, without a password.",
        ) from error
    raise NotFitError(str(path), "it has no visible sheet", "the records on the first sheet", "Save it again.")


def _text(value: Any) -> str:
    """A cell's value as text: 123.0 is the number 123, a date a bare date, a length of time H:MM:SS."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _length(value) if isinstance(value, timedelta) else str(value)


def _length(value: timedelta) -> str:
    seconds = value.days * _DAY + value.seconds
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
