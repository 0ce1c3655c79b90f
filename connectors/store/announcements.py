"""What was said, and what must still be said: a row each, claimed before the post and marked after it.

A key is said once in a channel, whatever crashes, retries or runs in parallel. Whoever takes over a row that
was tried before looks for the message in the channel first. `attempts` counts the claims; a claimer writes
only while the count is still its own, so that one who was overtaken changes nothing.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, and_, or_, select, update
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
    claim = _claim_new(engine, key, channel, message, now) or _take_over(engine, key, now)
    if claim is None:
        with engine.connect() as conn:
            return str(conn.scalar(select(announcements.c.state).where(announcements.c.key == key)))
    return _say(engine, slack, claim, message, now)[0]


def resend_unsent(engine: Engine, slack: Slack, now: datetime) -> Counter[str]:
    """Say what could not be said, oldest first, until Slack does not answer; counts the states reached."""
    table, states = announcements.c, Counter[str]()
    unsent = select(table.key).where(_free(now)).order_by(table.created_at, table.key)
    with engine.connect() as conn:
        keys = conn.scalars(unsent).all()
    for key in keys:
        claim = _take_over(engine, key, now)
        if claim is None:
            continue
        message = Message.from_json(claim.kind, key.removeprefix(f"{claim.channel}/"), claim.payload)
        state, failure = _say(engine, slack, claim, message, now)
        states[state] += 1
        if isinstance(failure, NotAnsweringError):
            break
    return states


def _free(now: datetime) -> Any:
    """Rows that anybody may claim: failed ones, and claims of a process that crashed."""
    table = announcements.c
    return or_(table.state == "failed", and_(table.state == "claimed", table.claimed_at < now - CLAIM_EXPIRES))


def _claim_new(engine: Engine, key: str, channel: str, message: Message, now: datetime) -> Row[Any] | None:
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    row = {
        "announcement_id": str(uuid.uuid4()),
        "key": key,
        "kind": message.kind,
        "channel": channel,
        "state": "claimed",
        "payload": message.as_json(),
        "attempts": 1,
        "created_at": now,
        "claimed_at": now,
    }
    statement = insert(announcements).values(row).on_conflict_do_nothing().returning(*announcements.c)
    with engine.begin() as conn:
        return conn.execute(statement).first()


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
        ts = None
        if claim.attempts > 1:
            ts = slack.find(claim.channel, message.key, since=claim.created_at - LOOK_BACK)
        if ts is None and not _write(engine, claim, payload=message.as_json()):
            return "claimed", None  # overtaken while looking: the other one says it
        ts = ts or slack.post(claim.channel, message)
    except PledgeError as failure:
        log.warning("announcement %s not sent: %s", claim.key, failure)
        _write(engine, claim, state="failed", last_error=str(failure))
        return "failed", failure
    _write(engine, claim, state="sent", slack_ts=ts, sent_at=now)
    return "sent", None


def _write(engine: Engine, claim: Row[Any], **values: Any) -> bool:
    """Change the claimed row; False when somebody else has claimed it since."""
    table = announcements.c
    ours = and_(table.announcement_id == claim.announcement_id, table.attempts == claim.attempts)
    statement = update(announcements).where(ours, table.state == "claimed").values(**values)
    with engine.begin() as conn:
        return conn.execute(statement).rowcount == 1
