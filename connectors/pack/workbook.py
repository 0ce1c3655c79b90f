"""An accessible spreadsheet (GSS guidance, by `gptables`): cover, contents, notes, and one table on each sheet."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

NOT_RECORDED = "[x]"
_INSTRUCTIONS = "This worksheet contains one table. [x] means: not recorded, or not applicable."
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000  # an Excel cell holds 32,767 characters


@dataclass(frozen=True)
class Sheet:
    """One table: `label` names its tab, `columns` are the keys of `rows` and the headings."""

    label: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def workbook(
    title: str, about: Sequence[str], notes: Sequence[tuple[str, str]], sheets: Sequence[Sheet], made: datetime
) -> bytes:
    """The bytes of the .xlsx file; the same input makes the same bytes.

    Args:
        about: paragraphs of the cover.
        notes: (subject, text), a line each of the sheet of notes.
        made: the moment the file says it was made at; it stands for no clock.
    """
    from gptables import Cover, GPTable, produce_workbook

    out = io.BytesIO()
    tables = {"Notes": _table(GPTable, Sheet("Notes", "Notes", ("subject", "note"), _noted(notes)))}
    tables |= {sheet.label: _table(GPTable, sheet) for sheet in sheets}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there is a sheet of notes, but none of footnotes
        book = produce_workbook(
            out,  # XlsxWriter takes a file, too
            tables,
            cover=Cover(title=title, intro=list(about)),
            workbook_options={"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True},
        )
        book.set_properties({"title": title, "created": made.replace(tzinfo=None)})
        book.close()
    return out.getvalue()


def _noted(notes: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"subject": subject, "note": text} for subject, text in notes]


def _table(gptable: Any, sheet: Sheet) -> Any:
    import pandas as pd

    headings = [name.replace("_", " ").capitalize() for name in sheet.columns]
    rows = [[_cell(row.get(name)) for name in sheet.columns] for row in sheet.rows]
    frame = pd.DataFrame(rows or [[NOT_RECORDED] * len(headings)], columns=headings, dtype=object)
    name = sheet.label.lower().replace(" ", "_")
    return gptable(table=frame, table_name=name, title=sheet.title, instructions=_INSTRUCTIONS, index_columns={})


def _cell(value: Any) -> Any:
    """A value as a cell: no empty one, none of signs alone, no formula, moments as text in UTC."""
    if value is None or value == "":
        return NOT_RECORDED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    text = "".join(sign for sign in text if sign.isprintable()).replace("$$", "$ $")[:_LONGEST]
    if not any(sign.isascii() and sign.isalnum() for sign in text):
        return f"text: {text}" if text.strip() else NOT_RECORDED
    return f"'{text}" if text.startswith(_FORMULA) else text
