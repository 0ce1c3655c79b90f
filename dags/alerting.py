"""The alerts of a night: decided and laid down in one transaction, then said; what could not be said is said later.

decide → a row for every decision, and the messages that tell them → post, reply, edit
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from checks.changes import Change, Kind, Reason, Silence
from connectors.settings import Settings
from connectors.slack.lines import revised_line
from connectors.slack.message import own_figures
from connectors.slack.night import Figure, Item, Told
from connectors.slack.night import Night as DigestNight
from connectors.slack.night_message import night_message, replies, thread_reply
from connectors.slack.send import Slack
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store import decisions, silences
from connectors.store.announcements import lay_down, message_row, resend_unsent
from connectors.store.engine import lock_slice, open_store
from connectors.store.tables import announcements
from dags import muting, observed
from dags.deciding import decided
from dags.operations import lay_down_ends
from dags.placing import Group, Placed, counted_by_silence, place, told_elsewhere
from dags.plan import Plan, chosen_standards
from dags.reminding import promise_channels, reminder_message
from dags.routing import Router
from dags.saying import night as digest_night


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
        lay_down_ends(conn, settings, now)
    states = resend_unsent(engine, slack, now)
    for state in ("sent", "failed"):
        observed.count(f"announcements_{state}", states[state])
    decisions.push_edits(engine, slack)
    with engine.connect() as conn:
        return str(conn.scalar(select(announcements.c.state).where(announcements.c.key == key)))


def decide_and_lay_down(conn: Connection, plan: Plan, settings: Settings, now: datetime) -> str:
    """Add a row for every decision of the run and for every message; returns the key of the day's digest."""
    standards = chosen_standards(settings, plan.standards)
    found = decided(conn, plan, settings, standards)
    quiet = [each for each in found if isinstance(each, Silence)]
    changes = [each for each in found if isinstance(each, Change)]
    known = decisions.said_changes(conn, changes)
    new = [change for change in changes if decisions.key_of(change) not in known]
    placed = place(new, Router(settings, now), silences.standing(conn), standards)
    placed = muting.muted(placed, muting.reasons(conn), now)
    night = digest_night(conn, plan, standards[0], DEFAULT_ZONE)
    rows: list[dict[str, Any]] = []
    still = _in_threads(conn, plan, placed, rows, now)
    told = [each for each in placed if not muting.is_muted(each)]
    messages = _messages(conn, night, told, still, quiet, plan, settings.slack_channel)
    muted = muting.rows(placed, plan.run_id)
    reminders = _reminder_rows(conn, plan, settings)
    lay_down(conn, [*messages, *rows, *muted, *reminders, *_silent_rows(quiet, plan)], now)
    return f"{settings.slack_channel}/digest/{night.local_day}"


def mute(conn: Connection, plan: Plan, settings: Settings, now: datetime) -> int:
    """Decide what a backfill changed and keep it unsaid, so that no later night says it; returns how much that is.

    Its changes count as decided unless a night before it was killed before it could tell of its own: those are told by
    the next night, which leaves out the backfill's.
    """
    standards = chosen_standards(settings, plan.standards)
    changes = [each for each in decided(conn, plan, settings, standards) if isinstance(each, Change)]
    known, why = decisions.said_changes(conn, changes), muting.reasons(conn)
    new = [each for each in changes if decisions.key_of(each) not in known and not each.promise.log]
    own = [change for change in new if muting.is_backfilled(change, why)]
    placed = muting.muted(place(own, Router(settings, now), (), standards), why, now)
    _in_threads(conn, plan, placed, [], now)
    rows = muting.rows(placed, plan.run_id)
    if len(own) == len(new) and decisions.has_undecided(conn, plan.run_id):
        told = {"kind": "digest", "channel": settings.slack_channel, "state": "suppressed"}
        about = {"reason": f"{muting.MUTED_BY}: {plan.reason}", "run_id": plan.run_id}
        rows.append({**told, **about, "key": f"{decisions.NOWHERE}/digest/backfill/{plan.run_id}"})
    lay_down(conn, rows, now)
    return len(placed)


def _messages(
    conn: Connection,
    night: DigestNight,
    placed: Sequence[Placed],
    still: Sequence[Placed],
    quiet: Sequence[Silence],
    plan: Plan,
    digest_channel: str,
) -> list[dict[str, Any]]:
    """The rows of the night's messages, the digest first: one for each channel and time at which it is said."""
    digest, in_threads = Group(digest_channel, None), {each.item.key for each in still}
    shown: dict[Group, list[Item]] = {digest: []}
    for each in placed:
        if not each.silence and each.item.key not in in_threads:
            shown.setdefault(each.group, []).append(each.item)
    rows: list[dict[str, Any]] = []
    for group in sorted(shown, key=lambda each: (each != digest, each.channel, each.held_until or plan.moment)):
        below = tuple(each.item for each in still if each.group == group)
        told = Told(night, tuple(shown[group]), below, is_digest=group == digest)
        if told.is_digest:
            told = _with_proof_of_life(told, quiet, placed, digest_channel)
        told = replace(told, number=_number(conn, told, group, rows))
        if told.items or (told.is_digest and told.number == 1):
            rows += _message_rows(told, group, plan)
    return rows


def _in_threads(
    conn: Connection, plan: Plan, placed: Sequence[Placed], rows: list[dict[str, Any]], now: datetime
) -> list[Placed]:
    """Revise the standing messages of what has changed; returns those changes that are said in their threads alone.

    A silence lets the end of an episode stand where it was announced, but nothing new be said.
    """
    still = []
    for each in placed:
        change = each.change
        if not change.closes and (change.kind is not Kind.STILL_MISSED or each.silence):
            continue
        standing = decisions.standing(conn, change.promise, change.since)
        for row in standing:
            line = revised_line(row.key, each.item)
            decisions.revise(conn, row.said_in or row.key, line)
            decisions.revise(conn, f"{row.said_in}/lines", line)  # where the message had no room for it
        if change.closes:
            decisions.resolve(conn, [row.key for row in standing], now)
        here = next((row for row in standing if row.channel == each.channel), None)
        if change.kind is Kind.STILL_MISSED and here is not None:
            still.append(each)
            rows.append(_reply_row(each, here.said_in or here.key, plan))
    return still


def _reply_row(placed: Placed, thread_of: str, plan: Plan) -> dict[str, Any]:
    channel, item = placed.channel, placed.item
    message = thread_reply(item.key.removeprefix(f"{channel}/"), item)
    about = decisions.row_of(item.change, plan.run_id, channel)
    return {**about, **message_row(channel, message, thread_of=thread_of, not_before=placed.held_until)}


def _with_proof_of_life(told: Told, quiet: Sequence[Silence], placed: Sequence[Placed], channel: str) -> Told:
    return replace(
        told,
        quiet=_quiet(told.night, quiet),
        silences=Counter(silence.reason for silence in quiet if not silence.promise.log),
        silenced=counted_by_silence(placed),
        elsewhere=told_elsewhere(placed, channel),
    )


def _number(conn: Connection, told: Told, group: Group, messages: Sequence[Mapping[str, Any]]) -> int:
    """How many messages of this day the channel has, and one: `…/2026-11-02`, `…/2026-11-02/2` and so on."""
    key = f"{group.channel}/{'digest' if told.is_digest else 'night'}/{told.night.local_day}"
    laid = {message["key"] for message in messages}
    number = 1
    while (name := key if number == 1 else f"{key}/{number}") in laid or decisions.said_keys(conn, [name]):
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


def _message_rows(told: Told, group: Group, plan: Plan) -> list[dict[str, Any]]:
    channel, message = group.channel, night_message(told)
    row = message_row(channel, message, run_id=plan.run_id, not_before=group.held_until)
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
