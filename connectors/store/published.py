"""Which figures are new to what was published before."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from connectors.store.tables import commitments, runs, verdicts


def published_up_to(conn: Connection, number: int | None = None) -> tuple[int, str]:
    """The last run (its number and name) that is over, as are all before it: what it said is all there.

    `number`: that run instead, (0, '') where there is none.
    """
    if number is None:
        first_open = conn.scalar(select(func.min(runs.c.run_number)).where(runs.c.status == "running"))
        over = runs.c.run_number < first_open if first_open is not None else runs.c.run_number > 0
        number = conn.scalar(select(func.max(runs.c.run_number)).where(over)) or 0
    name = conn.scalar(select(runs.c.run_id).where(runs.c.run_number == number))
    return (number, name) if name else (0, "")


def years_written(conn: Connection, after: int) -> set[int]:
    """The years in which figures and commitments begin that runs after this one (its number) wrote."""
    new = select(runs.c.run_id).where(runs.c.run_number > after)
    found: set[int] = set()
    for table in (verdicts, commitments):
        starts = select(table.c.period_start).where(table.c.run_id.in_(new)).distinct()
        found |= {start.year for start in conn.scalars(starts)}
    return found
