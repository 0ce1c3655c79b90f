"""How the alerts fare: sent, acknowledged, explained, reopened, and how long an acknowledgement takes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Select, or_, select

from checks.changes import ANSWERABLE
from checks.feeds import ALL
from connectors.store.health import answered_moments, record_health, reopened_places
from connectors.store.tables import announcements


@dataclass
class _Count:
    sent: int = 0
    acknowledged: int = 0
    explained: int = 0
    reopened: int = 0
    seconds: list[float] = field(default_factory=list)


def record(engine: Engine, run_id: str, zone: str) -> int:
    """Bring `alert_health` up to date under this run; returns how many rows were new or changed."""
    with engine.begin() as conn:
        return record_health(conn, run_id, health(conn, zone))


def health(conn: Connection, zone: str) -> list[dict[str, Any]]:
    """A row for each local month, force and kind of announcement: its lines, those of one measure and day once.

    Only what has buttons is answered. A message as such (a digest, a reminder) counts once, for `all`. Explaining
    counts as acknowledging, too. The median is over lines first answered after they were sent; None where none was.
    """
    seen, told = answered_moments(conn)
    again = reopened_places(conn)
    counts: dict[tuple[date, str, str], _Count] = defaultdict(_Count)
    known: set[tuple[Any, ...]] = set()
    for row in conn.execute(_sent()):
        count = counts[row.sent_at.astimezone(ZoneInfo(zone)).date().replace(day=1), row.force or ALL, row.kind]
        place = (row.measure, row.force, row.period_start)
        if not (row.measure and row.period == "day" and row.kind in ANSWERABLE):
            count.sent += 1
        elif (line := (row.said_in or row.thread_of or row.key, row.kind, *place)) not in known:
            known.add(line)  # areas of one force are lines of their own, answered as one
            _add(count, row.sent_at, sorted([*seen.get(place, ()), *told.get(place, ())]))
            count.explained += place in told
            count.reopened += place in again
    return [_row(key, count) for key, count in sorted(counts.items())]


def _sent() -> Select[Any]:
    """What was said, oldest first, without the details in threads that are about nothing of their own."""
    table = announcements.c
    columns = [table[name] for name in ("key", "kind", "force", "measure", "period", "period_start")]
    of_its_own = or_(table.thread_of == "", table.measure != "", table.log != "")
    said = select(*columns, table.said_in, table.thread_of, table.sent_at).where(table.state == "sent", of_its_own)
    return said.order_by(table.sent_at, table.created_at)


def _add(count: _Count, sent_at: datetime, answered: list[datetime]) -> None:
    count.sent += 1
    count.acknowledged += bool(answered)
    if answered and answered[0] >= sent_at:
        count.seconds.append((answered[0] - sent_at).total_seconds())


def _row(key: tuple[date, str, str], count: _Count) -> dict[str, Any]:
    month, force, kind = key
    return {
        "month": month,
        "force": force,
        "kind": kind,
        "sent": count.sent,
        "acknowledged": count.acknowledged,
        "explained": count.explained,
        "reopened": count.reopened,
        "median_seconds_to_acknowledge": float(median(count.seconds)) if count.seconds else None,
    }
