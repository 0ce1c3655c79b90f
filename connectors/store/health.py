"""The health of the alerts: what was sent, and what came of it, by month, force and kind; changed rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select

from connectors.store.engine import lock_slice
from connectors.store.tables import acknowledgements, alert_health, breaches, explanations, runs

Row = dict[str, Any]
Place = tuple[str, str, date]
KEY = ("month", "force", "kind")
SAYS = ("sent", "acknowledged", "explained", "reopened", "median_seconds_to_acknowledge")


def newest_health(conn: Connection, filters: Mapping[str, Any] | None = None) -> list[Row]:
    """The newest row of each month, force and kind; `filters`: force (a list), from and to (days)."""
    asked = filters or {}
    age = func.row_number().over(partition_by=[alert_health.c[name] for name in KEY], order_by=runs.c.run_number.desc())
    aged = select(alert_health, age.label("age")).join(runs, runs.c.run_id == alert_health.c.run_id).subquery()
    chosen = select(*(aged.c[column.name] for column in alert_health.c)).where(aged.c.age == 1)
    if asked.get("force"):
        chosen = chosen.where(aged.c.force.in_(asked["force"]))
    if asked.get("from"):
        chosen = chosen.where(aged.c.month >= asked["from"].replace(day=1))
    if asked.get("to"):
        chosen = chosen.where(aged.c.month <= asked["to"])
    return [dict(row) for row in conn.execute(chosen.order_by(*(aged.c[name] for name in KEY))).mappings()]


def record_health(conn: Connection, run_id: str, rows: Sequence[Row]) -> int:
    """Add the rows (columns of `KEY` and `SAYS`) that say something else than the newest of their key."""
    lock_slice(conn, "alert_health")
    before = {tuple(row[name] for name in KEY): row for row in newest_health(conn)}
    news = [
        {"run_id": run_id, **row}
        for row in rows
        if (old := before.get(tuple(row[name] for name in KEY))) is None or any(old[n] != row[n] for n in SAYS)
    ]
    if news:
        conn.execute(insert(alert_health), news)
    return len(news)


def answered_moments(conn: Connection) -> tuple[dict[Place, list[Any]], dict[Place, list[Any]]]:
    """When each (measure, force, day) was acknowledged and when explained, as a whole or case by case; oldest first."""
    found = []
    for table in (acknowledgements, explanations):
        moments: dict[Place, list[Any]] = {}
        said = select(table.c.measure, table.c.force, table.c.missed_on, table.c.recorded_at).distinct()
        for measure, force, day, moment in conn.execute(said.order_by(table.c.recorded_at)):
            moments.setdefault((measure, force, day), []).append(moment)
        found.append(moments)
    return found[0], found[1]


def reopened_places(conn: Connection) -> set[Place]:
    """The (measure, force, day) that were answered and stand open again: withdrawn and missed again, or found later."""
    found: set[Place] = set()
    breach = breaches.c
    for table in (acknowledgements, explanations):
        said = table.c
        same_day = and_(said.measure == breach.measure, said.force == breach.force, said.missed_on == breach.local_day)
        of_day = and_(said.breach_id == "", same_day, or_(said.area == "", said.area == breach.area))
        answered = select(said.breach_id).where(or_(said.breach_id == breach.breach_id, of_day)).exists()
        again = select(breach.measure, breach.force, breach.local_day).where(breach.status == "open", answered)
        found |= {(row[0], row[1], row[2]) for row in conn.execute(again.distinct())}
    return found
