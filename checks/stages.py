"""Where the delay is: attendance split into answer, grade, dispatch and travel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_SQL = Path(__file__).parent / "sql" / "stages.sql"
STAGES = ("answer", "grade", "dispatch", "travel")


def stages(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """One row for each measure, force, area ('' = the force), local month and stage that any attended incident has.

    `con` is prepared by `checks.judging.prepare`. Columns: measure, force, area, month, stage, n, left_out (out of
    order), p50_seconds, p90_seconds, mean_seconds, share (0 to 1), costs_most.
    """
    con.execute(_SQL.read_text("utf-8"))
    return list(con.sql("select * from stages").to_arrow_table().to_pylist())
