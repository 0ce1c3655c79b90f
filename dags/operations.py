"""What operations are told, never a channel of promises: that the pipeline failed, that the digest is absent. Also
what falls due by the clock alone: held messages, and the end of a silence.

Nothing here raises because of Slack: what could not be said stays in the store and is said by the next who looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from checks.errors import PledgeError
from checks.silencing import over
from connectors.settings import Settings
from connectors.slack import notices
from connectors.slack.blocks import Message
from connectors.slack.send import Slack
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store import decisions, silences
from connectors.store.announcements import announce, lay_down, message_row, resend_unsent
from connectors.store.engine import lock_slice, open_store, reading
from connectors.store.tables import announcements

DUE_AT = (6, 30)
"""The local time by which the digest of the day before has been said."""
LOOK_BACK = timedelta(days=1)
BEFORE_THE_NEWS = timedelta(milliseconds=1)
log = logging.getLogger("pledge")


def tell(settings: Settings, message: Message, now: datetime) -> str:
    """Say a message in the operations channel, once by its key; returns its state, '' where there is no channel.

    The store being away is what operations most need to hear of: then it is said without being remembered.
    """
    channel = settings.slack_operations_channel
    if not (channel and settings.slack_token):
        return ""
    try:
        slack = Slack(settings.slack_token, settings.slack_url)
        try:
            return announce(open_store(settings.store), slack, channel, message, now)
        except PledgeError as failure:
            log.warning("%s", failure)
            if slack.find(channel, message.key, now - LOOK_BACK) is None:
                slack.post(channel, message)
            return "sent"
    except PledgeError as failure:
        log.warning("operations were not told: %s", failure)
        return "failed"


def run_failed(settings: Settings, run: str, what: str, error: BaseException, now: datetime) -> str:
    """Tell operations once per run and part of it: the sentence of our own error, else the class of the exception."""
    key = f"{notices.OPERATIONS}/failed/{notices.part(run)}/{notices.part(what)}"
    return tell(settings, notices.failure(key, what, sentence_of(error), run), now)


def sentence_of(error: BaseException) -> str:
    """What may be said of an exception: only our own sentences are known to hold no value."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PledgeError):
            return str(cause)
        cause = cause.__cause__
    return f"{type(error).__name__}; the log of the task has the rest."


def digest_absent(settings: Settings, now: datetime, say: Callable[[str], None] = log.info) -> bool:
    """Is the digest of yesterday (local) not said although it is after 06:30? If so operations are told, once a day."""
    if not (settings.slack_token and settings.slack_channel):
        say("Slack is not set up (PLEDGE_SLACK_TOKEN, PLEDGE_SLACK_CHANNEL); no digest is due.")
        return False
    local = now.astimezone(ZoneInfo(DEFAULT_ZONE))
    by, local_day = f"{DUE_AT[0]:02}:{DUE_AT[1]:02}", local.date() - timedelta(days=1)
    if (local.hour, local.minute) < DUE_AT:
        say(f"The digest of {local_day} is due by {by}.")
        return False
    why = _why_absent(settings, local_day)
    if not why:
        say(f"The digest of {local_day} was said.")
        return False
    key = f"{notices.OPERATIONS}/digest_absent/{local_day}"
    state = tell(settings, notices.digest_absent(key, local_day, by, why), now)
    told = f"Operations: {state}." if state else "Nobody is told: PLEDGE_SLACK_OPERATIONS_CHANNEL is not set."
    say(f"The digest of {local_day} was not said by {by}. {why} {told}")
    return True


def check_digest(settings: Settings, now: datetime, say: Callable[[str], None] = log.info) -> bool:
    """Say what is still to be said, then look whether the digest is absent."""
    try:
        say_due(settings, now)
    except PledgeError as failure:  # the alert that follows tells of it
        say(str(failure))
    return digest_absent(settings, now, say)


def _why_absent(settings: Settings, local_day: date) -> str:
    """'' when it was said."""
    key = f"{settings.slack_channel}/digest/{local_day}"
    try:
        with reading(open_store(settings.store)) as conn:
            state = conn.scalar(select(announcements.c.state).where(announcements.c.key == key))
    except PledgeError as failure:
        return str(failure)
    if state is None:
        return "No run has got as far as announcing it: look at the nightly run."
    return "" if state == "sent" else "It is laid down, but Slack has not taken it: look at pledge settings and Slack."


def say_due(settings: Settings, now: datetime, slack: Slack | None = None) -> int:
    """Say what is due by the clock: messages whose quiet hours are over, ends of silences, what could not be said
    before; returns how many were sent."""
    if slack is None and not (settings.slack_token and settings.slack_channel):
        return 0
    engine = open_store(settings.store)
    slack = slack or Slack(settings.slack_token, settings.slack_url)
    with engine.begin() as conn:
        lock_slice(conn, "announcements")
        lay_down_ends(conn, settings, now)
    sent = resend_unsent(engine, slack, now)["sent"]
    decisions.push_edits(engine, slack)
    return sent


def lay_down_ends(conn: Connection, settings: Settings, now: datetime) -> int:
    """Add the message of every silence that is over, for each channel it muted, or else for the digest's."""
    ended = over(silences.standing(conn), now, silences.ends_announced(conn))
    if not ended:
        return 0
    muted = silences.muted(conn)
    rows: list[dict[str, Any]] = []
    for silence in ended:
        channels = muted[silence.silence_id].by_channel if silence.silence_id in muted else {settings.slack_channel: 0}
        key = silences.end_key(silence.silence_id)
        said = (message_row(to, notices.silence_ended(key, silence, n)) for to, n in sorted(channels.items()))
        rows.extend(said)
    return lay_down(conn, rows, now - BEFORE_THE_NEWS)
