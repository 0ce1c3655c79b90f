"""Figures as they may leave the house: small numbers of measures about persons suppressed, and no day of them.

Whatever is asked for, it is decided on all figures of a measure together: what one table hides another must not tell.
"""

from __future__ import annotations

import json
from collections import UserDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress as suppress_errors
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from checks.commitment import measures
from checks.errors import UsageError
from checks.exposing import Line
from checks.feeds import ALL, last_day
from checks.solving import Memory
from checks.suppression import Years, counts_persons, suppress
from checks.verdict import Verdict
from connectors.settings import Settings
from connectors.store.read import columns_of, measured, read_table, stated_counts
from connectors.store.tables import COUNTS

Row = dict[str, Any]
Hidden = Mapping[tuple[str, str], frozenset[Any]]
SUPPRESSED = "suppressed"
LONGER = ("month", "year", "rolling_12_months")
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
    memory: Solved | None = None,
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
    conn: Connection, settings: Settings, together: Mapping[str, Any], run: str | None, memory: Solved | None = None
) -> Hidden:
    """The figures that are not published, by standard and measure.

    `together` may name measures, standards and commitments, and nothing less: all figures of a measure are looked at.
    """
    below, found = threshold(settings), {}
    for standard, measure in measured(conn, together):
        if is_of_persons(measure):
            rows = stated_counts(conn, standard, measure, LONGER, run)
            found[standard, measure] = hidden_figures(rows, below, memory.of(standard, measure) if memory else None)
    return found


def published_commitments(conn: Connection, asked: Mapping[str, Any]) -> Iterator[Row]:
    """The commitments asked for as they stand, without days of those that rest on measures about persons."""
    of_persons = {each.commitment for each in measures().values() if is_of_persons(each.name)}
    for row in read_table(conn, "commitments", asked):
        if row["period"] != "day" or row["commitment"] not in of_persons:
            yield row


class Solved:
    """What was solved on other nights, from its file, by standard and measure; an unreadable file is none."""

    def __init__(self, path: Path) -> None:
        self._memories: dict[str, dict[str, list[int]]] = {}
        self._asked: dict[str, Recalled] = {}
        with suppress_errors(OSError, ValueError, AttributeError):
            for name, known in json.loads(path.read_text("utf-8")).items():
                self._memories[name] = {digest: places for digest, places in known.items() if _are_places(places)}

    def of(self, standard: str, measure: str) -> Memory:
        name = f"{standard}/{measure}"
        return self._asked.setdefault(name, Recalled(self._memories.get(name, {})))

    def used(self) -> dict[str, dict[str, list[int]]]:
        """What is worth keeping: what was asked for now, and where one answer said all, what it rests on."""
        return {name: memory.worth_keeping() for name, memory in self._asked.items()}


class Recalled(UserDict[str, list[int]]):
    """The answers about one measure; those that were not asked for are kept until others take their place."""

    def __init__(self, known: Mapping[str, list[int]]) -> None:
        super().__init__()
        self.data = dict(known)
        self._used: dict[str, list[int]] = {}
        self._is_new = False

    def __getitem__(self, digest: str) -> list[int]:
        self._used[digest] = super().__getitem__(digest)
        return self._used[digest]

    def __setitem__(self, digest: str, places: list[int]) -> None:
        super().__setitem__(digest, places)
        self._used[digest] = places
        self._is_new = True

    def worth_keeping(self) -> dict[str, list[int]]:
        return self._used if self._is_new else self.data


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
    """Whether a measure counts records of persons, or what was missed of them; of one that is gone nobody knows."""
    return measure not in measures() or counts_persons(measures()[measure])


def hidden_figures(rows: Sequence[Row], below: int, memory: Memory | None = None) -> frozenset[Any]:
    """The figures of one measure that are not published, by `_key`.

    One in progress is not: it grows from night to night by the counts of a day, which are not published either.
    """
    if below <= 1:
        return frozenset()
    open_ = {_key(row) for row in rows if row["verdict"] == Verdict.IN_PROGRESS}
    rows = [row for row in rows if _key(row) not in open_]
    counts = {_key(row): [row[name] for name in COUNTS] for row in rows}
    lines = [*_of_places(rows), *_of_time(rows)]
    return frozenset(open_ | suppress(counts, lines, below, memory, _years_of))


def _key(row: Row) -> tuple[Any, ...]:
    return row["force"], row["area"], row["neighbourhood"], row["period"], row["period_start"]


def _years_of(key: Sequence[Any]) -> Years:
    *_, period, start = key
    return start.year, last_day(period, start).year


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
    months = {(*_key(row)[:3], row["period_start"]) for row in rows if row["period"] == "month"}
    for row in rows:
        if row["period"] in ("year", "rolling_12_months"):
            unit, start = _key(row)[:3], row["period_start"]
            inside = [month for month in _twelve_months(start) if (*unit, month) in months]
            yield Line(_key(row), tuple((*unit, "month", month) for month in inside))


@cache
def _twelve_months(start: date) -> list[date]:
    """The first days of the twelve months that begin with the one of `start`."""
    counted = (start.year * 12 + start.month - 1 + later for later in range(12))
    return [date(count // 12, count % 12 + 1, 1) for count in counted]
