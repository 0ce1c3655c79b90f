"""Deliveries as a bad night brings them: cut short, doubled, swapped, a hundred times too large, in another form.

Each kind is a function of the file that should have come; it writes the file that came, and returns its path.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from checks.logs import LOGS
from tests.journey.every_log import rows as of_every_log

Row = Mapping[str, str]
EXAMPLES = of_every_log()


def deliveries(log: str, first: int, count: int) -> list[Row]:
    """Rows of a log under keys of their own, numbered from `first` on."""
    named = next(name for name in LOGS[log].keys if name not in ("force", "weekday"))
    examples = EXAMPLES[log]
    return [
        {"force": "norfolk", **example, named: f"{example[named]}-{number}"}
        for number in range(first, first + count)
        for example in [examples[number % len(examples)]]
    ]


def as_csv(path: Path, log: str, rows: Sequence[Row], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(LOGS[log].by_name))
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(frozen=True)
class Due:
    """The delivery that should come: its log, its rows, those of the one before, and where to write it."""

    log: str
    rows: Sequence[Row]
    before: Sequence[Row]
    folder: Path
    drawn: random.Random

    @property
    def path(self) -> Path:
        return self.folder / f"{self.log}.csv"

    def whole(self, rows: Sequence[Row] | None = None, encoding: str = "utf-8") -> Path:
        return as_csv(self.path, self.log, self.rows if rows is None else rows, encoding)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame([dict(row) for row in self.rows]).reindex(columns=list(LOGS[self.log].by_name)).fillna("")


def cut_anywhere(due: Due) -> Path:
    path = due.whole()
    path.write_bytes(path.read_bytes()[: due.drawn.randrange(1, path.stat().st_size)])
    return path


def cut_after_a_line(due: Due) -> Path:
    return due.whole(due.rows[: due.drawn.randrange(1, len(due.rows))])


def cut_in_an_archive(due: Due) -> Path:
    packed = gzip.compress(due.whole().read_bytes())
    due.path.unlink()
    path = due.path.with_suffix(".csv.gz")
    path.write_bytes(packed[: due.drawn.randrange(1, len(packed))])
    return path


def empty(due: Due) -> Path:
    due.path.write_bytes(b"")
    return due.path


def header_only(due: Due) -> Path:
    return due.whole([])


def without_header(due: Due) -> Path:
    path = due.whole()
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    return path


def doubled(due: Due) -> Path:
    return due.whole([*due.rows, *due.rows])


def doubled_with_header(due: Due) -> Path:
    path = due.whole()
    path.write_bytes(path.read_bytes() * 2)
    return path


def two_in_one(due: Due) -> Path:
    return due.whole([*due.before, *due.rows])


def hundredfold(due: Due) -> Path:
    return due.whole([*due.rows, *deliveries(due.log, 1000, 99 * len(due.rows))])


def swapped(due: Due) -> Path:
    other = due.drawn.choice([log for log in LOGS if log != due.log])
    return as_csv(due.path, other, deliveries(other, 0, len(due.rows)))


def another_order(due: Due) -> Path:
    return due.whole(due.drawn.sample(due.rows, len(due.rows)))


def columns_in_another_order(due: Due) -> Path:
    frame = due.frame()
    frame[due.drawn.sample(list(frame), len(list(frame)))].to_csv(due.path, index=False)
    return due.path


def as_parquet(due: Due) -> Path:
    path = due.path.with_suffix(".parquet")
    due.frame().to_parquet(path)
    return path


def as_json_lines(due: Due) -> Path:
    path = due.path.with_suffix(".jsonl")
    due.frame().to_json(path, orient="records", lines=True)
    return path


def as_excel(due: Due) -> Path:
    path = due.path.with_suffix(".xlsx")
    due.frame().to_excel(path, index=False)
    return path


def in_utf_16(due: Due) -> Path:
    return due.whole(encoding="utf-16")


def bytes_flipped(due: Due) -> Path:
    path = due.whole()
    found = bytearray(path.read_bytes())
    for _ in range(due.drawn.randrange(1, 40)):
        found[due.drawn.randrange(len(found))] ^= 1 << due.drawn.randrange(8)
    path.write_bytes(found)
    return path


Kind = Callable[[Due], Path]
# What is read as if the delivery had come as it should.
AS_GOOD_AS_WHOLE: tuple[Kind, ...] = (
    doubled, two_in_one, another_order, columns_in_another_order, as_parquet, as_json_lines, as_excel, in_utf_16,
)  # fmt: skip
# What no row can be read of: the delivery is unfit, and nothing of it is in the lake.
UNFIT: tuple[Kind, ...] = (empty, swapped, without_header, cut_in_an_archive)
# What may be read in part; a file that is a hundred times too large is refused where it comes by itself.
IN_PART: tuple[Kind, ...] = (
    cut_anywhere,
    cut_after_a_line,
    header_only,
    doubled_with_header,
    bytes_flipped,
    hundredfold,
)
