"""The rows of one log as they come: Parquet files of text, so many rows each, that a later try goes on after.

A part ends between two values of the watermark: every row up to its `boundary` is in it or in one before. Without a
watermark there is one part, begun anew by each try.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.sources.sql.values import text_rows
from connectors.sources.sql.watermark import known, written

PART_ROWS = 500_000


class Parts:
    """The parts of one log in a fetch's folder.

    Args:
        asked: what decides the rows: parts of another span are not gone on with.
    """

    def __init__(self, folder: Path, log: str, asked: str) -> None:
        self._folder, self._log, self._asked = folder, log, asked
        self._journal = folder / f"{log}.parts.jsonl"
        self._whole: list[dict[str, Any]] = []
        for said in self._noted():
            if said["asked"] != asked or not said["boundary"] or not (folder / said["file"]).is_file():
                self._forget()
                break
            self._whole.append(said)
        self._writer: pq.ParquetWriter | None = None
        self._in_part = 0
        self._last: Any = None

    def _noted(self) -> list[dict[str, Any]]:
        if not self._journal.is_file():
            return []
        return [said for line in self._journal.read_text("utf-8").splitlines() if (said := _parsed(line))]

    def _forget(self) -> None:
        """Parts of another span, without a boundary, or with one gone, are no beginning of this one."""
        for said in self._noted():
            (self._folder / said["file"]).unlink(missing_ok=True)
        self._journal.unlink()
        self._whole.clear()

    @property
    def boundary(self) -> str:
        """The watermark of the last whole part, as it is written; '' = there is none."""
        return self._whole[-1]["boundary"] if self._whole else ""

    @property
    def rows(self) -> int:
        return sum(part["rows"] for part in self._whole)

    def add(self, names: Sequence[str], rows: Sequence[Sequence[Any]], mark: int | None) -> None:
        """Add rows that come in order of the watermark, which is at position `mark`; None = in no order."""
        if mark is not None and self._in_part >= PART_ROWS:
            split = self._split([row[mark] for row in rows])
            if split is not None:
                self._write(names, rows[:split])
                self._end(rows[split - 1][mark] if split else self._last)
                rows = rows[split:]
        self._write(names, rows)
        if mark is not None and rows:
            self._last = rows[-1][mark]

    def _split(self, marks: Sequence[Any]) -> int | None:
        """The last position before which the watermark changes; None where it does not."""
        before = [self._last, *marks]
        return next((at for at in range(len(marks) - 1, -1, -1) if before[at] != marks[at]), None)

    def _write(self, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        table = text_rows(names, rows)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path("part"), table.schema)
        if table.num_rows:
            self._writer.write_table(table)
        self._in_part += table.num_rows

    def _path(self, ending: str) -> Path:
        return self._folder / f"{self._log}.{len(self._whole) + 1:05}.{ending}"

    def _end(self, boundary: Any) -> None:
        assert self._writer, "a part has been begun"
        self._writer.close()
        self._writer = None
        path = self._path("part").replace(self._path("parquet"))
        said = {
            "asked": self._asked,
            "file": path.name,
            "rows": self._in_part,
            "boundary": "" if boundary is None else written(known(self._log, boundary)),
        }
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(said) + "\n")
        self._whole.append(said)
        self._in_part = 0

    def abandon(self) -> None:
        """Leave the part that was begun: a later try begins it anew."""
        if self._writer:
            self._writer.close()
            self._writer = None
        self._path("part").unlink(missing_ok=True)
        self._in_part, self._last = 0, None

    def join(self, names: Sequence[str], to: Path) -> None:
        """Make one file of all parts, which go; a log without a row has a file with its header."""
        if self._writer is None:
            self._write(names, [])
        self._end(self._last)
        unfinished = to.with_suffix(".joined")
        with pq.ParquetWriter(unfinished, pa.schema([(name, pa.string()) for name in names])) as writer:
            for part in self._whole:
                with pq.ParquetFile(self._folder / part["file"]) as file:
                    for group in range(file.num_row_groups):
                        writer.write_table(file.read_row_group(group))
        unfinished.replace(to)
        self._journal.unlink()
        for part in self._whole:
            (self._folder / part["file"]).unlink()


def _parsed(line: str) -> dict[str, Any] | None:
    """A line of the journal; None where a killed process left half of one."""
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found
