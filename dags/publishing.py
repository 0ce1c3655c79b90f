"""The files a night leaves for outside the house: one per year, written again only where something in it changed.

What was left is noted beside the lake (LEFT): up to which run, what was suppressed in each year, and the files as they
were put there. A file that is not as it was left, other code, or another store: everything is written anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection

from connectors.lake.storage import beside
from connectors.settings import Settings
from connectors.store.engine import open_store, reading
from connectors.store.published import published_up_to, years_written
from connectors.store.read import columns_of
from dags.plan import Plan
from dags.published import Hidden, Solved, hidden_of, published_columns, published_commitments, published_verdicts
from dags.tables import write_csv
from dags.versions import code_hash

SOLVED, LEFT = "suppression-solved.json", "published-left.json"
_NAME = re.compile(r"(verdicts|commitments)-\d{4}\.csv$")
_OURS = re.compile(r"(verdicts|commitments)(-\d{4})?\.csv$")


@dataclass(frozen=True)
class Left:
    """What a publication left: the code and the run (number and name) it was of, the digest of what was suppressed in
    each year, and each file's size and time."""

    code: str = ""
    run: tuple[int, str] = (0, "")
    hidden: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Left:
        """What the file says; nothing where it is not there, or damaged."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            said = json.loads(path.read_text("utf-8"))
            files = {name: (int(size), int(time)) for name, (size, time) in said["files"].items() if _NAME.match(name)}
            hidden = {f"{int(year):04}": str(digest) for year, digest in said["hidden"].items()}
            number, run = said["run"]
            return cls(str(said["code"]), (int(number), str(run)), hidden, files)
        return cls()


def write_published(plan: Plan, settings: Settings) -> list[str]:
    """Write the current figures and commitments as CSV, as they may leave the house; returns the paths.

    A year's files have the figures of the periods that begin in it. What had to be solved for them is kept beside
    the lake (SOLVED), so that a night solves only where figures changed.
    """
    folder = published_folder(settings, plan.lake)
    solved_file, left_file = beside(plan.lake, SOLVED), beside(plan.lake, LEFT)
    for each in (folder, solved_file.parent):
        each.mkdir(parents=True, exist_ok=True)
    before, memory = Left.read(left_file), Solved(solved_file)
    with reading(open_store(plan.store)) as conn:
        hidden = hidden_of(conn, settings, {}, None, memory)
        digests = _digests(hidden)
        number, run = published_up_to(conn)
        is_known = before.code == code_hash() and published_up_to(conn, before.run[0]) == before.run
        changed = years_written(conn, before.run[0] if is_known else 0)
        either = digests.keys() | before.hidden.keys()
        changed |= {int(year) for year in either if digests.get(year) != before.hidden.get(year)}
        changed |= {int(name[-8:-4]) for name, left in before.files.items() if _as_it_is(folder / name) != left}
        files = before.files if is_known else {}
        for year in sorted(changed):
            files = files | dict(_year(conn, settings, folder, year, hidden, plan.run_id))
    now = Left(code_hash(), (number, run), digests, files)
    for path, said in ((solved_file, memory.used()), (left_file, asdict(now))):
        with _replaced(path, plan.run_id) as file:
            json.dump(said, file)
    for path in folder.iterdir():
        if _OURS.match(path.name) and path.name not in files:  # of another store, or of a version with one file for all
            path.unlink()
    return [str(folder / name) for name in sorted(files)]


def published_folder(settings: Settings, lake: str) -> Path:
    """The folder of the tables as they may leave the house."""
    return Path(settings.published) if settings.published else beside(lake, "published")


def _year(
    conn: Connection, settings: Settings, folder: Path, year: int, hidden: Hidden, run_id: str
) -> Iterator[tuple[str, tuple[int, int]]]:
    asked = {"from": date(year, 1, 1), "to": date(year, 12, 31)}
    tables = {
        "verdicts": (published_verdicts(conn, settings, asked, None, hidden=hidden), published_columns()),
        "commitments": (published_commitments(conn, asked), columns_of("commitments")),
    }
    for table, (rows, columns) in tables.items():
        path = folder / f"{table}-{year:04}.csv"
        with _replaced(path, run_id) as file:
            write_csv(file, rows, columns)
        yield path.name, _as_it_is(path) or (0, 0)


def _digests(hidden: Hidden) -> dict[str, str]:
    """What is suppressed in each year, as a hash."""
    by_year: dict[str, list[str]] = defaultdict(list)
    for (standard, measure), cells in hidden.items():
        for cell in cells:
            by_year[f"{cell[-1].year:04}"].append(f"{standard}|{measure}|{cell}")
    return {year: hashlib.sha256("\n".join(sorted(each)).encode()).hexdigest() for year, each in by_year.items()}


def _as_it_is(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_size, found.st_mtime_ns
    return None


@contextmanager
def _replaced(path: Path, run_id: str) -> Iterator[TextIO]:
    """A file that is written beside and put in its place as a whole: another run may be publishing, too."""
    unfinished = path.with_name(f".{path.name}.{run_id}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        yield file
    unfinished.replace(path)
