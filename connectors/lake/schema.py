"""The columns of the lake's tables, in Arrow's types, which are also Delta's.

A row of a log carries, beside its contract columns, where it came from (`delivery_id`, `row_number`) and which columns
its source does not deliver at all (`lacks`, qualified and comma separated), so that "not delivered" is never mistaken
for "not recorded".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checks.logs import LOGS, Kind, Log

if TYPE_CHECKING:  # what only asks for names need not load Arrow
    import pyarrow as pa

UNDATED = "undated"

_TEXT, _MOMENT, _DATE, _WHOLE, _NUMBER, _FLAG = "string", "moment", "date", "int64", "float64", "bool"
_KINDS = {Kind.MOMENT: _MOMENT, Kind.DATE: _DATE, Kind.COUNT: "int32", Kind.FLAG: _FLAG}

CASES = {
    "standard": _TEXT,
    "measure": _TEXT,
    "force": _TEXT,
    "month": _TEXT,
    "case_id": _TEXT,
    "area": _TEXT,
    "neighbourhood": _TEXT,
    "state": _TEXT,
    "reason": _TEXT,
    "clock_started_at": _MOMENT,
    "limit_seconds": _NUMBER,
    "due_at": _MOMENT,
    "clock_stopped_at": _MOMENT,
    "elapsed_seconds": _NUMBER,
    "part": _WHOLE,
    "whole": _WHOLE,
    "covers": _TEXT,
    "local_day": _DATE,
    "unjudgeable": _FLAG,
    "outside_force_dates": _FLAG,
    "first_run": _TEXT,
    "last_changed_run": _TEXT,
}
"""The columns of `cases` in their order."""

# The table of the seals of every run.
SEALS_TABLE = "seals"
_SEALS = dict.fromkeys(("run_id", "what", "key", "sha256"), _TEXT)


def log_schema(log: Log) -> pa.Schema:
    """The Arrow and Delta schema of a log: its contract columns, then where the row came from."""
    columns = {column.name: _KINDS.get(column.kind, _TEXT) for column in log.columns}
    return _arrow({**columns, "delivery_id": _TEXT, "row_number": _WHOLE, "lacks": _TEXT, "month": _TEXT})


def partitions(name: str) -> list[str]:
    """The columns by which a table's rows are filed; each value is a folder."""
    if name == SEALS_TABLE:
        return ["run_id"]
    return ["standard", "measure", "force", "month"] if name == "cases" else ["force", "month"]


def schema_of(name: str) -> pa.Schema:
    """The schema of a table of the lake: a log, `cases` or `seals`."""
    own = {"cases": CASES, SEALS_TABLE: _SEALS}.get(name)
    return log_schema(LOGS[name]) if own is None else _arrow(own)


def _arrow(columns: Mapping[str, str]) -> pa.Schema:
    import pyarrow as pa

    odd = {_MOMENT: pa.timestamp("us", "UTC"), _DATE: pa.date32()}
    return pa.schema([(name, odd.get(kind) or pa.type_for_alias(kind)) for name, kind in columns.items()])
