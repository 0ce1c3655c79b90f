"""Figures as they may leave the house: small numbers of measures about persons suppressed, and no day of them.

Whatever is asked for, it is decided on all figures of a measure together: what one table hides another must not tell.
"""

from __future__ import annotations

import json
from collections import UserDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextlib import suppress as suppress_errors
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection

from checks.commitment import measures
from checks.errors import UsageError
from checks.feeds import ALL, last_day
from checks.solving import Memory
from checks.suppression import Line, counts_persons, suppress
from connectors.lake.storage import beside
from connectors.settings import Settings
from connectors.store.engine import open_store, reading
from connectors.store.read import columns_of, measured, read_table
from connectors.store.tables import COUNTS
from dags.plan import Plan
from dags.tables import write_csv

Row = dict[str, Any]
Unit = tuple[str, str, str]
Hidden = Mapping[tuple[str, str], frozenset[Any]]
SUPPRESSED = "suppressed"
LONGER = ("month", "year", "rolling_12_months")
SOLVED = "suppression-solved.json"
# What may be asked for apart: nothing that is added up reaches from one measure to another.
_TOGETHER = ("measure", "standard", "commitment")
HIDDEN = (
    *COUNTS, "rate", "rate_low", "rate_high", "rate_if_unknown_missed", "excluded_by_reason", "p50_seconds",
    "p90_seconds", "signal_why",
)  # fmt: skip


def published_columns() -> list[str]:
    return [*columns_of("verdicts"), SUPPRESSED]


def published_verdicts(
    conn: Connection,
    settings: Settings,
    asked: Mapping[str, Any],
    run: str | None,
    instead: str | None = SUPPRESSED,
    hidden: Hidden | None = None,
    memory: Memory | None = None,
) -> Iterator[Row]:
    """The figures asked for, `instead` in place of what is suppressed; column `suppressed` says of which rows.

    Args:
        asked: filters of the table `verdicts`.
        hidden: what `hidden_of` says, where it was asked before.
        memory: what was solved on other nights (`checks.solving`), and is now.
    """
    together = {name: asked.get(name) for name in _TOGETHER}
    if hidden is None:
        hidden = hidden_of(conn, settings, together, run, memory)
    narrower = {name: value for name, value in asked.items() if value and name not in _TOGETHER}
    for standard, measure in measured(conn, together):
        of_persons = is_of_persons(measure)
        ours = {"standard": standard, "measure": measure, **({"period": LONGER} if of_persons else {})}
        own = hidden.get((standard, measure), frozenset())
        for row in read_table(conn, "verdicts", {**ours, **narrower}, run):
            if of_persons and row["period"] == "day":
                continue
            is_hidden = _key(row) in own
            yield {**row, **(dict.fromkeys(HIDDEN, instead) if is_hidden else {}), SUPPRESSED: is_hidden}


def hidden_of(
    conn: Connection, settings: Settings, together: Mapping[str, Any], run: str | None, memory: Memory | None = None
) -> Hidden:
    """The figures that are not published, by standard and measure.

    `together` may name measures, standards and commitments, and nothing less: all figures of a measure are looked at.
    """
    below, memory = threshold(settings), {} if memory is None else memory
    found = {}
    for standard, measure in measured(conn, together):
        if is_of_persons(measure):
            rows = read_table(conn, "verdicts", {"standard": standard, "measure": measure, "period": LONGER}, run)
            found[standard, measure] = hidden_figures(list(rows), below, memory)
    return found


def published_commitments(conn: Connection) -> Iterator[Row]:
    """The commitments as they stand, without days of those that rest on measures about persons."""
    of_persons = {each.commitment for each in measures().values() if is_of_persons(each.name)}
    for row in read_table(conn, "commitments"):
        if row["period"] != "day" or row["commitment"] not in of_persons:
            yield row


def write_published(plan: Plan, settings: Settings) -> list[str]:
    """Write the current figures and commitments as CSV, as they may leave the house; returns the paths.

    What had to be solved for them is kept beside the lake (SOLVED), so that a night solves only where figures changed.
    """
    folder, solved = published_folder(settings, plan.lake), beside(plan.lake, SOLVED)
    for each in (folder, solved.parent):
        each.mkdir(parents=True, exist_ok=True)
    memory = Solved(solved)
    written = []
    with reading(open_store(plan.store)) as conn:
        tables = {
            "verdicts": (published_verdicts(conn, settings, {}, None, memory=memory), published_columns()),
            "commitments": (published_commitments(conn), columns_of("commitments")),
        }
        for name, (rows, columns) in tables.items():
            target = folder / f"{name}.csv"
            with _replaced(target, plan.run_id) as file:
                write_csv(file, rows, columns)
            written.append(str(target))
    with _replaced(solved, plan.run_id) as file:
        json.dump(memory.used, file)
    return written


def published_folder(settings: Settings, lake: str) -> Path:
    """The folder of the tables as they may leave the house."""
    return Path(settings.published) if settings.published else beside(lake, "published")


@contextmanager
def _replaced(path: Path, run_id: str) -> Iterator[TextIO]:
    """A file that is written beside and put in its place as a whole: another run may be publishing, too."""
    unfinished = path.with_name(f".{path.name}.{run_id}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        yield file
    unfinished.replace(path)


class Solved(UserDict[str, list[int]]):
    """What was solved before, from its file; `used` is what was asked for this time. An unreadable file is none."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.used: dict[str, list[int]] = {}
        with suppress_errors(OSError, ValueError, AttributeError):
            found = json.loads(path.read_text("utf-8")).items()
            self.data = {digest: places for digest, places in found if _are_places(places)}

    def __getitem__(self, digest: str) -> list[int]:
        self.used[digest] = super().__getitem__(digest)
        return self.used[digest]


def _are_places(value: object) -> bool:
    return isinstance(value, list) and all(type(place) is int and place >= 0 for place in value)


def threshold(settings: Settings) -> int:
    """Below which counts are not published; raises UsageError where the setting is no number."""
    if not settings.suppress_below.isdecimal():
        found, expected = f"it is {settings.suppress_below}", "a whole number; 0 suppresses nothing"
        raise UsageError("PLEDGE_SUPPRESS_BELOW", found, expected, "Correct it.")
    return int(settings.suppress_below)


@cache
def is_of_persons(measure: str) -> bool:
    """Whether a measure counts records of persons, or what was missed of them."""
    return counts_persons(measures()[measure])


def hidden_figures(rows: Sequence[Row], below: int, memory: Memory | None = None) -> frozenset[Any]:
    """The figures of one measure that are not published, by `_key`."""
    counts = {_key(row): [row[name] for name in COUNTS] for row in rows}
    return frozenset(suppress(counts, [*_of_places(rows), *_of_time(rows)], below, memory))


def _key(row: Row) -> tuple[Any, ...]:
    return row["force"], row["area"], row["neighbourhood"], row["period"], row["period_start"]


def _of_places(rows: Sequence[Row]) -> Iterator[Line]:
    """All forces and each force, a force and its areas, a force and its neighbourhoods."""
    parts: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        force, area, neighbourhood, period, start = _key(row)
        if area or neighbourhood:
            parts.setdefault((force, "", "", period, start, bool(area)), []).append(_key(row))
        elif force != ALL:
            parts.setdefault((ALL, "", "", period, start, True), []).append(_key(row))
    for (*total, _), members in parts.items():
        yield Line(tuple(total), tuple(members))


def _of_time(rows: Sequence[Row]) -> Iterator[Line]:
    """A year, or any twelve months, and the months in it."""
    months: dict[Unit, list[date]] = {}
    for row in rows:
        if row["period"] == "month":
            months.setdefault(_key(row)[:3], []).append(row["period_start"])
    for row in rows:
        if row["period"] in ("year", "rolling_12_months"):
            unit, start = _key(row)[:3], row["period_start"]
            end = last_day(row["period"], start)
            inside = [month for month in months.get(unit, ()) if start <= month <= end]
            yield Line(_key(row), tuple((*unit, "month", month) for month in inside))
