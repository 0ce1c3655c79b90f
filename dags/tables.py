"""How rows are handed to a user: as a table to read, or csv, json, parquet or xlsx to work with."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from itertools import islice
from typing import Any, TextIO
from unicodedata import combining, east_asian_width

from checks.errors import UsageError
from checks.printable import printable
from connectors.spreadsheets import not_a_formula

ROWS_SHOWN = 200
# Control characters JSON leaves as they are, and those that turn the direction of writing.
_OBEYED = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Format(StrEnum):
    """The forms of `--format`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    XLSX = "xlsx"


def plain(value: Any) -> Any:
    """A value as JSON and CSV write it: moments in UTC, days and moments in ISO 8601."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: Format, short: Sequence[str] = ()) -> None:
    """Write rows to standard output.

    Args:
        columns: every column, in order; they are the heading even when there is no row.
        short: the columns of `table`, the form for people; every other form has all columns and all rows.
    """
    if form is Format.JSON:
        _json(rows, columns)
    elif form is Format.CSV:
        write_csv(sys.stdout, rows, columns)
    elif form is Format.TABLE:
        _table(rows, short or columns)
    else:
        _binary(list(rows), columns, form)


def write_csv(file: TextIO, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows as CSV with a heading; rows may be streamed. No text in it is a formula to a spreadsheet."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([not_a_formula(_cell(row.get(name))) for name in columns] for row in rows)


def _json(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    sys.stdout.write("[")
    for place, row in enumerate(rows):
        said = {name: plain(row.get(name)) for name in columns}
        sys.stdout.write(("," if place else "") + "\n" + as_json(said))
    sys.stdout.write("\n]\n")


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON; what a terminal would obey stands in it as its escape."""
    said = json.dumps(value, ensure_ascii=False, default=lambda each: str(plain(each)), indent=indent)
    return _OBEYED.sub(lambda each: f"\\u{ord(each[0]):04x}", said)


def _cell(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    left = iter(rows)
    shown = [[_readable(row.get(name)) for name in columns] for row in islice(left, ROWS_SHOWN)]
    print(aligned(shown, columns))
    more = sum(1 for _ in left)
    if more:
        print(f"… and {more:,} more rows: --format csv or json gives all of them.")
    elif not shown:
        print("(no rows)")


def aligned(rows: Iterable[Sequence[str]], head: Sequence[str], right: Collection[int] = ()) -> str:
    """Rows of text below their heading, each column as wide as its widest cell; those in `right` end in line."""
    lines = [tuple(head), *rows]
    least = [_width(name) + 2 for name in head]
    widths = [max(least[at], *(_width(line[at]) for line in lines)) for at in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        blanks = [" " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]
        cells = [blank + line[at] if at in right else line[at] + blank for at, blank in enumerate(blanks)]
        return "  ".join(cells).rstrip()

    return "\n".join([laid_out(head), "  ".join("-" * width for width in widths), *map(laid_out, lines[1:])])


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: none for a mark on the letter before, two for a wide letter."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def _readable(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(str(_cell(value)))


def _binary(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Format) -> None:
    import pandas as pd

    if sys.stdout.isatty():
        raise UsageError(
            f"--format {form}",
            "standard output is a terminal",
            "a file or a pipe",
            f"Add `> verdicts.{form}`.",
        )
    frame = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=list(columns))
    for name in frame.select_dtypes("object").columns:
        frame[name] = frame[name].map(lambda v: json.dumps(v) if isinstance(v, dict | list) else v)
    out = BytesIO()
    if form is Format.PARQUET:
        frame.to_parquet(out, index=False)
    else:
        for name in frame.columns:  # Excel knows no time zones
            if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
                frame[name] = frame[name].dt.tz_convert("UTC").dt.tz_localize(None)
        frame.map(not_a_formula).to_excel(out, index=False)
    sys.stdout.buffer.write(out.getvalue())
