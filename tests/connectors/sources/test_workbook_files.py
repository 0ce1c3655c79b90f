"""Excel: dates are moments, numbers are whole again, and an error in a cell is never the same as an empty one."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from checks.errors import NotFitError
from connectors.sources.file import canonical
from tests.connectors.sources.reading import CALLS, HEADER, Read, read, staged

ROW = ["c1", "norfolk", "999", "public", datetime(2026, 3, 1, 10, 0, 0), datetime(2026, 3, 1, 10, 0, 8)]


def workbook(folder: Path, *rows: list[Any], header: str = HEADER, above: int = 0) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for _ in range(above):
        sheet.append([None])
    if above:
        sheet.cell(above + 1, 1)
    sheet.append(header.split(","))
    for row in rows:
        sheet.append(row)
    path = folder / "calls.xlsx"
    book.save(path)
    return path


def cells(folder: Path, *values: Any) -> list[Any]:
    """The text each value has become, as the area of a call."""
    rows = [[f"c{n}", *ROW[1:], value] for n, value in enumerate(values)]
    found = read(workbook(folder, *rows, header=f"{HEADER},area"))
    return [row.get("area") for row in found.rows]


def test_a_sheet_reads_like_a_table(tmp_path: Path) -> None:
    rows = staged(workbook(tmp_path, ROW), canonical("calls"), tmp_path / "typed")
    assert rows.loc[1, "received_at"].to_pydatetime() == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert rows.loc[1, "answered_at"] - rows.loc[1, "received_at"] == timedelta(seconds=8)


def test_every_second_of_a_day_survives(tmp_path: Path) -> None:
    seconds = [datetime(2026, 3, 1) + timedelta(seconds=n) for n in range(0, 86_400, 61)]
    rows = [[f"c{n}", *ROW[1:4], moment, moment + timedelta(seconds=10)] for n, moment in enumerate(seconds)]
    typed = staged(workbook(tmp_path, *rows), canonical("calls"), tmp_path / "typed")
    assert [moment.to_pydatetime().replace(tzinfo=None) for moment in typed["received_at"]] == seconds
    assert set(typed["answered_at"] - typed["received_at"]) == {timedelta(seconds=10)}


def test_values_become_text(tmp_path: Path) -> None:
    values = [7, 7.0, 7.25, "007", True, False, 1e15, date(2026, 3, 1), time(9, 5), timedelta(hours=30), "  x "]
    told = cells(tmp_path, *values)
    assert told[:6] == ["7", "7", "7.25", "007", "true", "false"]
    assert told[6] == "1000000000000000"
    assert told[7].startswith("2026-03-01") and told[8] == "09:05:00"
    assert told[9].lstrip("0").startswith("30:00") and told[10].strip() == "x"


@pytest.mark.parametrize("error", ["#VALUE!", "#N/A", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"])
def test_an_error_is_a_value_that_cannot_be_read(tmp_path: Path, error: str) -> None:
    path = workbook(tmp_path, ROW, [*ROW[:5], error], [*ROW[:5], None])
    typed = staged(path, canonical("calls"), tmp_path / "typed")
    assert [str(each) == "unreadable" for each in typed["answered_at__trouble"]] == [False, True, False]


@pytest.mark.parametrize("no_value", ["", "<v/>", "<v></v>"])  # as different writers put it
def test_a_formula_that_was_never_calculated_is_not_empty(tmp_path: Path, no_value: str) -> None:
    path = workbook(tmp_path, [*ROW[:5], "=E2+1"])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, text in parts.items():
            book.writestr(name, re.sub(r"<v ?/>|<v></v>", no_value, text))
    typed = staged(path, canonical("calls"), tmp_path / "typed")
    assert typed["answered_at__trouble"].to_list() == ["unreadable"]


def test_rows_without_any_value_are_no_records(tmp_path: Path) -> None:
    second = ["c2", *ROW[1:]]
    found = read(workbook(tmp_path, ROW, [None] * 6, ["", " ", None], second, above=3))
    assert [key.strip() for key in found.keys if key.strip()] == ["c1", "c2"]


def test_columns_outside_the_contract_and_nameless_ones_are_dropped(tmp_path: Path) -> None:
    header = f"notes,{HEADER},,"
    found = read(workbook(tmp_path, ["knows her", *ROW, "x", "y"], header=header))
    assert set(found.rows[0]) == {*HEADER.split(","), "row_number"}


def test_a_title_in_merged_cells_above_the_header_is_one_sentence(tmp_path: Path) -> None:
    path = workbook(tmp_path, ROW)
    book = openpyxl.load_workbook(path)
    book.active.insert_rows(1)
    book.active["A1"] = "Calls of March 2026"
    book.active.merge_cells("A1:F1")
    book.save(path)
    with pytest.raises(NotFitError, match="no column"):
        read(path)


def several(folder: Path, *titles: str, state: str = "visible") -> Read:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title in titles:
        sheet = book.create_sheet(title)
        sheet.append(HEADER.split(",") if title != "cover" else ["About these figures"])
        sheet.append([title, *ROW[1:]] if title != "cover" else [""])
    book.worksheets[0].sheet_state = state
    path = folder / "calls.xlsx"
    book.save(path)
    return read(path)


def test_of_several_sheets_the_first_visible_one_counts(tmp_path: Path) -> None:
    assert several(tmp_path, "march", "april").keys == ["march"]
    assert several(tmp_path, "lists", "april", state="hidden").keys == ["april"]


@pytest.mark.parametrize(
    "content", [b"", CALLS.encode(), b"PK\x03\x04" + bytes(100), b"\xd0\xcf\x11\xe0" + bytes(600)], ids=repr
)
def test_what_is_no_workbook_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calls.xlsx"
    path.write_bytes(content)
    with pytest.raises(NotFitError) as refused:
        read(path)
    assert str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)


def test_another_zip_file_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "calls.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("calls.csv", CALLS)
    with pytest.raises(NotFitError):
        read(path)


def test_an_empty_sheet_and_a_column_twice_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "calls.xlsx"
    openpyxl.Workbook().save(path)
    with pytest.raises(NotFitError, match="empty"):
        read(path)
    with pytest.raises(NotFitError, match="columns 3 and 7 have one name"):
        read(workbook(tmp_path, [*ROW, "101"], header=f"{HEADER},LINE"))
