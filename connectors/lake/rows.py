"""The rows of a log as they lie in the lake, with where each came from; and as earlier versions had them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from checks.database import connect, literal
from checks.logs import Kind, Log
from connectors.lake.schema import log_schema
from connectors.lake.tables import Lake

Row = dict[str, Any]
Key = tuple[Any, ...]
CAME_WITH = ("delivery_id", "row_number")


def lay_rows(
    con: duckdb.DuckDBPyConnection, log: Log, files: Sequence[str], view: str = "", beside: Sequence[str] = CAME_WITH
) -> None:
    """Create a view of a log's contract columns and what stands beside them; its moments are naive UTC."""
    said = ", ".join(
        f'make_timestamp(epoch_us("{c.name}")) as "{c.name}"' if c.kind is Kind.MOMENT else f'"{c.name}"'
        for c in log.columns
    )
    source = f"{view or log.name}_nothing"
    if files:
        source = (
            f"read_parquet({literal(list(files))}, hive_partitioning = true, "
            "hive_types = {'force': varchar, 'month': varchar}, union_by_name = true)"
        )
    else:
        con.register(source, log_schema(log).empty_table())
    con.execute(f'create or replace view "{view or log.name}" as select {said}, {", ".join(beside)} from {source}')


def row_history(lake: Lake, log: Log, force: str, keys: Collection[Key], up_to: int) -> dict[Key, list[Row]]:
    """What each row said under every version of the log that changed it, oldest first.

    Args:
        keys: values of the log's key columns, in their order; moments naive UTC.
        up_to: the newest version looked at.

    Returns:
        For each key dicts with version, written_at (UTC), delivery_id, row_number and `row` (contract columns); the
        last three are None where the row was withdrawn.
    """
    history: dict[Key, list[Row]] = {key: [] for key in keys}
    if not keys:
        return history
    con = connect()
    try:
        con.register("wanted", _wanted(log, keys))
        before: set[str] = set()
        for version, written_at in _commits(lake, log, up_to):
            now = set(lake.names(log.name, version, force=[force]))
            added, removed = (_rows(con, lake, log, sorted(names)) for names in (now - before, before - now))
            before = now
            for key in keys:
                if key in added or key in removed:
                    _note(history[key], version, written_at, added.get(key))
    finally:
        con.close()
    return history


def _commits(lake: Lake, log: Log, up_to: int) -> Iterator[tuple[int, datetime | None]]:
    table = lake.table(log.name, up_to)
    said = {each["version"]: each.get("timestamp") for each in table.history()} if table else {}
    for version in range(up_to + 1):
        milliseconds = said.get(version)
        yield version, datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _wanted(log: Log, keys: Collection[Key]) -> pa.Table:
    return pa.table({name: [key[place] for key in keys] for place, name in enumerate(log.keys)})


def _rows(con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, names: Sequence[str]) -> dict[Key, Row]:
    if not names:
        return {}
    lay_rows(con, log, lake.at_hand(log.name, names), "held")
    named = ", ".join(f'"{name}"' for name in log.keys)
    found = con.execute(f"select held.* from held semi join wanted using ({named})")
    names = [column[0] for column in found.description]
    rows = (dict(zip(names, row, strict=True)) for row in found.fetchall())
    return {tuple(row[name] for name in log.keys): row for row in rows}


def _note(history: list[Row], version: int, written_at: datetime | None, row: Mapping[str, Any] | None) -> None:
    """Add what a version says of a row, unless it says what the one before said."""
    came = {name: row[name] if row else None for name in CAME_WITH}
    said = {name: value for name, value in row.items() if name not in CAME_WITH} if row else None
    if not history or history[-1]["row"] != said or history[-1]["delivery_id"] != came["delivery_id"]:
        history.append({"version": version, "written_at": written_at, **came, "row": said})
