"""CSV: streamed record by record, so that one bad quote or one short line costs one record and not the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from checks.errors import NotFitError
from connectors.sources.csv_lines import Parsed, is_closed, split
from connectors.sources.cut_short import LastColumn
from connectors.sources.decoding import text_lines
from connectors.sources.delivery import Batch, Refusal
from connectors.sources.header import cleaned
from connectors.sources.records import CHUNK, text_table

_DELIMITERS = (",", ";", "\t", "|")
# Excel writes this line above the header where the delimiter is not the country's usual one.
_SAID_BY_EXCEL = re.compile(r"^\ufeff?\"?sep=(.)\"?\s*$", re.IGNORECASE)


class CsvRecords:
    """A CSV file. `known` are the column names by which the delimiter is recognised where it is not stated."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "", known: Collection[str] = ()) -> None:
        self._path, self._encoding = path, encoding
        with text_lines(path, encoding) as lines:
            self._header_lines, line, said = _header_line(lines)
        if not line:
            raise NotFitError(str(path), "it holds no line of text", "a header and records", "Deliver it again.")
        self._delimiter = delimiter or said or _delimiter(line, known)
        if not is_closed([line], self._delimiter):
            raise NotFitError(str(path), "a quote in the header is never closed", "a header on one line", "Mend it.")
        self.header = cleaned(str(path), next(csv.reader([line], delimiter=self._delimiter)))

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        last = LastColumn()
        number, carried = 1, list[str]()
        with text_lines(self._path, self._encoding) as lines:
            rest = islice(lines, self._header_lines, None)
            while True:
                block = list(islice(rest, CHUNK))
                ended = len(block) < CHUNK
                parsed = split([*carried, *block], self._delimiter, len(self.header), number, ended)
                carried, number = parsed.carried, parsed.next_number
                last.look_at(parsed)
                if parsed.rows or parsed.refused:
                    yield self._batch(parsed, wanted)
                if ended:
                    return

    def _batch(self, parsed: Parsed, wanted: Sequence[int]) -> Batch:
        names = [self.header[position] for position in wanted]
        columns = list(zip(*parsed.rows, strict=True)) or [()] * len(self.header)
        table = text_table(names, [columns[position] for position in wanted], parsed.numbers)
        refusals = [Refusal(bad.number, bad.rule, bad.sentence, _kept(bad.values, self.header)) for bad in parsed.refused]
        return Batch(table, tuple(refusals))


def _kept(values: Sequence[str], header: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in zip(header, values, strict=False) if value}


def _header_line(lines: Iterator[str]) -> tuple[int, str, str]:
    """How many lines the header takes with what stands above it, the line itself, and the delimiter Excel said."""
    said = ""
    for taken, line in enumerate(lines, 1):
        by_excel = _SAID_BY_EXCEL.match(line)
        if by_excel and not said:
            said = by_excel[1]
        elif line.strip("\ufeff \t\r\n"):
            return taken, line, said
    return 0, "", said


def _delimiter(line: str, known: Collection[str]) -> str:
    """The delimiter that yields most known names, else most columns; the comma where there is nothing to choose."""

    def names(delimiter: str) -> list[str]:
        return [name.strip("\ufeff \t\r\n").casefold() for name in next(csv.reader([line], delimiter=delimiter))]

    return max(_DELIMITERS, key=lambda each: (len(set(names(each)) & set(known)), len(names(each))))
