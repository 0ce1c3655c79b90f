"""A force's month in which secrets and people's words are planted, run by every command there is.

Each canary is a text that stands nowhere else; `Planted.said` keeps what each command wrote, `folder` all it left.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from checks.logs import LOGS, PERSONAL
from tests.journey import every_log
from tests.journey.pledge import Pledge, Said, run_here

# Personal words, by the place they were planted in.
REFERENCE = "URNcanary7301"  # every reference to a person's record
UNKNOWN = "Mabel Canarywood"  # columns the contract does not know, their cells and a column's name
UNREADABLE = "Ernest Canaryfield"  # a name typed where a moment, a number or a word of a closed set belongs
UNSPLIT = "Gladys Canaryhill"  # a record that cannot be split into its columns
WORDS = "Sergeant Canarybrook"  # what an officer wrote as an explanation
HEADLESS = "Percy Canarymoor"  # a file whose header is missing: its first line is people
ANSWERED = "Olive Canaryheath"  # what a source answers where it should have answered with records

NAMES = ("caller_name", "phone", "notes")


def rows() -> dict[str, list[dict[str, str]]]:
    """A little of every log with references planted, further columns, and one bad row in each log."""
    told = every_log.rows()
    for log, said in told.items():
        spoilt = dict(said[0])
        for column in LOGS[log].columns:
            if column.name in LOGS[log].keys and column.name in spoilt:
                spoilt[column.name] = f"bad{spoilt[column.name]}"
        spoilt[_readable(log)] = UNREADABLE
        told[log] = [_planted(row) for row in [*said, spoilt]]
    return told


def _readable(log: str) -> str:
    """A column whose values have a shape, so that a name in it cannot be read."""
    return next(c.name for c in LOGS[log].columns if c.kind not in ("text", "slug") or c.values)


def _planted(row: Mapping[str, str]) -> dict[str, str]:
    kept = {name: f"{REFERENCE}-{value}" if name in PERSONAL and value else value for name, value in row.items()}
    return kept | dict.fromkeys(NAMES, UNKNOWN) | {"force": "norfolk"}


def deliver(folder: Path) -> None:
    """One CSV file for each log, among its columns three of people's; one record of calls cannot be split."""
    folder.mkdir(parents=True, exist_ok=True)
    for log, said in rows().items():
        columns = [*LOGS[log].by_name, *NAMES, f"as told by {UNKNOWN}"]
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(said)
        unsplit = f"{UNSPLIT},norfolk,too few\n" if log == "calls" else ""
        long = ",".join(["x"] * len(columns)) + UNKNOWN * 50_000 + "\n" if log == "calls" else ""
        (folder / f"{log}.csv").write_text(out.getvalue() + long + unsplit, "utf-8")


class Planted:
    """The product on a folder of its own; `said` is what each command wrote, by its words."""

    def __init__(self, folder: Path, store: str) -> None:
        self.pledge = Pledge(folder, store)
        self.folder = folder
        self.said: dict[str, Said] = {}

    def __call__(self, *arguments: str, places: bool = True) -> Said:
        said = self.pledge(*arguments) if places else run_here(*arguments)
        self.said[" ".join(arguments)] = said
        return said

    def saying(self, text: str) -> set[str]:
        """The commands that wrote a text."""
        return {words for words, said in self.said.items() if text in said.err or text.encode() in said.out}

    def dump(self) -> Path:
        """Every table of the store as a file, so that it is searched as files are."""
        target = self.folder / "tables"
        target.mkdir(exist_ok=True)
        for name, held in self.pledge.tables().items():
            (target / name).write_text(json.dumps(held, default=str, ensure_ascii=False))
        return target
