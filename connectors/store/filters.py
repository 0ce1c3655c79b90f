"""What `--force --area --commitment --measure --from --to …` mean in each table, as SQL conditions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_

from checks.commitment import measures
from checks.errors import UsageError
from connectors.store import tables

# Which column `from` and `to` bound; '' = the table has none.
DATED_BY: dict[Table, str] = {
    tables.verdicts: "period_start",
    tables.commitments: "period_start",
    tables.comparisons: "period_start",
    tables.funnels: "period_start",
    tables.sensitivity: "period_start",
    tables.cases: "clock_started_at",
    tables.breaches: "due_at",
    tables.runs: "as_at",
    tables.deliveries: "received_at",
    tables.quarantine: "received_at",
    tables.explanations: "recorded_at",
    tables.acknowledgements: "recorded_at",
    tables.alert_health: "month",
    tables.announcements: "created_at",
    tables.expectation_results: "",
    tables.integrity_signals: "",
    tables.delays: "period_start",
    tables.erasures: "recorded_at",
    tables.erased: "",
    tables.accesses: "accessed_at",
    tables.at_risk: "due_at",
    tables.signings: "month",
}
BY_COLUMN = (
    "force", "area", "neighbourhood", "commitment", "measure", "standard", "period", "signal", "stage", "against",
    "level", "status", "log", "command",
)  # fmt: skip
_OF_ITS_DELIVERY = ("force", "source", "run_id", "received_at")


def condition(table: Table, key: str, value: Any) -> ColumnElement[bool]:
    """The condition of one filter; raises UsageError when the table cannot answer it."""
    column = column_of(table, DATED_BY[table] if key in ("from", "to") else key)
    values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
    if key in ("from", "to") and column is not None:
        return _bound(column, key, value)
    if key == "force" and table is tables.funnels:  # the force itself, and the neighbourhoods within it
        return or_(and_(table.c.level == "force", table.c.unit.in_(values)), table.c.within.in_(values))
    if key in BY_COLUMN and column is not None:
        return column.in_(_whole_numbers(key, values) if key == "commitment" else values)
    if key == "commitment" and "measure" in table.c:
        asked = _whole_numbers(key, values)
        return table.c.measure.in_([m.name for m in measures().values() if m.commitment in asked])
    answered = ", ".join(name for name in (*BY_COLUMN, "from", "to") if _answers(table, name))
    do = f"Use {answered}." if answered else "Leave it out."
    raise UsageError(f"filter {key}", f"{table.name} cannot be filtered by it", "a filter of this table", do)


def column_of_filter(table: Table, key: str) -> str:
    """The name of the column a filter asks for; the commitment of a table that has none is that of its measure."""
    if key in ("from", "to"):
        return DATED_BY[table]
    return key if key in table.c or key != "commitment" else "measure"


def column_of(table: Table, name: str) -> ColumnElement[Any] | None:
    """A column of the table, or for a quarantined row one of its delivery; None where there is none."""
    if name in table.c:
        return table.c[name]
    borrowed = table is tables.quarantine and name in _OF_ITS_DELIVERY
    return tables.deliveries.c[name] if borrowed else None


def _answers(table: Table, key: str) -> bool:
    if key in ("from", "to"):
        return bool(DATED_BY[table])
    derived = (key == "commitment" and "measure" in table.c) or (key == "force" and table is tables.funnels)
    return derived or column_of(table, key) is not None


def _whole_numbers(key: str, values: Sequence[Any]) -> list[int]:
    try:
        return [int(value) for value in values]
    except (TypeError, ValueError):
        found = ", ".join(map(str, values))
        raise UsageError(f"filter {key}", found, "a whole number", "Correct it.") from None


def _bound(column: ColumnElement[Any], key: str, value: date | datetime) -> ColumnElement[bool]:
    """`from` and `to`: dates are both inclusive; of moments, `to` is exclusive."""
    if column.type.python_type is date:
        day = value.date() if isinstance(value, datetime) else value
        return column >= day if key == "from" else column <= day
    if not isinstance(value, datetime):
        value = datetime.combine(value if key == "from" else value + timedelta(days=1), time(), UTC)
    return column >= value if key == "from" else column < value
