"""The one typing door: delivered text becomes typed values, or a named trouble, never a silent guess.

Accepted texts, whatever the file's format (readers hand over text only):

    moment   2026-03-01T22:05:09.25+01:00 (or Z, +01, +0100, -0530) · 2026-03-01 22:05 · 2026-03-01 (local midnight)
    date     2026-03-01            month  2026-03           time  22:05 · 22:05:09 · 24:00
    count    0 or more, whole      flag   true/false, t/f, yes/no, y/n, 1/0
    weekday  monday · mon · 1 (Monday) to 7          slug  norfolk (lower case, digits, - and _)
    text     up to 200 characters, but not NULL, #VALUE! and their kin

Everything else that is not empty is `unreadable`. A local time that does not exist or is ambiguous is a trouble
of its own unless the source states a rule for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from checks.database import connect
from checks.logs import DELETED, Column, Kind, Log
from connectors.sources.local_time import LocalTime

UNREADABLE = "unreadable"
NONEXISTENT = "nonexistent_local_time"
AMBIGUOUS = "ambiguous_local_time"

_MACROS = Path(__file__).with_suffix(".sql")

# Read like a flag of the contract, wherever a source marks withdrawn records.
_MARKER = Column(DELETED, Kind.FLAG)

# Beyond these no Python date can hold an instant (the last evening of 9999, west of Greenwich).
_FIRST, _LAST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999", "us")
_DAY = np.timedelta64(1, "D")


def typed(log: Log, rows: pa.Table, local: LocalTime, meaning_empty: Sequence[str] = ()) -> pa.Table:
    """Type the delivered columns of one batch.

    Args:
        rows: text columns named as in the contract, `row_number`, and `deleted` where the source has a deletion marker.
        meaning_empty: texts that mean "not recorded" in this source, besides the empty text.

    Returns:
        The rows in the same order: `row_number`, each column `c` with NULL for what is empty or unusable, and beside
        it `c__trouble` (NULL, `unreadable`, `nonexistent_local_time` or `ambiguous_local_time`). Moments are
        timezone-aware UTC with microseconds.
    """
    columns = [column for column in (*log.columns, _MARKER) if column.name in rows.column_names]
    given = _trimmed(rows, columns, meaning_empty)
    con = connect(threads=2)
    try:
        con.execute(_MACROS.read_text("utf-8"))
        con.register("given", given)
        read = con.sql(f"select {', '.join(['row_number', *map(_value, columns)])} from given").to_arrow_table()
    finally:
        con.close()
    values = {"row_number": read["row_number"]}
    for column in columns:
        name = column.name
        trouble = _unreadable(given[name], read[name])
        if column.kind is Kind.MOMENT:
            values[name], trouble = _placed(read[name], read[f"{name}__offset"], trouble, local)
        else:
            values[name] = read[name]
        values[f"{name}__trouble"] = trouble
    return pa.table(values)


def _trimmed(rows: pa.Table, columns: Sequence[Column], meaning_empty: Sequence[str]) -> pa.Table:
    """The delivered texts without the white space around them (non-breaking too), NULL where they mean "empty"."""
    nothing = pa.array(["", *meaning_empty], pa.string())
    given = {"row_number": rows["row_number"]}
    for column in columns:
        text = pc.utf8_trim_whitespace(rows[column.name].cast(pa.string()))
        given[column.name] = pc.if_else(pc.is_in(text, nothing), pa.scalar(None, pa.string()), text)
    return pa.table(given)


def _value(column: Column) -> str:
    name = f'"{column.name}"'
    value = f"read_{column.kind}({name}) as {name}"
    return f'{value}, has_offset({name}) as "{column.name}__offset"' if column.kind is Kind.MOMENT else value


def _unreadable(given: pa.ChunkedArray, value: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if given.null_count == value.null_count:
        return pa.nulls(len(given), pa.string())
    unread = pc.and_(pc.is_valid(given), pc.is_null(value))
    return pc.if_else(unread, pa.scalar(UNREADABLE), pa.scalar(None, pa.string()))


def _placed(
    read: pa.ChunkedArray, has_offset: pa.ChunkedArray, trouble: pa.ChunkedArray, local: LocalTime
) -> tuple[pa.Array, pa.Array | pa.ChunkedArray]:
    """UTC instants of one column, and what is wrong with those that have none.

    Args:
        read: naive; UTC where `has_offset`, else the wall clock of the zone.
    """
    instants = read.to_numpy().astype("datetime64[us]")
    is_local = ~np.isnat(instants) & ~has_offset.fill_null(True).to_numpy().astype(bool)
    said: dict[int, str] = {}
    if is_local.any():
        instants[is_local], lost = _instants(pd.DatetimeIndex(instants[is_local]), local)
        said = dict(zip(np.flatnonzero(is_local)[list(lost)].tolist(), lost.values(), strict=True))
    outside = ~np.isnat(instants) & ((instants < _FIRST) | (instants > _LAST))
    said |= dict.fromkeys(np.flatnonzero(outside).tolist(), UNREADABLE)
    instants[outside] = np.datetime64("NaT")
    if said:
        words = trouble.to_numpy(zero_copy_only=False).astype(object)
        words[list(said)] = list(said.values())
        trouble = pa.array(words, pa.string())
    return pa.array(instants, pa.timestamp("us")).cast(pa.timestamp("us", "UTC")), trouble


def _instants(wall: pd.DatetimeIndex, local: LocalTime) -> tuple[Any, dict[int, str]]:
    """The UTC instants of wall clocks (NaT where there is none), and the trouble of each position without one."""
    # On the first and last day of Python's calendar pandas may run over its edge and give up on all of them.
    safe = pd.DatetimeIndex(wall.where((wall > _FIRST + _DAY) & (wall < _LAST - _DAY)))
    placed = safe.tz_localize(local.zone, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC").tz_localize(None)
    lost = np.flatnonzero(placed.isna())
    instants = placed.to_numpy().astype("datetime64[us]")
    troubles: dict[int, str] = {}
    decided = {moment: _decided(moment.to_pydatetime(), local) for moment in wall[lost].unique()}
    for position in lost.tolist():
        instant, trouble = decided[wall[position]]
        if instant is None:
            troubles[position] = trouble
        else:
            instants[position] = np.datetime64(instant, "us")
    return instants, troubles


def _decided(wall: datetime, local: LocalTime) -> tuple[datetime | None, str]:
    """The instant (naive UTC) the source's rule gives a wall clock that came twice or never; else its trouble.

    What never existed is read as a clock that was not put forward would mean it: 01:30 is 02:30 summer time.
    """
    zone = ZoneInfo(local.zone)
    try:
        # Python's fold: 0 reads by the offset before the clock change, 1 by the one after it.
        before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:
        return None, UNREADABLE
    exists = before.astimezone(zone).replace(tzinfo=None) == wall
    rule, trouble = (local.ambiguous, AMBIGUOUS) if exists else (local.nonexistent, NONEXISTENT)
    if before == after or rule != "refuse":
        return (min if rule == "earlier" else max)(before, after).replace(tzinfo=None), ""
    return None, trouble
