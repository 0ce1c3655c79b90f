"""JSON Lines: one object a line; a key that is absent from a line is empty there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from checks.errors import NotFitError
from connectors.sources.csv_lines import MALFORMED, TRUNCATED
from connectors.sources.decoding import text_lines
from connectors.sources.delivery import BATCH, Batch, Refusal
from connectors.sources.header import MOST_COLUMNS, bare, cleaned, too_wide
from connectors.sources.records import bounded, text_table


class JsonRecords:
    """A JSON Lines file. Which columns it has is known only when every line was seen: it is read twice.

    Names that differ in upper and lower case only, from line to line, are one column.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self._path, self._encoding = path, encoding
        spellings: dict[str, list[str]] = {}
        with text_lines(path, encoding) as lines:
            for line in lines:
                for key in _parsed(line) or ():
                    known = spellings.setdefault(folded(key), [])
                    if key not in known:
                        known.append(key)
                if len(spellings) > MOST_COLUMNS:
                    raise too_wide(str(path))
        if not spellings:
            raise NotFitError(
                str(path), "no line of it is a JSON object with keys", "one JSON object a line", "Deliver JSON Lines."
            )
        self._spellings = tuple(spellings.values())
        self.header = cleaned(str(path), [known[0] for known in self._spellings])

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        return bounded(str(self._path), self._batches(wanted))

    def _batches(self, wanted: Sequence[int]) -> Iterator[Batch]:
        number = 1
        with text_lines(self._path, self._encoding) as lines:
            while block := list(islice(lines, BATCH)):
                records = [line for line in block if line.strip("\ufeff \t\r\n")]
                if records:
                    yield self._batch(records, number, wanted)
                number += len(records)

    def _batch(self, lines: Sequence[str], first_number: int, wanted: Sequence[int]) -> Batch:
        spellings = [self._spellings[position] for position in wanted]
        rows, numbers, refusals = [], [], []
        for number, line in enumerate(lines, first_number):
            record = _parsed(line)
            if record is None:
                rule = MALFORMED if line.endswith(("\n", "\r")) else TRUNCATED
                refusals.append(Refusal(number, rule, "The line is not one JSON object with each name once."))
            else:
                rows.append([_text(_value(record, known)) for known in spellings])
                numbers.append(number)
        columns = list(zip(*rows, strict=True)) or [()] * len(wanted)
        return Batch(text_table([self.header[p] for p in wanted], columns, numbers), tuple(refusals))


def _value(record: dict[str, Any], spellings: Sequence[str]) -> Any:
    return next((record[key] for key in spellings if key in record), None)


def whole_number(literal: str) -> str:
    """A number as text; 123.0 is how data frames and spreadsheets write the whole number 123."""
    whole, point, fraction = literal.partition(".")
    return whole if point and not fraction.strip("0") else literal


def folded(name: str) -> str:
    """A key as it is compared with others."""
    return bare(name).casefold()


def _parsed(line: str) -> dict[str, Any] | None:
    """The object on a line, its numbers as the text they are written as; None where the line holds none."""
    try:
        record = json.loads(
            line.lstrip("\ufeff"),
            parse_float=whole_number,
            parse_int=str,
            parse_constant=_refuse,
            object_pairs_hook=_each_once,
        )
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or (("\\u" in line or "\0" in line) and not _is_text(record)):
        return None
    return record


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len({folded(key) for key in record}) != len(pairs):
        raise ValueError("a name stands twice")
    return record


def _is_text(record: dict[str, Any]) -> bool:
    """Whether it can be written down: escapes can make a NUL or half a character, such as \\ud800."""
    try:
        return "\\u0000" not in json.dumps(record) and bool(json.dumps(record, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
