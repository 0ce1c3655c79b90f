"""Physical lines to CSV records, with recovery: an unclosed quote must not swallow the records after it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

MALFORMED = "malformed_row"
TRUNCATED = "truncated_line"
# A quoted value may hold line ends; a record that runs on for longer is an opened quote that nobody closed.
LONGEST_RECORD = 100


@dataclass(frozen=True)
class Bad:
    """A record that could not be split; `values` only where each is known to stand in its own column."""

    number: int
    rule: str
    sentence: str
    values: Sequence[str] = ()


@dataclass
class Parsed:
    """Records of one block: `carried` are the lines of a record that goes on in the next block.

    `open_ended` = the last row is the file's last line and has no line end.
    """

    next_number: int
    rows: list[list[str]] = field(default_factory=list)
    numbers: Sequence[int] = ()
    refused: list[Bad] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    open_ended: bool = False


def is_closed(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the record these lines end with is complete: no quote is open after the last of them."""
    if not any('"' in line for line in lines):
        return True
    try:
        return len(list(csv.reader([*lines, "x\n"], delimiter=delimiter))) > 1
    except csv.Error:
        return False


def split(lines: list[str], delimiter: str, width: int, number: int, ended: bool) -> Parsed:
    """Split a block of lines into records of `width` fields; the first is record `number`.

    Args:
        ended: whether the file ends with this block.
    """
    parsed = _at_once(lines, delimiter, width, number) or _carefully(lines, delimiter, width, number, ended)
    parsed.open_ended = ended and bool(lines) and not lines[-1].endswith(("\n", "\r"))
    return parsed


def _at_once(lines: list[str], delimiter: str, width: int, number: int) -> Parsed | None:
    """The usual block, where every line is one good record; None where it is not."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return None
    if len(rows) != len(lines) or set(map(len, rows)) - {width} or not is_closed(lines[-1:], delimiter):
        return None
    return Parsed(number + len(rows), rows, range(number, number + len(rows)))


def _carefully(lines: list[str], delimiter: str, width: int, number: int, ended: bool) -> Parsed:
    parsed = Parsed(number)
    numbers: list[int] = []
    for row, first, end in _Walk(lines, delimiter, width, ended):
        if row is None and end > first:
            parsed.carried = lines[first:end]
            break
        cut = ended and end == len(lines) and not lines[-1].endswith(("\n", "\r"))
        if row is None:
            parsed.refused.append(Bad(parsed.next_number, TRUNCATED if cut else MALFORMED, _UNCLOSED))
        elif not row or (len(row) == 1 < width and not row[0].strip()):
            continue
        elif len(row) == width:
            parsed.rows.append(row)
            numbers.append(parsed.next_number)
        else:
            parsed.refused.append(_wrong_width(parsed.next_number, row, width, cut))
        parsed.next_number += 1
    parsed.numbers = numbers
    return parsed


_UNCLOSED = "A quote is opened in this record and not properly closed; expected it closed in the same record."


def _wrong_width(number: int, row: Sequence[str], width: int, cut: bool) -> Bad:
    if cut and len(row) < width:
        sentence = f"The file ends in this record: {len(row)} of {width} fields are there. Deliver the file whole."
        return Bad(number, TRUNCATED, sentence, row[:-1])
    return Bad(number, MALFORMED, f"The record has {len(row)} fields; expected {width}, as in the header.")


class _Walk:
    """Records with the lines they take: `(row, first, end)`.

    `row` None: with `end` > `first`, lines that go on in the next block; with `end` = `first`… the line's record is
    refused and reading goes on at the next line.
    """

    def __init__(self, lines: list[str], delimiter: str, width: int, ended: bool) -> None:
        self._lines, self._delimiter, self._width, self._ended = lines, delimiter, width, ended

    def __iter__(self) -> Iterator[tuple[list[str] | None, int, int]]:
        at = 0
        while at < len(self._lines):
            at = yield from self._from(at)

    def _from(self, start: int) -> Iterator[tuple[list[str] | None, int, int]]:
        """Walk until a record must be refused for its quotes; returns the line to go on from."""
        reader = csv.reader(islice(self._lines, start, None), delimiter=self._delimiter)
        first = start
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return len(self._lines)
            except csv.Error:
                row = None
            end = start + reader.line_num
            if row is not None and end - first == 1 and (end < len(self._lines) or self._closed(first, end)):
                yield row, first, end
            elif row is not None and self._whole(row, first, end):
                yield row, first, end
            elif self._goes_on(first, end):
                yield None, first, len(self._lines)
                return len(self._lines)
            else:
                yield None, first, first
                return first + 1
            first = end
