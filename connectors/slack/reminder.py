"""The wording of a reminder: one message per channel, counts and references only. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from checks.reminding import ACKNOWLEDGE, ESCALATION, Due
from connectors.slack.answers import Subject, buttons
from connectors.slack.blocks import Line, Message
from connectors.slack.blocks import message as in_blocks
from connectors.slack.phrases import counted

LINES = 10
_DONE = {ACKNOWLEDGE: "acknowledged", "explain": "explained"}


def reminder(due: Sequence[Due], local_day: date, escalate_to: str = "", link: str = "") -> Message | None:
    """The reminder of a channel and day, None where nothing is due.

    Args:
        escalate_to: ID of the user group that is mentioned when something is escalated.
    """
    if not due:
        return None
    shown = due if len(due) <= LINES else due[: LINES - 1]
    lines = [_line(one) for one in shown]
    if left := len(due) - len(shown):
        lines.append(Line("left_out", f"… and {left:,} more", "See pledge alerts."))
    key = f"reminder/{local_day}"
    below = ["Press a button, or: pledge acknowledge, pledge explain (--measure --force --day)."]
    said = in_blocks("reminder", key, _headline(due), lines, below, link)
    blocks: list[dict[str, Any]] = [said.blocks[0], *_called(due, escalate_to)]
    for position, block in enumerate(said.blocks[1:]):
        blocks.append(block)
        if position < len(shown):
            one = shown[position].waiting
            blocks.append(buttons(Subject(one.measure, one.force, one.day, key), one.what == ACKNOWLEDGE))
    return replace(said, blocks=tuple(blocks))


def _headline(due: Sequence[Due]) -> str:
    escalated = sum(one.level == ESCALATION for one in due)
    also = f", {escalated:,} of them far too long" if escalated else ""
    return f"{counted(len(due), 'alert')} without an answer{also}. Oldest: {_age(max(one.age for one in due))}"


def _line(due: Due) -> Line:
    one = due.waiting
    subject = Subject(one.measure, one.force, one.day).in_words
    cases = f" {counted(one.count, 'case')} of that day." if one.count else ""
    level = "Escalated" if due.level == ESCALATION else "Waiting"
    return Line(due.level, f"{level} – {subject}", f"not {_DONE[one.what]} for {_age(due.age)}.{cases}")


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return counted(hours, "hour") if hours < 48 else counted(hours // 24, "day")


def _called(due: Sequence[Due], group: str) -> list[dict[str, Any]]:
    """Who is called when something is escalated."""
    if not re.fullmatch(r"S[A-Z0-9]{2,30}", group) or all(one.level != ESCALATION for one in due):
        return []
    text = f"<!subteam^{group}>: the escalated lines need you."
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}]
