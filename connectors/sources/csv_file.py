"""CSV as it really comes: records are split one physical line at a time, so that one broken quote costs one record."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from checks.errors import NotFitError
from connectors.sources.delivery import BATCH, Batch, Refusal
from connectors.sources.text_file import lines

MALFORMED = "malformed_row"
TRUNCATED = "truncated_line"
DELIMITERS = ",;\t|"
# A quoted value may run over lines, but not over this many: beyond it an open quote is a mistake.
_LONGEST_RECORD = 100
_LIKE_A_TIME = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[/.:]\d{1,2}")


class CsvFile:
    """A CSV file: `header` as written (trimmed), records of as many fields as the header has."""

    def __init__(
        self, path: Path, encoding: str = "", fits: Callable[[Sequence[str]], int] = len, wanted: Sequence[str] = ()
    ) -> None:
        """Open and read the header.

        Args:
            fits: how well a header suits; the delimiter that gives the best one is taken.
            wanted: if given, only these columns are kept (names as `fold` gives them).
        """
        self.path = path
        self._encoding = encoding
        first = next((line for line in lines(path, encoding) if line.strip()), "")
        self._delimiter = max(DELIMITERS, key=lambda d: fits([fold(name) for name in _cells(first, d)]))
        self.header = tuple(name.strip() for name in _cells(first, self._delimiter))
        _refuse_bad_header(path, self.header)
        self._wanted = {place for place, name in enumerate(self.header) if not wanted or fold(name) in wanted}

    def batches(self) -> Iterator[Batch]:
        """Batches of at most BATCH records."""
        records = _Records(lines(self.path, self._encoding), self._delimiter, len(self.header), self._named)
        rows: list[list[str]] = []
        numbers: list[int] = []
        for number, fields in records:
            rows.append(fields)
            numbers.append(number)
            if len(rows) >= BATCH:
                yield self._batch(rows, numbers, records.taken_refusals())
                rows, numbers = [], []
        yield self._batch(rows, numbers, records.taken_refusals())

    def _named(self, fields: Sequence[str]) -> dict[str, str]:
        """The values of a record that could not be used, as far as they can be told apart; kept columns only."""
        return {fold(self.header[p]): v for p, v in enumerate(fields[: len(self.header)]) if v and p in self._wanted}

    def _batch(self, rows: list[list[str]], numbers: list[int], refusals: list[Refusal]) -> Batch:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.header)
        arrays = {name: pa.array(columns[p], pa.string()) for p, name in enumerate(self.header) if p in self._wanted}
        return Batch(pa.table({**arrays, "row_number": pa.array(numbers, pa.int64())}), tuple(refusals))


def fold(name: str) -> str:
    """A column name as it is compared: trimmed, without a byte-order mark, lower case."""
    return name.strip().strip("\ufeff").lower()


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line.strip("\ufeff\r\n")], delimiter=delimiter), [])


def _refuse_bad_header(path: Path, header: Sequence[str]) -> None:
    folded = [fold(name) for name in header]
    if not any(folded):
        raise NotFitError(str(path), "its first line names no column", "a header line", "Deliver it with a header.")
    twice = sorted({name for name in folded if name and folded.count(name) > 1})
    if twice:
        found = f"the column {twice[0]} stands twice in the header"
        raise NotFitError(str(path), found, "each column once", "Remove one of them.")


class _Records:
    """Iterates (row_number, fields) of the good records; the others become refusals."""

    def __init__(
        self, source: Iterator[str], delimiter: str, width: int, named: Callable[[Sequence[str]], dict[str, str]]
    ) -> None:
        self._source = source
        self._ahead: deque[str] = deque()
        self._delimiter = delimiter
        self._width = width
        self._named = named
        self._refusals: list[Refusal] = []
        self._number = 0
        self._shortest_last: int | None = None

    def taken_refusals(self) -> list[Refusal]:
        """The refusals since the last call."""
        taken, self._refusals = self._refusals, []
        return taken

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        self._next_line_with_text()  # the header
        while (line := self._next_line_with_text()) is not None:
            fields = self._split(line)
            if fields is None:
                continue
            self._number += 1
            if len(fields) != self._width:
                self._refuse(fields, f"{len(fields)} fields where the header has {self._width}; expected as many.")
            elif not line.endswith(("\n", "\r")) and self._is_cut_short(fields[-1]):
                sentence = "the file ends inside its last value; expected a whole line."
                self._refusals.append(Refusal(self._number, TRUNCATED, sentence, self._named(fields)))
            else:
                self._remember(fields[-1])
                yield self._number, fields

    def _next_line(self) -> str | None:
        return self._ahead.popleft() if self._ahead else next(self._source, None)

    def _next_line_with_text(self) -> str | None:
        while (line := self._next_line()) is not None:
            if line.strip():
                return line
        return None

    def _split(self, line: str) -> list[str] | None:
        """The record that begins with this line; None (and a refusal) where it cannot be told."""
        if '"' not in line:
            return line.rstrip("\r\n").split(self._delimiter)
        parts = [line]
        while True:
            fields = _parsed("".join(parts), self._delimiter)
            if fields is not None and (len(fields) == self._width or len(parts) == 1):
                return fields
            following = self._next_line() if fields is None and len(parts) < _LONGEST_RECORD else None
            if following is None:
                break
            parts.append(following)
        # The quote was never meant to be open: give up this one line, and read on with the next.
        self._ahead.extendleft(reversed(parts[1:]))
        self._number += 1
        fields = line.rstrip("\r\n").split(self._delimiter)
        self._refuse(fields, "a quotation mark is opened and not closed; expected a closed one.")
        return None

    def _refuse(self, fields: Sequence[str], sentence: str) -> None:
        self._refusals.append(Refusal(self._number, MALFORMED, sentence, self._named(fields)))

    def _remember(self, last: str) -> None:
        if last and (self._shortest_last is None or len(last) < self._shortest_last):
            self._shortest_last = len(last)

    def _is_cut_short(self, last: str) -> bool:
        """Whether the last value of a file without a final line end is shorter than all its like above it."""
        return self._shortest_last is not None and 0 < len(last) < self._shortest_last and bool(_LIKE_A_TIME.match(last))


def _parsed(text: str, delimiter: str) -> list[str] | None:
    """The fields of one record; None while a quote is still open."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
