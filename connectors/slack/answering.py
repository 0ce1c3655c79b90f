"""What is done with a button pressed or a form submitted: who may, what is recorded, what the message shows then.

Everything said to the person is theirs alone (ephemeral, or in the form). No words of anybody go into a log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from checks.errors import NotAnsweringError, PledgeError, UsageError
from connectors.slack.answers import (
    ACKNOWLEDGE,
    EXPLAIN,
    REASON,
    TEXT,
    Subject,
    answered,
    answered_text,
    filled_in,
    form,
    subjects,
)
from connectors.slack.blocks import Message
from connectors.slack.send import Slack
from connectors.store import explaining
from connectors.store.engine import reading
from connectors.store.tables import announcements

log = logging.getLogger(__name__)
Payload = Mapping[str, Any]
T = TypeVar("T")
REMEMBERED = 60.0
"""Seconds for which a user group's members are remembered; who leaves may answer that long."""
TRUSTED = 900.0
"""Seconds for which they are trusted while Slack does not say."""
SHOWN_FOR = timedelta(days=14)
"""How old a message may be to be brought up to date without being pressed."""
NOT_SET = "Nobody may answer yet: PLEDGE_SLACK_ANSWERERS names no user group."
NOT_YOU = "Only members of the groups that answer for this force may do that; your administrator can add you."
NOT_TOLD = "Slack does not say who may answer just now. Try again in a minute."
NOT_OPENED = "The form could not be opened in time. Press Explain again."
BUSY = "Not recorded yet: the store is busy or does not answer. Your words are still here; press Record again."


class Members:
    """The members of some user groups, remembered for a short while."""

    def __init__(self, slack: Slack, groups: tuple[str, ...]) -> None:
        self._slack, self._groups = slack, groups
        self._users: frozenset[str] = frozenset()
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def refusal(self, user: str) -> str:
        """Why this user may not answer; '' if they may."""
        if not self._groups:
            return NOT_SET
        try:
            return "" if user in self._known() else NOT_YOU
        except PledgeError as failure:
            log.warning("who may answer is not known: %s", failure)
            return NOT_TOLD

    def _known(self) -> frozenset[str]:
        with self._lock:
            age = time.monotonic() - self._asked_at
            if age < REMEMBERED:
                return self._users
            try:
                lists = [self._slack.ask("usergroups.users.list", {"usergroup": group}) for group in self._groups]
            except NotAnsweringError:
                if age < TRUSTED:
                    return self._users
                raise
            self._users = frozenset(str(user) for each in lists for user in each.get("users", ()))
            self._asked_at = time.monotonic()
            return self._users


class Answering:
    """Carries out what people ask for.

    Args:
        groups: IDs of the user groups whose members may answer.
        now: the clock, timezone-aware.
        patience: seconds for which a store or a Slack that does not answer is tried again.
        stopping: set when the process is asked to end; then nothing is tried again.
    """

    def __init__(
        self,
        engine: Engine,
        slack: Slack,
        groups: tuple[str, ...],
        now: Callable[[], datetime],
        stopping: threading.Event,
        patience: float = 120,
    ) -> None:
        self._engine, self._slack, self._now = engine, slack, now
        self._members = Members(slack, groups)
        self._stopping, self._patience = stopping, patience
        self._editing = threading.Lock()
        self._shown: dict[tuple[str, str], Any] = {}

    def pressed(self, payload: Payload) -> None:
        """A button was pressed; the envelope has been answered already."""
        user, channel, ts = _who_where(payload)
        for action in payload.get("actions", ()):
            subject = Subject.of(action.get("value"))
            if subject is None or action.get("action_id") not in (ACKNOWLEDGE, EXPLAIN):
                continue
            try:
                if refusal := self._members.refusal(user):
                    self._whisper(channel, user, refusal)
                elif action["action_id"] == EXPLAIN:
                    self._open_form(payload, subject, channel, ts)
                else:
                    self._patiently(partial(self._acknowledge, subject, user))
                    self.show(channel, ts, payload.get("message") or {})
            except (PledgeError, DBAPIError) as failure:
                said = str(failure) if isinstance(failure, UsageError) else "It was not recorded. Press again later."
                log.warning("an answer was not taken (%s)", type(failure).__name__)
                self._whisper(channel, user, said)

    def submitted(self, payload: Payload) -> dict[str, str]:
        """A form was submitted: record it; returns what is wrong with it by field, empty where it is recorded."""
        user = str(payload.get("user", {}).get("id", ""))
        subject, reason, text, _, _ = filled_in(payload["view"])
        if refusal := self._members.refusal(user):
            return {TEXT: refusal}
        if subject is None:
            return {TEXT: "This form is out of date. Close it and press Explain again."}
        try:
            self._patiently(lambda: self._explain(subject, reason, text, user))
        except UsageError as wrong:
            field = REASON if wrong.where == "reason" else TEXT
            return {field: f"{wrong.found}; {wrong.expected}. {wrong.do}"[:2000]}
        except (PledgeError, DBAPIError) as failure:
            log.warning("an explanation was not recorded (%s)", type(failure).__name__)
            return {TEXT: BUSY}
        return {}

    def show_submitted(self, payload: Payload) -> None:
        """Show in the message what a form has recorded."""
        _, _, _, channel, ts = filled_in(payload["view"])
        self.show(channel, ts, {})

    def show(self, channel: str, ts: str, as_seen: Payload) -> None:
        """Edit the message so that it shows its answers; starts from what the store says was said."""
        try:
            self._patiently(lambda: self._edit(channel, ts, as_seen))
        except (PledgeError, DBAPIError) as failure:
            log.warning("a message does not show its answers yet (%s)", type(failure).__name__)

    def catch_up(self) -> None:
        """Show what was answered at the command, or was not shown because something did not answer or crashed."""
        sent = select(announcements).where(announcements.c.state == "sent", announcements.c.slack_ts != "")
        try:
            with reading(self._engine) as conn:
                rows = conn.execute(sent.where(announcements.c.sent_at >= self._now() - SHOWN_FOR)).all()
            for row in rows:
                if row.payload and subjects(Message.from_json(row.kind, "", row.payload).blocks):
                    self._edit(row.channel, row.slack_ts, {})
        except (PledgeError, DBAPIError) as failure:
            log.warning("messages do not show all answers yet (%s)", type(failure).__name__)

    def _edit(self, channel: str, ts: str, as_seen: Payload) -> None:
        with self._editing:  # what is read last is shown last
            with reading(self._engine) as conn:
                row = conn.execute(
                    select(announcements).where(announcements.c.channel == channel, announcements.c.slack_ts == ts)
                ).first()
                said = _as_said(row) if row else (str(as_seen.get("text", "")), tuple(as_seen.get("blocks", ())), None)
                text, blocks, metadata = said
                answers = explaining.answers(conn, [one.place for one in subjects(blocks)])
            if not answers or self._shown.get((channel, ts)) == (text, blocks, answers):
                return
            body: dict[str, Any] = {"channel": channel, "ts": ts, "text": answered_text(text, answers.values())}
            body |= {"blocks": list(answered(blocks, answers)), **({"metadata": metadata} if metadata else {})}
            try:
                self._slack.ask("chat.update", body)
            except UsageError as refused:  # deleted, or no longer ours: trying again cannot help
                log.warning("a message cannot be edited: %s", refused)
            self._shown[channel, ts] = (text, blocks, answers)

    def _open_form(self, payload: Payload, subject: Subject, channel: str, ts: str) -> None:
        view = form(subject, channel, ts)
        try:
            self._slack.ask("views.open", {"trigger_id": payload.get("trigger_id", ""), "view": view})
        except PledgeError as failure:  # Slack takes it for three seconds only
            log.warning("a form was not opened: %s", failure)
            self._whisper(channel, _who_where(payload)[0], NOT_OPENED)

    def _acknowledge(self, subject: Subject, user: str) -> None:
        with self._engine.begin() as conn:
            explaining.acknowledge(conn, subject.scope, user, self._now(), "slack")

    def _explain(self, subject: Subject, reason: str, text: str, user: str) -> None:
        with self._engine.begin() as conn:
            explaining.explain(conn, subject.scope, reason, text, user, self._now(), "slack")

    def _whisper(self, channel: str, user: str, text: str) -> None:
        try:
            self._slack.ask("chat.postEphemeral", {"channel": channel, "user": user, "text": text})
        except PledgeError as failure:
            log.warning("somebody could not be told: %s", failure)

    def _patiently(self, act: Callable[[], T]) -> T:
        """Act, again and again while the store or Slack does not answer, until patience or the process ends."""
        until, pause = time.monotonic() + self._patience, 0.5
        while True:
            try:
                return act()
            except (NotAnsweringError, DBAPIError):
                if time.monotonic() + pause > until or self._stopping.wait(pause):
                    raise
                pause = min(pause * 2, 15)


def _who_where(payload: Payload) -> tuple[str, str, str]:
    held = payload.get("container", {})
    channel = payload.get("channel", {}).get("id") or held.get("channel_id", "")
    ts = held.get("message_ts") or payload.get("message", {}).get("ts", "")
    return str(payload.get("user", {}).get("id", "")), str(channel), str(ts)


def _as_said(row: Any) -> tuple[str, tuple[dict[str, Any], ...], dict[str, Any]]:
    said = Message.from_json(row.kind, row.key.removeprefix(f"{row.channel}/"), row.payload)
    return said.text, said.blocks, said.metadata
