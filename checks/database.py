"""The DuckDB connection everything is computed on, and how a value is written as SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb


def connect(memory_limit: str = "", threads: int = 0, spill: str = "") -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB whose time zone is UTC; a DuckDB file would let only one process write."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "TimeZone": "UTC",
        "temp_file_encryption": True,
    }
    if memory_limit:
        settings["memory_limit"] = memory_limit
    if threads:
        settings["threads"] = threads
    if spill:
        settings["temp_directory"] = spill
    con = duckdb.connect()
    for name, value in settings.items():
        con.execute(f"set {name} = '{value}'")
    return con


def literal(value: object) -> str:
    """A value as SQL text; quotes are doubled, so that no text can end its literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return f"timestamp '{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]::varchar[]"
    return "'" + str(value).replace("'", "''") + "'"
