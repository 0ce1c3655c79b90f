"""The one typing door: delivered text becomes typed values, or a named trouble, never a silent guess.

Accepted texts, whatever the file's format (readers hand over text only):

    moment   2026-03-01T22:05:09.25+01:00 · 2026-03-01 22:05 · 2026-03-01 (local midnight)
    date     2026-03-01            month  2026-03           time  22:05 · 22:05:09 · 24:00
    count    0 or more, whole      flag   true/false, t/f, yes/no, y/n, 1/0
    weekday  monday · mon · 1 (Monday) to 7          slug  norfolk (lower case, digits, - and _)

Everything else that is not empty is `unreadable`. A local time that does not exist or is ambiguous is a trouble
of its own unless the source states a rule for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from checks.database import connect, literal
from checks.logs import Column, Kind, Log

UNREADABLE = "unreadable"
NONEXISTENT = "nonexistent_local_time"
AMBIGUOUS = "ambiguous_local_time"

_MACROS = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class LocalTime:
    """How a source's local times are read: its zone, and what is done with the two hours of a clock change.

    `ambiguous` is `refuse`, `earlier` or `later`; `nonexistent` is `refuse` or `later` (shifted forward).
    """

    zone: str = "Europe/London"
    ambiguous: str = "refuse"
    nonexistent: str = "refuse"


def typed(log: Log, rows: pa.Table, local: LocalTime, meaning_empty: Sequence[str] = ()) -> pd.DataFrame:
    """Type the delivered columns of one batch.

    Args:
        rows: text columns named as in the contract, and `row_number`.
        meaning_empty: texts that mean "not recorded" in this source, besides the empty text.

    Returns:
        A frame with `row_number`, each column typed, and beside each column `c` that can have trouble `c__trouble`
        (NULL, `unreadable`, `nonexistent_local_time` or `ambiguous_local_time`).
    """
    columns = [column for column in log.columns if column.name in rows.column_names]
    con = connect(threads=2)
    try:
        con.execute(_MACROS.read_text("utf-8"))
        con.register("delivered", rows)
        frame = con.execute(_select(columns, meaning_empty)).df()
    finally:
        con.close()
    for column in columns:
        if column.kind is Kind.MOMENT:
            _localise(frame, column.name, local)
        else:
            given = frame.pop(f"{column.name}__given")
            frame[f"{column.name}__trouble"] = np.where(given & frame[column.name].isna(), UNREADABLE, None)
            frame[column.name] = frame[column.name].astype(_PANDAS_TYPES[column.kind])
    names = [name for c in columns for name in (c.name, f"{c.name}__trouble")]
    return frame[["row_number", *names]]


_PANDAS_TYPES: dict[Kind, str] = {
    Kind.TEXT: "object",
    Kind.SLUG: "object",
    Kind.WEEKDAY: "object",
    Kind.MONTH: "object",
    Kind.TIME: "object",
    Kind.DATE: "datetime64[us]",
    Kind.COUNT: "Int64",
    Kind.FLAG: "boolean",
}


def _select(columns: Sequence[Column], meaning_empty: Sequence[str]) -> str:
    nothing = literal(["", *meaning_empty])
    given = ", ".join(f'given("{c.name}", {nothing}) as "{c.name}"' for c in columns)
    values = ", ".join(_value(column) for column in columns)
    return f"select row_number, {values} from (select row_number, {given} from delivered) as trimmed"


def _value(column: Column) -> str:
    name = f'"{column.name}"'
    given = f'{name} is not null as "{column.name}__given"'
    if column.kind is Kind.MOMENT:
        return f'read_local({name}) as {name}, read_instant({name}) as "{column.name}__instant", {given}'
    return f"read_{column.kind}({name}) as {name}, {given}"


def _localise(frame: pd.DataFrame, name: str, local: LocalTime) -> None:
    """Replace a column's wall clocks by UTC instants, in place, and say which could not be placed."""
    wall = frame.pop(name)
    instant = frame.pop(f"{name}__instant").dt.tz_localize("UTC")
    given = frame.pop(f"{name}__given")
    ambiguous = "NaT" if local.ambiguous == "refuse" else np.full(len(wall), local.ambiguous == "earlier")
    placed = wall.dt.tz_localize(local.zone, ambiguous=ambiguous, nonexistent="NaT")
    shifted = wall.dt.tz_localize(local.zone, ambiguous=ambiguous, nonexistent="shift_forward")
    trouble = np.where(given & wall.isna() & instant.isna(), UNREADABLE, None)
    lost = wall.notna() & placed.isna()
    if lost.any():
        trouble = np.where(lost & shifted.notna(), NONEXISTENT, trouble)
        trouble = np.where(lost & shifted.isna(), AMBIGUOUS, trouble)
        if local.nonexistent == "later":
            placed, trouble = placed.fillna(shifted), np.where(trouble == NONEXISTENT, None, trouble)
    frame[name] = placed.dt.tz_convert("UTC").fillna(instant).astype("datetime64[us, UTC]")
    frame[f"{name}__trouble"] = trouble
