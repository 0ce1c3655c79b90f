"""Which row of a figure counts: that of the newest run that wrote it.

A run writes a figure (a signal, a delay) only when it changed, so its rows are its history. Numbered by a window
function: without statistics on a young table PostgreSQL joins the history with itself row by row.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Subquery, Table, func, select

from connectors.store.tables import COMMITMENT, COMPARISON, DELAY, FIGURE, FUNNEL, SENSITIVITY, SIGNAL

KEYS = {
    "verdicts": FIGURE,
    "commitments": COMMITMENT,
    "integrity_signals": SIGNAL,
    "delays": DELAY,
    "comparisons": COMPARISON,
    "funnels": FUNNEL,
    "sensitivity": SENSITIVITY,
}


def newest(
    table: Table, *about: ColumnElement[bool], up_to: int | None = None, columns: Sequence[str] | None = None
) -> Subquery:
    """The newest row of each key of a table of KEYS.

    Args:
        about: conditions on what a figure is of (its key and its commitment), not on what it says.
        up_to: a run_number: the rows as that run left them.
        columns: those that are wanted, None = all: the whole history passes through a sorter.
    """
    conditions = [*about] if up_to is None else [*about, table.c.run_number <= up_to]
    history = [table.c[name] for name in KEYS[table.name]]
    age = func.row_number().over(partition_by=history, order_by=table.c.run_number.desc())
    wanted = [table.c[name] for name in columns] if columns else list(table.c)
    aged = select(*wanted, age.label("age")).where(*conditions).subquery()
    return select(*(aged.c[column.name] for column in wanted)).where(aged.c.age == 1).subquery(table.name)
