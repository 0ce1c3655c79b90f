"""Figures as they may leave the house: small numbers of measures about persons suppressed, and no day of them.

Whatever is asked for, it is decided on all figures of a measure together: what one table hides another must not tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from checks.commitment import measures
from checks.errors import UsageError
from checks.feeds import ALL, last_day
from checks.suppression import Line, counts_persons, suppress
from connectors.settings import Settings
from connectors.store.read import columns_of, read_table
from connectors.store.tables import COUNTS

Row = dict[str, Any]
Unit = tuple[str, str, str]
Hidden = Mapping[tuple[str, str], frozenset[Any]]
SUPPRESSED = "suppressed"
PERIODS = ("day", "month", "year", "rolling_12_months")
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
) -> Iterator[Row]:
    """The figures asked for, `instead` in place of what is suppressed; column `suppressed` says of which rows.

    Args:
        asked: filters of the table `verdicts`.
        hidden: what `hidden_of` says, where it was asked before.
    """
    if hidden is None:
        hidden = hidden_of(conn, settings, {name: asked.get(name) for name in _TOGETHER}, run)
    for row in sorted(read_table(conn, "verdicts", asked, run), key=itemgetter("standard", "measure")):
        if row["period"] == "day" and is_of_persons(row["measure"]):
            continue
        is_hidden = _key(row) in hidden.get((row["standard"], row["measure"]), ())
        yield {**row, **(dict.fromkeys(HIDDEN, instead) if is_hidden else {}), SUPPRESSED: is_hidden}


def hidden_of(conn: Connection, settings: Settings, together: Mapping[str, Any], run: str | None) -> Hidden:
    """The figures that are not published, by standard and measure.

    `together` may name measures, standards and commitments, and nothing less: all figures of a measure are looked at.
    """
    below = _threshold(settings)
    asked = {**together, "period": [period for period in PERIODS if period != "day"]}
    rows = (row for row in read_table(conn, "verdicts", asked, run) if is_of_persons(row["measure"]))
    ordered = sorted(rows, key=itemgetter("standard", "measure"))
    groups = groupby(ordered, itemgetter("standard", "measure"))
    return {key: hidden_figures(list(group), below) for key, group in groups}


def _threshold(settings: Settings) -> int:
    if not settings.suppress_below.isdecimal():
        found, expected = f"it is {settings.suppress_below}", "a whole number; 0 suppresses nothing"
        raise UsageError("PLEDGE_SUPPRESS_BELOW", found, expected, "Correct it.")
    return int(settings.suppress_below)


@cache
def is_of_persons(measure: str) -> bool:
    """Whether a measure counts records of persons, or what was missed of them."""
    return counts_persons(measures()[measure])


def hidden_figures(rows: Sequence[Row], below: int) -> frozenset[Any]:
    """The figures of one measure that are not published, by `_key`."""
    counts = {_key(row): [row[name] for name in COUNTS] for row in rows}
    return frozenset(suppress(counts, [*_of_places(rows), *_of_time(rows)], below))


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
