"""The tables of pages as files: CSV, JSON, and a workbook that a screen reader can read (GSS's gptables)."""

from __future__ import annotations

import csv
import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from connectors.site import addresses
from connectors.site.page import File
from connectors.spreadsheets import not_a_formula

NOT_THERE = "[x]"
"""The Analysis Function's shorthand for what is not available."""
FORMS = ("csv", "json")
"""What is quickly made; a workbook takes as long as fifty of them, so that there is one for each measure."""
WORKBOOK = "xlsx"
_ALWAYS = datetime(2000, 1, 1)  # noqa: DTZ001 a workbook knows no zones


@dataclass(frozen=True)
class Table:
    """A table as it is downloaded.

    Args:
        title: what it is, with measure and force.
        notes: what a reader has to know, one sentence each.
        columns: key → what it holds, in words; the keys are those of the store's tables.
        rows: mappings of these keys.
    """

    title: str
    notes: tuple[str, ...]
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]


def files(page: str, table: Table, forms: Sequence[str] = FORMS) -> Iterator[File]:
    """The table of the page at an address in these forms, each made when it is needed."""
    inputs = [table.title, table.notes, table.columns, [[row[key] for key in table.columns] for row in table.rows]]
    makers = {"csv": _csv, "json": _json, WORKBOOK: _xlsx}
    for form in forms:
        yield File(addresses.download(page, form), partial(makers[form], table), [form, inputs])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _csv(table: Table) -> bytes:
    """With a heading, in UTF-8 with the mark by which Excel knows it."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.rows:
        values = (_plain(row[key]) for key in table.columns)
        writer.writerow([str(v).lower() if isinstance(v, bool) else not_a_formula(v) for v in values])
    return out.getvalue().encode("utf-8-sig")


def _json(table: Table) -> bytes:
    rows = [{key: _plain(row[key]) for key in table.columns} for row in table.rows]
    said = {"title": table.title, "notes": table.notes, "columns": table.columns, "rows": rows}
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def _xlsx(table: Table) -> bytes:
    """One sheet with a marked table and its notes, after a cover."""
    import gptables
    import pandas as pd

    # gptables refuses a table without rows.
    rows = [[_cell(row[key]) for key in table.columns] for row in table.rows] or [[NOT_THERE] * len(table.columns)]
    heading = [f"{_text(words)} ({key})" for key, words in table.columns.items()]
    frame = pd.DataFrame(rows, columns=heading, dtype=object)
    sheet = gptables.GPTable(
        table=frame,
        table_name="figures",
        title=_text(table.title),
        subtitles=[],
        instructions=f"This sheet holds one table. {NOT_THERE} stands for what there is not.",
        source=None,
        index_columns={},
    )
    cover = gptables.Cover(cover_label="Cover", title=_text(table.title), about=[_text(note) for note in table.notes])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no sheet of notes
        path = Path(folder) / "table.xlsx"
        book = gptables.produce_workbook(path, {"Figures": sheet}, cover=cover, contentsheet_label=None)
        # The same table is the same file: no moment of writing in it.
        book.set_properties({"title": _text(table.title), "created": _ALWAYS})
        book.close()
        return path.read_bytes()


def _cell(value: Any) -> Any:
    value = _plain(value)
    if value is None or value == "":
        return NOT_THERE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    """A text without what gptables takes for a link or a reference to a note; it refuses one of signs only."""
    said = str(not_a_formula(value.replace("$$", "$ $").replace("](", "] (")))
    return said if any(sign.isalnum() for sign in said) else f"{said} [only signs]"
