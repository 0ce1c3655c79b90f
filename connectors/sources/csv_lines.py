"""Physical lines to CSV records, with recovery: an unclosed quote must not swallow the records after it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyarrow import csv as arrow_csv

MALFORMED = "malformed_row"
TRUNCATED = "truncated_line"
# A quoted value may hold line ends; a record that runs on for longer is an opened quote that nobody closed.
LONGEST_RECORD = 100
# Free text may be long; csv's own limit of 128 kB is one for the whole process.
csv.field_size_limit(16 << 20)
_QUOTE = "A quote is opened in this record and not properly closed; expected it closed in the same record."


@dataclass(frozen=True)
class Bad:
    """A record that could not be split; `values` only where each is known to stand in its own column."""

    number: int
    rule: str
    sentence: str
    values: Sequence[str] = ()


@dataclass
class Parsed:
    """Records of one block, column by column: `carried` are the lines of a record that goes on in the next block.

    `cut_short` = the last row is the file's last line and has no line end.
    """

    next_number: int
    columns: Sequence[pa.Array] = ()
    numbers: Sequence[int] = ()
    refused: list[Bad] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    cut_short: bool = False


@dataclass(frozen=True)
class Block:
    """Lines to be split into records of `width` fields; `ended` = the file ends with them."""

    lines: list[str]
    delimiter: str
    width: int
    ended: bool

    @property
    def lacks_line_end(self) -> bool:
        return self.ended and bool(self.lines) and not self.lines[-1].endswith(("\n", "\r"))


def is_closed(line: str, delimiter: str) -> bool:
    """Whether no quote is open at the end of a line that begins a record."""
    return '"' not in line or not _goes_on([line], delimiter)


def split(block: Block, number: int) -> Parsed:
    """Split a block into records, the first of which is record `number` of the file."""
    text = "".join(block.lines)
    columns = None if "\0" in text else _quoted(block) if '"' in text else _plain(block, text)
    if columns is None:
        return _carefully(block, number)
    after = number + len(block.lines)
    return Parsed(after, columns, range(number, after), cut_short=block.lacks_line_end)


def _plain(block: Block, text: str) -> list[pa.Array] | None:
    """The columns of a block without quotes in which every line is a record; None where one is not."""
    nothing = block.delimiter * (block.width - 1)
    if block.width == 1 or not text or text.startswith(nothing) or f"\n{nothing}" in text or f"\r{nothing}" in text:
        return None
    names = [str(position) for position in range(block.width)]
    data = text.encode()
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            arrow_csv.ParseOptions(delimiter=block.delimiter, quote_char=False),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    return [column.combine_chunks() for column in table.columns] if table.num_rows == len(block.lines) else None


def _quoted(block: Block) -> list[pa.Array] | None:
    """The columns of a block in which every line, quotes and all, is a record; None where one is not."""
    try:
        rows = list(csv.reader(block.lines, delimiter=block.delimiter))
    except csv.Error:
        return None
    one_each = len(rows) == len(block.lines) and not set(map(len, rows)) - {block.width} and all(map(any, rows))
    if not one_each or not is_closed(block.lines[-1], block.delimiter):
        return None
    return _columns(rows, block.width)


def _columns(rows: list[list[str]], width: int) -> list[pa.Array]:
    if not rows:
        return [pa.array([], pa.string())] * width
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def _carefully(block: Block, number: int) -> Parsed:
    parsed = Parsed(number)
    rows: list[list[str]] = []
    numbers: list[int] = []
    at = 0
    while at < len(block.lines) and not parsed.carried:
        for row, first, end in _records(block, at):
            at = end
            if row is not None and _is_whole(block, row, first, end):
                _take(block, parsed, rows, numbers, row, end)
            elif _continues(block, first, end):
                parsed.carried = block.lines[first:]
                break
            else:
                last = block.lacks_line_end and first + 1 == len(block.lines)
                parsed.refused.append(Bad(parsed.next_number, TRUNCATED if last else MALFORMED, _QUOTE))
                parsed.next_number += 1
                at = first + 1
                break
    parsed.columns, parsed.numbers = _columns(rows, block.width), numbers
    return parsed


def _records(block: Block, start: int) -> Iterator[tuple[list[str] | None, int, int]]:
    """Each record from a line on with the lines it takes, `(fields, first, end)`; fields None = beyond csv's limits."""
    lines = map(block.lines.__getitem__, range(start, len(block.lines)))
    reader = csv.reader(lines, delimiter=block.delimiter)
    first = start
    try:
        for row in reader:
            end = start + reader.line_num
            yield row, first, end
            first = end
    except csv.Error:
        yield None, first, first + 1


def _is_whole(block: Block, row: list[str], first: int, end: int) -> bool:
    """Whether these lines are one record: a single line, or quoted line ends that are beyond doubt."""
    if end - first == 1:
        return end < len(block.lines) or is_closed(block.lines[first], block.delimiter)
    if len(row) != block.width or end - first > LONGEST_RECORD:
        return False
    try:
        return len(list(csv.reader(block.lines[first:end], delimiter=block.delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _continues(block: Block, first: int, end: int) -> bool:
    """Whether the record is still open where the block, but not the file, ends."""
    if block.ended or end < len(block.lines) or end - first > LONGEST_RECORD:
        return False
    return _goes_on(block.lines[first:end], block.delimiter)


def _goes_on(lines: list[str], delimiter: str) -> bool:
    """Whether a quote is open after these lines of one record: a further line would be read into it."""
    try:
        return len(list(csv.reader([*lines, "x\n"], delimiter=delimiter))) == 1
    except csv.Error:
        return False


def _take(block: Block, parsed: Parsed, rows: list[list[str]], numbers: list[int], row: list[str], end: int) -> None:
    """Keep a record, refuse one of another width, pass over a line without any value."""
    if len(row) <= block.width and not any(map(str.strip, row)):
        return
    cut = block.lacks_line_end and end == len(block.lines)
    if any("\0" in value for value in row):
        sentence = "The record holds a NUL, which is no character of any text; expected text."
        parsed.refused.append(Bad(parsed.next_number, MALFORMED, sentence))
    elif len(row) == block.width:
        rows.append(row)
        numbers.append(parsed.next_number)
        parsed.cut_short = cut
    elif cut and len(row) < block.width:
        sentence = f"The file ends inside this record: {len(row)} of {block.width} fields. Deliver the file whole."
        parsed.refused.append(Bad(parsed.next_number, TRUNCATED, sentence, row[:-1]))
    else:
        sentence = f"The record has {len(row)} fields; expected {block.width}, as in the header."
        parsed.refused.append(Bad(parsed.next_number, MALFORMED, sentence))
    parsed.next_number += 1
