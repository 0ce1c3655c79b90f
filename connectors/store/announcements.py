"""What was said, and what must still be said: a row each, claimed before the post and marked after it.

A key is said once in a channel, whatever crashes, retries or runs in parallel. Whoever claims a row looks for the
message in the channel first: among the newest, because a store restored from an older copy has forgotten what was said
since; of a row that was tried before, in all since it was laid down. `attempts` counts the claims; a claimer writes
only while the count is still its own, so that one who was overtaken changes nothing.

A decision that is a line of a message (`said_in`) has its message's state. A reply follows `thread_of`. What has a
`not_before` is held until then.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from checks.errors import NotAnsweringError, PledgeError
from connectors.slack.blocks import Message
from connectors.slack.send import Slack
from connectors.store.tables import announcements

CLAIM_EXPIRES = timedelta(minutes=15)
"""Longer than a post can last with all its tries; after it the claimer counts as crashed."""
LOOK_BACK = timedelta(days=1)
"""How far before the row's creation the channel is searched: the store's clock need not be Slack's."""

log = logging.getLogger(__name__)


def announce(engine: Engine, slack: Slack, channel: str, message: Message, now: datetime) -> str:
    """Say a message in a channel unless its key was said there before; never raises because of Slack.

    Args:
        channel: the channel's ID.
        message: its `key` names the announcement; a wording that was not said yet is replaced by this one.
        now: the time of the clock (not the run's as_at), timezone-aware; claims age by it.

    Returns:
        The row's state afterwards: `sent`, `failed` (see `last_error`; a later `resend_unsent` says it),
        `claimed` (another process is saying it now) or `suppressed`.
    """
    key = f"{channel}/{message.key}"
    with engine.begin() as conn:
        lay_down(conn, [message_row(channel, message)], now)
    claim = _take_over(engine, key, now)
    if claim is None:
        with engine.connect() as conn:
            return str(conn.scalar(select(announcements.c.state).where(announcements.c.key == key)))
    return _say(engine, slack, claim, message, now)[0]


def message_row(channel: str, message: Message, **about: Any) -> dict[str, Any]:
    """The row of a message that is still to be said; `about` are further columns."""
    said = {"kind": message.kind, "channel": channel, "payload": message.as_json()}
    return {"key": f"{channel}/{message.key}", "state": "claimed", **said, **about}


def lay_down(conn: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Add the rows whose key is not there yet; returns how many. They are said in the order given."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    added = 0
    for place, row in enumerate(rows):
        created = {"announcement_id": str(uuid.uuid4()), "created_at": now + timedelta(microseconds=place)}
        statement = insert(announcements).values({**created, **row}).on_conflict_do_nothing()
        added += conn.execute(statement).rowcount
    return added


def resend_unsent(engine: Engine, slack: Slack, now: datetime) -> Counter[str]:
    """Say what is still to be said, oldest first, until Slack does not answer; counts the states reached.

    A channel in which another process is saying something now is left to it: its messages stay in order, and it
    looks again for more when it has finished.
    """
    states, tried = Counter[str](), set[str]()
    while True:
        waiting = [row for row in _unsent(engine, now) if row.key not in tried]
        if not waiting:
            return states
        busy: set[str] = set()
        for row in waiting:
            claim = None if row.channel in busy or not row.is_free else _take_over(engine, row.key, now)
            if claim is None:
                busy.add(row.channel)
                continue
            tried.add(row.key)
            message = Message.from_json(claim.kind, row.key.removeprefix(f"{claim.channel}/"), claim.payload)
            state, failure = _say(engine, slack, claim, message, now)
            states[state] += 1
            if isinstance(failure, NotAnsweringError):
                return states
        if not tried.intersection(row.key for row in waiting):
            return states


def _unsent(engine: Engine, now: datetime) -> Sequence[Any]:
    """What is still to be said, oldest first: messages, and replies to those that were said."""
    table, parent = announcements.c, announcements.alias()
    stands = select(parent.c.key).where(parent.c.key == table.thread_of, parent.c.state == "sent")
    unsent = and_(table.state.in_(("failed", "claimed")), table.said_in == "", table.payload != "")
    chosen = select(table.key, table.channel, case((_free(now), 1), else_=0).label("is_free")).where(
        unsent, _due(now), or_(table.thread_of == "", stands.exists())
    )
    with engine.connect() as conn:
        conn.execution_options(reading=True)
        return conn.execute(chosen.order_by(table.created_at, table.key)).all()


def _free(now: datetime) -> Any:
    """Rows that anybody may claim: new ones, failed ones, and claims of a process that crashed."""
    table = announcements.c
    abandoned = or_(
        table.claimed_at.is_(None),
        table.claimed_at < now - CLAIM_EXPIRES,
        table.claimed_at > now + CLAIM_EXPIRES,  # claimed while the clock was ahead, which has been put right since
    )
    return and_(table.said_in == "", _due(now), or_(table.state == "failed", and_(table.state == "claimed", abandoned)))


def _due(now: datetime) -> Any:
    return or_(announcements.c.not_before.is_(None), announcements.c.not_before <= now)


def _take_over(engine: Engine, key: str, now: datetime) -> Row[Any] | None:
    """Claim a row that is free, in one statement: of several processes one gets it."""
    table = announcements.c
    claimed = {"state": "claimed", "claimed_at": now, "attempts": table.attempts + 1}
    statement = update(announcements).where(table.key == key, _free(now)).values(claimed).returning(*table)
    with engine.begin() as conn:
        return conn.execute(statement).first()


def _say(
    engine: Engine, slack: Slack, claim: Row[Any], message: Message, now: datetime
) -> tuple[str, PledgeError | None]:
    """Post under this claim and mark the row; gives the state and the error that kept it from being said."""
    try:
        thread = _thread_ts(engine, claim)
        since = min(claim.created_at, now) - LOOK_BACK  # a clock that was ahead may have been put right since
        ts = slack.find(claim.channel, message.key, since if claim.attempts > 1 else None, thread)
        if ts is None and not _write(engine, claim, **_newest(claim, message, now)):
            return "claimed", None  # overtaken while looking: the other one says it
        ts = ts or slack.post(claim.channel, message, thread)
    except PledgeError as failure:
        log.warning("announcement %s not sent: %s", claim.key, failure)
        _write(engine, claim, state="failed", last_error=str(failure))
        return "failed", failure
    _write(engine, claim, state="sent", slack_ts=ts, sent_at=now, last_error="")
    return "sent", None


def _newest(claim: Row[Any], message: Message, now: datetime) -> dict[str, Any]:
    """What is noted just before a post: the wording, where it is another one than the row's."""
    said = message.as_json()
    return {"claimed_at": now} if said == claim.payload else {"claimed_at": now, "payload": said}


def _thread_ts(engine: Engine, claim: Row[Any]) -> str:
    """The `ts` of the message in whose thread this one belongs, or ''."""
    if not claim.thread_of:
        return ""
    with engine.connect() as conn:
        conn.execution_options(reading=True)
        return str(conn.scalar(select(announcements.c.slack_ts).where(announcements.c.key == claim.thread_of)))


def _write(engine: Engine, claim: Row[Any], **values: Any) -> bool:
    """Change the claimed row, and with its state the lines it carries; False when somebody else has claimed it."""
    table = announcements.c
    ours = and_(table.announcement_id == claim.announcement_id, table.attempts == claim.attempts)
    statement = update(announcements).where(ours, table.state == "claimed").values(**values)
    with engine.begin() as conn:
        done = conn.execute(statement).rowcount == 1
        if done and "state" in values:
            carried = and_(table.said_in == claim.key, table.state.in_(("claimed", "failed")))
            conn.execute(update(announcements).where(carried).values(**values, attempts=claim.attempts))
    return done
