"""Silences in the store: laid down, ended early, read with what they muted; nothing is ever changed."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from checks.errors import UsageError
from checks.matching import matcher_again
from checks.silencing import StandingSilence
from connectors.store.tables import announcements, silence_ends, silences

END_KIND = "silence_ended"


def new_id() -> str:
    return uuid.uuid4().hex[:8]


def add(conn: Connection, silence: StandingSilence, now: datetime) -> None:
    conn.execute(
        insert(silences).values(
            silence_id=silence.silence_id,
            recorded_at=now,
            matcher=json.dumps(silence.matcher.as_mapping(), ensure_ascii=False, sort_keys=True),
            reason=silence.reason,
            author=silence.author,
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
        )
    )


def end(conn: Connection, silence_id: str, by: str, now: datetime) -> StandingSilence:
    """End a silence now; raises UsageError when there is none of that id, or it is over."""
    found = next((each for each in standing(conn) if each.silence_id == silence_id), None)
    where = f"silence {silence_id}"
    if found is None:
        raise UsageError(where, "there is none of that id", "one of `pledge silence list`", "Correct the id.")
    if now >= found.over_at:
        raise UsageError(where, f"it is over since {found.over_at:%Y-%m-%d %H:%M} UTC", "one that is on", "Do nothing.")
    conn.execute(insert(silence_ends).values(silence_id=silence_id, ended_at=now, ended_by=by))
    return found


def standing(conn: Connection) -> list[StandingSilence]:
    """Every silence, in the order they were laid down."""
    joined = silences.outerjoin(silence_ends, silences.c.silence_id == silence_ends.c.silence_id)
    asked = select(silences, silence_ends.c.ended_at, silence_ends.c.ended_by).select_from(joined)
    rows = conn.execute(asked.order_by(silences.c.recorded_at, silences.c.silence_id)).mappings()
    return [_read(row) for row in rows]


def _read(row: Any) -> StandingSilence:
    return StandingSilence(
        row["silence_id"],
        matcher_again(json.loads(row["matcher"])),
        row["reason"],
        row["author"],
        row["starts_at"],
        row["ends_at"],
        row["ended_at"],
        row["ended_by"] or "",
    )


@dataclass(frozen=True)
class Muted:
    """What one silence muted: how many announcements in each channel."""

    by_channel: Counter[str]

    @property
    def count(self) -> int:
        return self.by_channel.total()


def muted(conn: Connection) -> dict[str, Muted]:
    """What each silence muted; a silence that muted nothing is not there."""
    table = announcements.c
    counted = select(table.silence_id, table.channel, func.count()).where(table.silence_id != "")
    found: dict[str, Counter[str]] = {}
    for silence_id, channel, count in conn.execute(counted.group_by(table.silence_id, table.channel)):
        found.setdefault(silence_id, Counter())[channel] += count
    return {silence_id: Muted(channels) for silence_id, channels in found.items()}


def end_key(silence_id: str) -> str:
    """The key, within a channel, of the message that says a silence is over."""
    return f"{END_KIND}/{silence_id}"


def ends_announced(conn: Connection) -> set[str]:
    """The silences whose end has a row, whatever became of it."""
    keys = conn.scalars(select(announcements.c.key).where(announcements.c.kind == END_KIND))
    return {key.rsplit("/", 1)[1] for key in keys}
