"""Many explanations at once: a CSV with a line for each, as somebody filled it in in a spreadsheet.

A line names a breach (`breach`) or a whole day (`measure force day`, and `area` if only that), a `reason`, `text` and
`by`. A line with neither reason nor text is left alone, so that an export of `pledge breaches` can be filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from checks.errors import UsageError
from checks.explanation import Scope, closest
from connectors.sources.csv_records import CsvRecords
from connectors.sources.delivery import ROW_NUMBER
from connectors.store.explaining import Recorded, explain

COLUMNS = ("breach", "measure", "force", "day", "area", "reason", "text", "by")
_ALSO_CALLED = {"breach_id": "breach", "local_day": "day", "missed_on": "day", "recorded_by": "by"}
# What a spreadsheet makes of 16 digits with at most one e among them, and of a formula that cannot be.
_TURNED_INTO_A_NUMBER = re.compile(r"\d[.,]?\d*E[+-]?\d+", re.IGNORECASE)
_SPREADSHEET_ERROR = re.compile(r"#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NUM!|NULL!)")


@dataclass
class Filed:
    """What became of a file: lines recorded, said before, left alone, and refused: (line number, sentence)."""

    recorded: list[tuple[int, Recorded]] = field(default_factory=list)
    left_alone: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def explain_by_file(engine: Engine, path: Path, by: str, now: datetime) -> Filed:
    """Record every good line, each by itself; a bad one is named and stops no other.

    Args:
        by: who says it where a line does not.

    Raises:
        UsageError: the file cannot be found or lacks the column `reason`; NotFitError: it cannot be read.
    """
    filed = Filed()
    for number, said in _lines(path, filed):
        if not (said["reason"] or said["text"]):
            filed.left_alone += 1
            continue
        try:
            scope = _scope(said)
            with engine.begin() as conn:
                done = explain(conn, scope, said["reason"], _text(said["text"]), said["by"] or by, now, "file")
            filed.recorded.append((number, done))
        except UsageError as error:
            filed.refused.append((number, str(error)))
    filed.refused.sort()
    return filed


def _lines(path: Path, filed: Filed) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line with its number in the sheet, the header being 1; those that cannot be read are refused."""
    if not path.is_file():
        raise UsageError(str(path), "no such file", "a CSV file of explanations", "Correct the path.")
    records = CsvRecords(path, known=(*COLUMNS, *_ALSO_CALLED))
    names = [_ALSO_CALLED.get(name.casefold(), name.casefold()) for name in records.header]
    _refuse_header(path, names)
    for batch in records.read(range(len(names))):
        filed.refused += [(refusal.row_number + 1, refusal.sentence) for refusal in batch.refusals]
        for row in batch.rows.to_pylist():
            values = {name: (row[given] or "").strip() for given, name in zip(records.header, names, strict=True)}
            yield row[ROW_NUMBER] + 1, {name: values.get(name, "") for name in COLUMNS}


def _refuse_header(path: Path, names: list[str]) -> None:
    expected = f"the columns {', '.join(COLUMNS)}"
    if "reason" not in names:
        near = closest("reason", names)
        do = f"Rename {near}." if near else "Add it."
        raise UsageError(str(path), "no column is called reason", expected, do)
    twice = next((name for name in COLUMNS if names.count(name) > 1), "")
    if twice:
        raise UsageError(str(path), f"two columns mean {twice}", expected, "Leave one out.")


def _scope(said: dict[str, str]) -> Scope:
    """A breach that is named wins: an export of `pledge breaches` carries the other columns, too."""
    if breach := said["breach"].lower():
        if _TURNED_INTO_A_NUMBER.fullmatch(breach) and len(breach) < 16:
            found, do = "a spreadsheet has turned it into a number", "Import that column as text, then fill it in."
            raise UsageError("breach", found, "16 letters and digits", do)
        return Scope(breach)
    place: dict[str, Any] = {name: said[name] for name in ("measure", "force", "area")}
    return Scope(**place, day=day_of(said["day"]))


def day_of(text: str) -> date | None:
    """A day as YYYY-MM-DD; None where there is none. Other notations are ambiguous and refused."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        found = "a date in another notation" if re.fullmatch(r"[\d./ -]{6,10}", text) else "what stands there is no day"
        raise UsageError("day", found, "YYYY-MM-DD", "Write it so; 02/03 is two days to two readers.") from None


def _text(text: str) -> str:
    """The words as they were meant: without the apostrophe by which a spreadsheet keeps a text from being run."""
    if _SPREADSHEET_ERROR.fullmatch(text):
        expected, do = "the officer's words", "Put an apostrophe before them, so that they stay text."
        raise UsageError("text", "a spreadsheet took it for a formula", expected, do)
    return text[1:] if re.match(r"'[=+@-]", text) else text
