"""A file that was cut off inside its last line can still have every field: then only the last value's shape tells."""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.csv_lines import TRUNCATED, Bad, Parsed
from connectors.sources.decoding import HALF_CHARACTER

_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}")
_BEGINNING_OF_A_TIME = re.compile(r"\d[-\d/.:T Z+APMapm]*")
# From so many values on a column is known to be filled always.
_ENOUGH = 20
# A column with more different values than this is no column of names.
_FEW = 10_000


class LastColumn:
    """What the file's last column looks like in the records before the last one."""

    def __init__(self) -> None:
        self._example = ""
        self._shortest = 0
        self._filled = 0
        self._empty = 0
        self._names: set[str] = set()

    def refuse_remnant(self, parsed: Parsed) -> Parsed:
        """Look at a block's records; its last one is refused where the file was cut off in its last value."""
        if not parsed.numbers:
            return parsed
        values = pc.utf8_trim_whitespace(parsed.columns[-1])
        if not parsed.cut_short:
            self._look_at(values)
            return parsed
        self._look_at(values[:-1])
        if not self._is_remnant(values[-1].as_py()):
            return parsed
        sentence = "The file ends inside this record's last value, as the values before it show. Deliver it whole."
        kept = [column[-1].as_py() for column in parsed.columns[:-1]]
        return replace(
            parsed,
            columns=[column[:-1] for column in parsed.columns],
            numbers=parsed.numbers[:-1],
            refused=[*parsed.refused, Bad(parsed.numbers[-1], TRUNCATED, sentence, kept)],
        )

    def _look_at(self, values: pa.Array) -> None:
        filled = values.filter(pc.not_equal(values, ""))
        self._empty += len(values) - len(filled)
        if not len(filled):
            return
        shortest = pc.min(pc.utf8_length(filled)).as_py()
        self._shortest = min(self._shortest, shortest) if self._filled else shortest
        self._example = self._example or filled[0].as_py()
        self._filled += len(filled)
        if len(self._names) <= _FEW:
            self._names.update(pc.unique(filled).to_pylist())

    def _is_remnant(self, last: str) -> bool:
        return last.endswith(HALF_CHARACTER) or self._is_half_a_name(last) or self._is_half_a_time(last)

    def _is_half_a_name(self, last: str) -> bool:
        """Whether it is a name never seen, but the beginning of one that was: norf, where norfolk stood before."""
        few = len(self._names) <= _FEW and last not in self._names
        return few and last[-1:].isalpha() and any(name.startswith(last) for name in self._names)

    def _is_half_a_time(self, last: str) -> bool:
        if not _TIME.match(self._example):
            return False
        if not last:
            return not self._empty and self._filled >= _ENOUGH
        return len(last) < self._shortest and bool(_BEGINNING_OF_A_TIME.fullmatch(last))
