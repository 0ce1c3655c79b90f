"""The DuckDB connection everything is computed on, and how a value is written as SQL."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from checks.errors import DamagedError

# What is raised of a Parquet file that is damaged or gone.
UNREADABLE = (duckdb.IOException, duckdb.InvalidInputException, DamagedError)


def is_unreadable(error: duckdb.Error) -> bool:
    """Whether an error is about a damaged or missing file; of a damaged heading DuckDB has no kind of its own."""
    return isinstance(error, UNREADABLE) or type(error) is duckdb.Error


def connect(memory_limit: str = "", threads: int = 0, spill: str = "") -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB whose time zone is UTC; a DuckDB file would let only one process write."""
    # Without a folder of its own DuckDB would spill into the working directory.
    folder = spill or str(Path(tempfile.gettempdir()) / "pledge-duckdb")
    # The progress bar goes to standard output, where the data goes, even without a terminal.
    settings: dict[str, str | int] = {"TimeZone": "UTC", "temp_directory": folder, "enable_progress_bar": "false"}
    # It plans each of tally.sql's twelve grouping sets by itself, which takes longer than counting some thousand cases.
    settings["disabled_optimizers"] = "grouping_sets"
    if memory_limit:
        settings["memory_limit"] = memory_limit
    if threads:
        settings["threads"] = threads
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
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]::varchar[]"
    return "'" + str(value).replace("'", "''") + "'"
