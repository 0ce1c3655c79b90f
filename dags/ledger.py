"""The exclusion ledger: figures of the store with and without their exclusions, and the exclusion rate over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from checks.exclusions import LEVEL, Ledger, exclusion_series, with_and_without
from checks.spc import signal
from checks.statistics import Direction
from connectors.settings import Settings
from connectors.store import read
from dags.recorded import Row, local_day, recorded_run

_OF_FIGURE = ("standard", "commitment", "measure", "force", "area", "neighbourhood", "period", "period_start")
COLUMNS = (
    *_OF_FIGURE, "met", "missed", "excluded", "recorded", "by_reason", "rate", "rate_if_excluded_missed",
    "exclusion_rate", "exclusion_low", "exclusion_high", "variation",
)  # fmt: skip
# What bounds which rows are shown, and not which months the series has.
_SHOWN_ONLY = ("from", "to", "period")


def ledger(
    conn: Connection, settings: Settings, filters: Mapping[str, Any], run: str | None
) -> Iterator[dict[str, Any]]:
    """One row for each figure of `verdicts` the filters leave, in its order.

    `variation` is that of a closed month's exclusion rate in its own series (neither direction is good or bad);
    '' for other periods, the open month and months without records.
    """
    judged = recorded_run(conn, run)
    series = {key: value for key, value in filters.items() if key not in _SHOWN_ONLY}
    months = read.read_table(conn, "verdicts", {**series, "period": "month"}, run)
    closed = [row for row in months if judged and _is_closed(row, judged["as_at"], settings)]
    variations = _variations(with_and_without(closed))
    for row in read.read_table(conn, "verdicts", filters, run):
        (entry,) = with_and_without([row])
        low, high = entry.exclusion_interval
        yield {
            **{name: row[name] for name in _OF_FIGURE},
            **{name: getattr(entry, name) for name in COLUMNS[len(_OF_FIGURE) : -3]},
            "exclusion_low": low,
            "exclusion_high": high,
            "variation": variations.get((*_level(entry), row["period_start"]), ""),
        }


def _variations(ledgers: Iterable[Ledger]) -> dict[tuple[Any, ...], str]:
    """The variation of every month with records, by its level and first day."""
    return {
        (*level, point.at): str(point.variation)
        for level, points in exclusion_series(ledgers).items()
        for point in signal(points, None, Direction.NEUTRAL).points
    }


def _level(entry: Ledger) -> tuple[Any, ...]:
    return tuple(entry.figure.get(name, "") for name in LEVEL)


def _is_closed(row: Row, as_at: datetime, settings: Settings) -> bool:
    start: date = row["period_start"]
    today = local_day(settings, row["force"], as_at)
    return (start.year, start.month) < (today.year, today.month)
