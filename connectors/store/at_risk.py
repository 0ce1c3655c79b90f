"""The watch's list in the store: a clock is put on it once, and its outcome noted when it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from checks.at_risk import SETTLED_FOR, Clock, Listed, Outcome
from connectors.slack.blocks import Message
from connectors.store.announcements import lay_down, message_row
from connectors.store.tables import announcements, at_risk

KIND = "at_risk"


@dataclass(frozen=True)
class Settled:
    """How many of a channel's clocks ended so, and when (timezone-aware UTC)."""

    outcome: str
    settled_at: datetime


def unsettled(conn: Connection, now: datetime) -> list[Listed]:
    """The clocks whose outcome is not known yet, or may still turn out to have been saved."""
    table = at_risk.c
    late = and_(table.outcome == Outcome.MISSED.value, table.due_at > now - SETTLED_FOR)
    columns = table.measure, table.force, table.case_id, table.due_at, table.listed_at
    rows = conn.execute(select(*columns).where(or_(table.outcome == "", late)).order_by(*columns[:4]))
    return [Listed(*row) for row in rows]


def put_on(conn: Connection, clocks: Sequence[tuple[Clock, str]], now: datetime) -> int:
    """List the clocks (each with its channel) that are not on the list yet; returns how many."""
    table = at_risk.c
    known = {tuple(row) for row in conn.execute(select(table.measure, table.force, table.case_id, table.due_at))}
    new = [
        {"measure": clock.measure, "force": clock.force, "case_id": clock.case_id, "due_at": clock.due_at}
        | {"area": clock.area, "channel": channel, "listed_at": now}
        for clock, channel in clocks
        if (*clock.case, clock.due_at) not in known
    ]
    if new:
        conn.execute(insert(at_risk), new)
    return len(new)


def settle(conn: Connection, listed: Listed, outcome: Outcome, when: datetime) -> None:
    """Note what became of a clock and when; what is noted already stays."""
    table = at_risk.c
    this = and_(
        table.measure == listed.measure,
        table.force == listed.force,
        table.case_id == listed.case_id,
        table.due_at == listed.due_at,
    )
    values = {"outcome": outcome.value, "settled_at": when}
    conn.execute(update(at_risk).where(this, table.outcome != outcome.value).values(values))


def settled_since(conn: Connection, channel: str, since: datetime) -> list[Settled]:
    """The outcomes of a channel's clocks from this moment on."""
    table = at_risk.c
    asked = select(table.outcome, table.settled_at).where(table.channel == channel, table.settled_at >= since)
    return [Settled(*row) for row in conn.execute(asked)]


def channels_with_lists(conn: Connection) -> list[str]:
    """The channels that ever had a list."""
    table = announcements.c
    return list(conn.scalars(select(table.channel).where(table.kind == KIND, table.payload != "").distinct()))


def standing_list(conn: Connection, channel: str) -> Row[Any] | None:
    """The channel's newest list; None where there is none, or somebody deleted it in Slack."""
    table = announcements.c
    lists = select(announcements).where(table.channel == channel, table.kind == KIND, table.payload != "")
    newest = conn.execute(lists.order_by(table.created_at.desc(), table.key).limit(1)).first()
    return None if newest is not None and "message_not_found" in newest.last_error else newest


def begin_list(conn: Connection, channel: str, message: Message, now: datetime) -> None:
    """Lay down a new list; what is said of it is what it says when it is posted."""
    lay_down(conn, [message_row(channel, message)], now)


def rewrite_list(conn: Connection, channel: str, message: Message) -> bool:
    """Let the channel's list of this message's key say this; `push_edits` then tells Slack. Whether it is news."""
    table = announcements.c
    payload = message.as_json()
    this = and_(table.key == f"{channel}/{message.key}", table.payload != payload)
    # What nobody has begun to post yet is posted as it now reads.
    changed = {"payload": payload, "edit_due": table.attempts > 0}
    return conn.execute(update(announcements).where(this).values(changed)).rowcount == 1
