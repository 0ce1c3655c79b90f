"""CSV: streamed record by record, so that one bad quote or one short line costs one record and not the file."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from checks.errors import NotFitError
from connectors.sources.csv_lines import Block, Parsed, is_closed, split
from connectors.sources.cut_short import LastColumn
from connectors.sources.decoding import text_lines
from connectors.sources.delivery import BATCH, Batch, Refusal
from connectors.sources.header import cleaned
from connectors.sources.records import bounded, text_table

_DELIMITERS = (",", ";", "\t", "|")
# Excel writes this line above the header where the delimiter is not the country's usual one.
_SAID_BY_EXCEL = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)


class CsvRecords:
    """A CSV file. `known` are the column names by which the delimiter is recognised where it is not stated."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "", known: Collection[str] = ()) -> None:
        self._path, self._encoding = path, encoding
        with text_lines(path, encoding) as lines:
            self._lines_above, line, said = _header_line(lines)
        if not line:
            raise NotFitError(str(path), "it holds no line of text", "a header and records", "Deliver it again.")
        self._delimiter = delimiter or said or _delimiter(line, known)
        if not is_closed(line, self._delimiter):
            raise NotFitError(str(path), "a quote in the header is never closed", "a header on one line", "Mend it.")
        self.header = cleaned(str(path), next(csv.reader([line], delimiter=self._delimiter)))

    def read(self, wanted: Sequence[int]) -> Iterator[Batch]:
        return bounded(str(self._path), self._batches(wanted))

    def _batches(self, wanted: Sequence[int]) -> Iterator[Batch]:
        last, number, carried, ended = LastColumn(), 1, list[str](), False
        with text_lines(self._path, self._encoding) as lines:
            records = islice(lines, self._lines_above, None)
            while not ended:
                fresh = list(islice(records, BATCH))
                ended = len(fresh) < BATCH
                parsed = split(Block([*carried, *fresh], self._delimiter, len(self.header), ended), number)
                carried, number = parsed.carried, parsed.next_number
                parsed = last.refuse_remnant(parsed)
                if parsed.numbers or parsed.refused:
                    yield self._batch(parsed, wanted)

    def _batch(self, parsed: Parsed, wanted: Sequence[int]) -> Batch:
        names = [self.header[position] for position in wanted]
        table = text_table(names, [parsed.columns[position] for position in wanted], parsed.numbers)
        refusals = []
        for bad in parsed.refused:
            kept = {self.header[p]: bad.values[p] for p in wanted if p < len(bad.values) and bad.values[p]}
            refusals.append(Refusal(bad.number, bad.rule, bad.sentence, kept))
        return Batch(table, tuple(refusals))


def _header_line(lines: Iterator[str]) -> tuple[int, str, str]:
    """How many lines the header takes with what stands above it, its line, and the delimiter Excel stated."""
    said = ""
    for taken, line in enumerate(lines, 1):
        by_excel = _SAID_BY_EXCEL.fullmatch(line)
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
