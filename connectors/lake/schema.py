"""The columns of the lake's tables, in Arrow's types, which are also Delta's.

A row of a log carries, beside its contract columns, where it came from (`delivery_id`, `row_number`) and which columns
its source does not deliver at all (`lacks`, qualified and comma separated), so that "not delivered" is never mistaken
for "not recorded".
"""

from __future__ import annotations

import pyarrow as pa

from checks.logs import LOGS, Kind, Log

UNDATED = "undated"

_ARROW_TYPES = {
    Kind.MOMENT: pa.timestamp("us", "UTC"),
    Kind.DATE: pa.date32(),
    Kind.COUNT: pa.int32(),
    Kind.FLAG: pa.bool_(),
}

CASES = pa.schema(
    [
        ("standard", pa.string()),
        ("measure", pa.string()),
        ("force", pa.string()),
        ("month", pa.string()),
        ("case_id", pa.string()),
        ("area", pa.string()),
        ("neighbourhood", pa.string()),
        ("state", pa.string()),
        ("reason", pa.string()),
        ("clock_started_at", pa.timestamp("us", "UTC")),
        ("limit_seconds", pa.float64()),
        ("due_at", pa.timestamp("us", "UTC")),
        ("clock_stopped_at", pa.timestamp("us", "UTC")),
        ("elapsed_seconds", pa.float64()),
        ("part", pa.int64()),
        ("whole", pa.int64()),
        ("covers", pa.string()),
        ("local_day", pa.date32()),
        ("unjudgeable", pa.bool_()),
        ("outside_force_dates", pa.bool_()),
        ("first_run", pa.string()),
        ("last_changed_run", pa.string()),
    ]
)

# The table of the seals of every run.
SEALS_TABLE = "seals"
SEALS = pa.schema([("run_id", pa.string()), ("what", pa.string()), ("key", pa.string()), ("sha256", pa.string())])


def log_schema(log: Log) -> pa.Schema:
    """The Arrow and Delta schema of a log: its contract columns, then where the row came from."""
    columns = [(column.name, _ARROW_TYPES.get(column.kind, pa.string())) for column in log.columns]
    return pa.schema(
        [
            *columns,
            ("delivery_id", pa.string()),
            ("row_number", pa.int64()),
            ("lacks", pa.string()),
            ("month", pa.string()),
        ]
    )


def partitions(name: str) -> list[str]:
    """The columns by which a table's rows are filed; each value is a folder."""
    if name == SEALS_TABLE:
        return ["run_id"]
    return ["standard", "measure", "force", "month"] if name == "cases" else ["force", "month"]


def schema_of(name: str) -> pa.Schema:
    """The schema of a table of the lake: a log, `cases` or `seals`."""
    return {"cases": CASES, SEALS_TABLE: SEALS}.get(name) or log_schema(LOGS[name])
