"""Files made to fill a disk or a memory are refused while they are small; dull but honest ones are read."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from checks.errors import NotFitError
from connectors.sources import unpacked
from connectors.sources.file import canonical, open_delivery
from tests.connectors.sources.reading import CALLS, HEADER


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "ALWAYS_ALLOWED", 1_000_000)


def read(path: Path) -> int:
    return sum(batch.rows.num_rows for batch in open_delivery(canonical("calls"), path).batches())


@pytest.mark.parametrize("name", ["calls.csv.gz", "calls.jsonl.gz"])
def test_a_gzip_bomb(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    line = b'{"call_id": "1"}\n' if "jsonl" in name else b"1,norfolk,999,public,2026-03-01 10:00\n"
    path.write_bytes(gzip.compress(HEADER.encode() + b"\n" + line * 200_000))
    with pytest.raises(NotFitError, match="unpacks to more than 200 times its size"):
        read(path)


def test_a_dull_file_of_reasonable_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    head, *records = CALLS.strip().splitlines()
    path.write_bytes(gzip.compress("\n".join([head, *records]).encode() + b"\n" * 900_000))
    assert read(path) == len(records)


def workbook(path: Path, rows: int) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADER.split(","))
    for _ in range(rows):
        sheet.append(["x" * 200] * 5)
    book.save(path)
    return path


def test_a_workbook_that_is_a_bomb(tmp_path: Path) -> None:
    path = workbook(tmp_path / "calls.xlsx", 2)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/image1.png", b"\0" * 20_000_000)
    with pytest.raises(NotFitError, match="unpacks to more than 200 times its size"):
        open_delivery(canonical("calls"), path)


def test_a_workbook_that_says_it_is_small(tmp_path: Path) -> None:
    path = workbook(tmp_path / "calls.xlsx", 2)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/image1.png", b"\0" * 20_000_000)
    large, small = struct.pack("<I", 20_000_000), struct.pack("<I", 1_000)
    path.write_bytes(path.read_bytes().replace(large, small))
    with pytest.raises(NotFitError, match="not as large as it says"):
        open_delivery(canonical("calls"), path)
