"""Which files of a table can hold anything of a day or later: told by Delta's own statistics, not by the file's month.

A row of last year may carry an appointment of next week: its file reaches as far as the latest time in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.lake.listing import names_of
from connectors.lake.tables import Lake

# Delta cuts its statistics to milliseconds; a local day begins up to 14 hours before the same day in UTC.
_MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Reach:
    """How far a file reaches: to the latest of `columns`, and without end where one of `open_ended` is empty.

    `with_earliest`: the file of the earliest time in the first of `columns` is always wanted, too.
    """

    columns: Sequence[str]
    open_ended: Sequence[str] = ()
    with_earliest: bool = False


def files_reaching(
    lake: Lake, name: str, day: date, reach: Reach, version: int | None = None, **partition: Iterable[str]
) -> list[str]:
    """The files of a table that may hold a row with a time on this local day or later; in doubt a file is named."""
    actions = lake.actions(name, version, **partition)
    if not actions.num_rows:
        return []
    wanted = _open_ended(actions, reach.open_ended)
    for column in reach.columns:
        wanted = pc.or_(wanted, _may_reach(actions, column, day))
    if reach.with_earliest:
        wanted = pc.or_(wanted, _earliest(actions, reach.columns[0]))
    return lake.at_hand(name, names_of(name, actions.filter(wanted)))


def files_between(
    lake: Lake,
    name: str,
    column: str,
    least: str,
    greatest: str,
    version: int | None = None,
    **partition: Iterable[str],
) -> list[str]:
    """The files of a table that may hold a text of a column from `least` to `greatest`; in doubt a file is named."""
    actions = lake.actions(name, version, **partition)
    low, high = (_statistic(actions, which, column).cast(pa.string()) for which in ("min", "max"))
    wanted = pc.and_(pc.less_equal(low, greatest), pc.greater_equal(high, least))
    return lake.at_hand(name, names_of(name, actions.filter(pc.fill_null(wanted, True))))


def only_values(actions: pa.Table, column: str) -> list[str | None]:
    """The one value each file holds of a text column, None where it holds others or nothing is known of it.

    A value that is too long is cut in the statistics, the greatest upwards: cut ones are never equal.
    """
    least, greatest, empty = (_statistic(actions, which, column).to_pylist() for which in ("min", "max", "null_count"))
    return [low if low == high and none == 0 else None for low, high, none in zip(least, greatest, empty, strict=True)]


def _open_ended(actions: pa.Table, columns: Sequence[str]) -> Any:
    wanted = pa.array([False] * actions.num_rows)
    for column in columns:
        wanted = pc.or_(wanted, pc.fill_null(pc.greater(_statistic(actions, "null_count", column), 0), True))
    return wanted


def _may_reach(actions: pa.Table, column: str, day: date) -> Any:
    latest = _statistic(actions, "max", column)
    if pa.types.is_null(latest.type):
        return pa.array([True] * actions.num_rows)
    least = day - _MARGIN if pa.types.is_date(latest.type) else datetime.combine(day, time()) - _MARGIN
    reaches = pc.greater_equal(_naive(latest), pa.scalar(least))
    # Without a latest value a column is empty, or nothing is known of it.
    is_empty = pc.fill_null(pc.equal(_statistic(actions, "null_count", column), actions["num_records"]), False)
    return pc.if_else(pc.is_null(latest), pc.invert(is_empty), reaches)


def _earliest(actions: pa.Table, column: str) -> Any:
    first = _statistic(actions, "min", column)
    if pa.types.is_null(first.type):
        return pa.array([True] * actions.num_rows)
    least = pc.add(_naive(pc.min(first)), pa.scalar(timedelta(seconds=1), pa.duration("us")))
    return pc.fill_null(pc.less_equal(_naive(first), least), True)


def _statistic(actions: pa.Table, which: str, column: str) -> Any:
    name = f"{which}.{column}"
    known = name in actions.column_names
    return actions[name].combine_chunks() if known else pa.nulls(actions.num_rows)


def _naive(moments: Any) -> Any:
    """UTC without saying so; a date stays one."""
    return moments.cast(pa.timestamp("us")) if pa.types.is_timestamp(moments.type) else moments
