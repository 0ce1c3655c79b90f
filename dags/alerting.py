"""The alerts of a night: decided and laid down in one transaction, then said; what could not be said is said later.

decide → a row for every decision, and the messages that tell them → post, reply, edit
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from checks.changes import Change, Kind, Reason, Silence, Subject
from checks.commitment import measures
from checks.standard import Standard, rule_for
from connectors.settings import Settings
from connectors.slack.lines import revised_line
from connectors.slack.message import own_figures
from connectors.slack.night import Figure, Item, Told
from connectors.slack.night import Night as DigestNight
from connectors.slack.night_message import night_message, replies, thread_reply
from connectors.slack.send import Slack
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store import decisions
from connectors.store.announcements import lay_down, message_row, resend_unsent
from connectors.store.engine import lock_slice, open_store
from connectors.store.tables import announcements
from dags.deciding import decided
from dags.plan import Plan, chosen_standards
from dags.reminding import promise_channels, reminder_message
from dags.saying import night as digest_night


def channel_of(subject: Subject, settings: Settings) -> str:
    """The channel an announcement goes to."""
    # Until there are routes: what cannot be judged, and that it can be again, is told to those who mend the data.
    about_data = subject.kind is Kind.CANNOT_JUDGE or not subject.measure
    return (settings.slack_data_channel if about_data else "") or settings.slack_channel


def alert(plan: Plan, settings: Settings, now: datetime, slack: Slack | None = None) -> str:
    """Decide, remember and say the alerts of a run; returns the state of the day's digest.

    `slack` None = the one of the settings. Whatever happens to Slack or to this process, a run of the same night or
    of the next one ends what is unfinished.
    """
    engine = open_store(plan.store)
    slack = slack or Slack(settings.slack_token, settings.slack_url)
    with engine.begin() as conn:
        lock_slice(conn, "announcements")
        key = decide_and_lay_down(conn, plan, settings, now)
    resend_unsent(engine, slack, now)
    decisions.push_edits(engine, slack)
    with engine.connect() as conn:
        return str(conn.scalar(select(announcements.c.state).where(announcements.c.key == key)))


def decide_and_lay_down(conn: Connection, plan: Plan, settings: Settings, now: datetime) -> str:
    """Add a row for every decision of the run and for every message; returns the key of the day's digest."""
    standards = chosen_standards(settings, plan.standards)
    found = decided(conn, plan, settings, standards)
    silences = [each for each in found if isinstance(each, Silence)]
    items = _items([each for each in found if isinstance(each, Change)], settings, standards)
    known = decisions.said_keys(conn, [item.key for item in items])
    new = [item for item in items if item.key not in known]
    night = digest_night(conn, plan, standards[0], DEFAULT_ZONE)
    rows: list[dict[str, Any]] = []
    still = _in_threads(conn, plan, new, rows, now)
    shown: dict[str, list[Item]] = defaultdict(list)
    for item in new:
        if item not in still:
            shown[_channel(item)].append(item)
    messages: list[dict[str, Any]] = []
    for channel in [settings.slack_channel, *sorted(set(shown) - {settings.slack_channel})]:
        told = _told(conn, channel, night, shown[channel], still, silences, settings)
        if told is not None:
            messages += _message_rows(told, channel, plan)
    reminders = _reminder_rows(conn, plan, settings)
    lay_down(conn, [*messages, *rows, *reminders, *_silent_rows(silences, plan)], now)
    return f"{settings.slack_channel}/digest/{night.local_day}"


def _items(changes: Sequence[Change], settings: Settings, standards: Sequence[Standard]) -> list[Item]:
    named = {standard.name: standard for standard in standards}
    several = len({standard.title for standard in standards}) > 1
    found = []
    for change in changes:
        promise, known = change.promise, measures()
        key = f"{channel_of(change.subject, settings)}/{decisions.key_of(change)}"
        if promise.log:
            mutes = _mutes(promise.log, standards)
            found.append(Item(key, change, promise.log.replace("_", " "), mutes=mutes))
            continue
        standard = named[promise.standard]
        rule = rule_for(standard, promise.measure, promise.force, change.figure.period_start)
        limit, title = rule.limit_in_words if rule else "", standard.title if several else ""
        found.append(Item(key, change, known[promise.measure].title, limit, standard=title))
    return found


def _mutes(log: str, standards: Sequence[Standard]) -> tuple[str, ...]:
    """The titles of the measures that cannot be judged without this log."""
    judged = {rule.measure for standard in standards for rule in standard.rules}
    return tuple(m.title for m in measures().values() if log in m.logs and m.name in judged)


def _channel(item: Item) -> str:
    return item.key.partition("/")[0]


def _in_threads(
    conn: Connection, plan: Plan, new: Sequence[Item], rows: list[dict[str, Any]], now: datetime
) -> list[Item]:
    """Revise the standing messages of what has changed; returns those changes that are said in their threads alone."""
    still = []
    for item in new:
        change = item.change
        if change.kind is not Kind.STILL_MISSED and not change.closes:
            continue
        standing = decisions.standing(conn, change.promise, change.since)
        for row in standing:
            line = revised_line(row.key, item)
            decisions.revise(conn, row.said_in or row.key, line)
            decisions.revise(conn, f"{row.said_in}/lines", line)  # where the message had no room for it
        if change.closes:
            decisions.resolve(conn, [row.key for row in standing], now)
        here = next((row for row in standing if row.channel == _channel(item)), None)
        if change.kind is Kind.STILL_MISSED and here is not None:
            still.append(item)
            rows.append(_reply_row(item, here.said_in or here.key, plan))
    return still


def _reply_row(item: Item, thread_of: str, plan: Plan) -> dict[str, Any]:
    channel = _channel(item)
    message = thread_reply(item.key.removeprefix(f"{channel}/"), item)
    about = decisions.row_of(item.change, plan.run_id, channel)
    return {**about, **message_row(channel, message, thread_of=thread_of)}


def _told(
    conn: Connection,
    channel: str,
    night: DigestNight,
    items: Sequence[Item],
    still: Sequence[Item],
    silences: Sequence[Silence],
    settings: Settings,
) -> Told | None:
    """What the channel is told now; None when it was told before and there is nothing new."""
    is_digest = channel == settings.slack_channel
    of_channel = tuple(item for item in still if _channel(item) == channel)
    number = _messages_so_far(conn, f"{channel}/{'digest' if is_digest else 'night'}/{night.local_day}") + 1
    if not items and (number > 1 or not is_digest):
        return None
    if not is_digest:
        return Told(night, tuple(items), of_channel, is_digest=False, number=number)
    counts = Counter(silence.reason for silence in silences if not silence.promise.log)
    return Told(night, tuple(items), of_channel, _quiet(night, silences), counts, True, number)


def _messages_so_far(conn: Connection, key: str) -> int:
    """How many messages of this day the channel has: `…/2026-11-02`, `…/2026-11-02/2` and so on."""
    number = 0
    while decisions.said_keys(conn, [key if not number else f"{key}/{number + 1}"]):
        number += 1
    return number


_IN_DIGEST = {
    Reason.ORDINARY_VARIATION, Reason.STEADILY_BELOW, Reason.IMPROVING, Reason.MAY_BE_CHANCE, Reason.BELOW_MINIMUM_N,
    Reason.SAID_RECENTLY,
}  # fmt: skip


def _quiet(night: DigestNight, silences: Sequence[Silence]) -> tuple[tuple[Figure, Reason], ...]:
    """The misses of the day that did not alarm, and why."""
    why: Mapping[tuple[str, ...], Reason] = {
        (s.promise.measure, s.promise.force, s.promise.area): s.reason
        for s in silences
        if s.reason in _IN_DIGEST and s.promise.period == "day" and s.figure.period_start == night.local_day
    }
    own = own_figures(night.figures)
    return tuple((f, why[f.measure, f.force, f.area]) for f in own if (f.measure, f.force, f.area) in why)


def _message_rows(told: Told, channel: str, plan: Plan) -> list[dict[str, Any]]:
    message = night_message(told)
    row = message_row(channel, message, run_id=plan.run_id)
    lines = [decisions.row_of(item.change, plan.run_id, channel, said_in=row["key"]) for item in told.items]
    below = [message_row(channel, each, run_id=plan.run_id, thread_of=row["key"]) for each in replies(told)]
    return [row, *lines, *below]


def _reminder_rows(conn: Connection, plan: Plan, settings: Settings) -> list[dict[str, Any]]:
    """What waits too long for an answer, said once a day in each channel where it was announced."""
    rows = []
    for channel in promise_channels(conn):
        message = reminder_message(conn, settings, plan.moment, DEFAULT_ZONE, channel)
        rows += [message_row(channel, message, run_id=plan.run_id)] if message else []
    return rows


def _silent_rows(silences: Sequence[Silence], plan: Plan) -> list[dict[str, Any]]:
    return [decisions.row_of(silence, plan.run_id) for silence in silences if not silence.reason.is_routine]
