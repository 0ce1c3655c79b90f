"""What waits for an answer, taken from the store, and the reminder that should be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, case, func, select

from checks.reminding import ACKNOWLEDGE, EXPLAIN, Due, Waiting, due, owes_explanation, read_patience
from connectors.settings import Settings, variable
from connectors.slack.answers import Subject, subjects
from connectors.slack.blocks import Message
from connectors.slack.reminder import reminder
from connectors.store import explaining
from connectors.store.moment import Moment
from connectors.store.tables import announcements, breaches, runs

Place = tuple[str, str, date]


def reminders(conn: Connection, settings: Settings, as_at: datetime, channel: str = "") -> list[Due]:
    """What should be reminded of, or escalated, as at this moment; '' = the alerts of every channel.

    Raises UsageError when PLEDGE_SLACK_REMINDERS cannot be read.
    """
    patience = read_patience(settings.slack_reminders, variable("slack_reminders"))
    told = _announced(conn, as_at, channel)
    return due([*_unseen(conn, told), *_unexplained(conn, told if channel else None)], patience, as_at)


def reminder_message(
    conn: Connection, settings: Settings, as_at: datetime, zone: str, channel: str = "", link: str = ""
) -> Message | None:
    """The reminder of a channel and local day for the announce step to say once; None where nothing is due."""
    local_day = as_at.astimezone(ZoneInfo(zone)).date()
    return reminder(reminders(conn, settings, as_at, channel), local_day, settings.slack_escalation, link)


def _announced(conn: Connection, as_at: datetime, channel: str) -> dict[Place, datetime]:
    """What was announced with buttons, and when first. Reminders are no news of their own."""
    sent = select(announcements).where(announcements.c.state == "sent", announcements.c.sent_at <= as_at)
    if channel:
        sent = sent.where(announcements.c.channel == channel)
    told: dict[Place, datetime] = {}
    for row in conn.execute(sent.where(announcements.c.kind != "reminder").order_by(announcements.c.sent_at)):
        for subject in said_in(row.kind, row.payload):
            told.setdefault(subject.place, row.sent_at)
    return told


def said_in(kind: str, payload: str) -> list[Subject]:
    """The lines of an announcement that can be answered."""
    return subjects(Message.from_json(kind, "", payload).blocks) if payload else []


def _unseen(conn: Connection, told: dict[Place, datetime]) -> Iterator[Waiting]:
    """Announced, and neither acknowledged nor explained; what was withdrawn or answered case by case waits no more."""
    answered = explaining.answers(conn, told)
    still_open = {(measure, force, day): count for measure, force, day, _, count, _ in conn.execute(_by_day())}
    for place, sent_at in told.items():
        # A share has no cases: it stands in no register, and waits until it is answered as a whole.
        if place not in answered and still_open.get(place, 1):
            yield Waiting(ACKNOWLEDGE, *place, since=sent_at, count=still_open.get(place, 0))


def _unexplained(conn: Connection, told: dict[Place, datetime] | None) -> Iterator[Waiting]:
    """Broken promises owed an explanation and without one, from the moment they were broken."""
    waiting = _by_day().where(breaches.c.status.in_(("open", "acknowledged")), breaches.c.local_day.is_not(None))
    for measure, force, day, total, _, since in conn.execute(waiting):
        if owes_explanation(measure) and (told is None or (measure, force, day) in told):
            yield Waiting(EXPLAIN, measure, force, day, since, total)


def _by_day() -> Select[Any]:
    """(measure, force, day, breaches, open ones, broken since when) of every day with breaches, withdrawn ones too."""
    place = (breaches.c.measure, breaches.c.force, breaches.c.local_day)
    still_open = func.count(case((breaches.c.status == "open", 1)))
    since = func.min(func.coalesce(breaches.c.due_at, runs.c.as_at), type_=Moment)
    counted = select(*place, func.count(), still_open, since)
    return counted.join(runs, runs.c.run_id == breaches.c.opened_run).group_by(*place)
