"""How the alerts fare: sent, acknowledged, explained, reopened, and how long an acknowledgement takes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select

from checks.feeds import ALL
from connectors.store.health import answered_moments, record_health, reopened_places
from connectors.store.tables import announcements
from dags.reminding import said_in


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
    """A row for each local month, force and kind of announcement, of its lines that can be answered.

    A message without such lines counts once, for `all`. Explaining counts as acknowledging, too. The median is over the
    lines first answered after they were sent; None where there is none.
    """
    seen, told = answered_moments(conn)
    again = reopened_places(conn)
    counts: dict[tuple[date, str, str], _Count] = defaultdict(_Count)
    sent = select(announcements).where(announcements.c.state == "sent").order_by(announcements.c.sent_at)
    for row in conn.execute(sent):
        month = row.sent_at.astimezone(ZoneInfo(zone)).date().replace(day=1)
        lines = said_in(row.kind, row.payload)
        if not lines:
            counts[month, ALL, row.kind].sent += 1
        for place in dict.fromkeys(line.place for line in lines):
            count = counts[month, place[1], row.kind]
            _add(count, row.sent_at, sorted([*seen.get(place, ()), *told.get(place, ())]))
            count.explained += place in told
            count.reopened += place in again
    return [_row(key, count) for key, count in sorted(counts.items())]


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
