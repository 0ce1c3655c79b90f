"""The wording of what is no news of a promise: the end of a silence, and failures of the pipeline. Pure.

A sentence of an error is said without anything it may quote from what was delivered.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime

from connectors.slack.blocks import Line, Message
from connectors.slack.blocks import message as in_blocks
from connectors.slack.phrases import counted, day, without_values

OPERATIONS = "operations"
SENTENCE_LIMIT = 600


def silence_ended(key: str, silence_id: str, count: int, since: datetime, early: bool) -> Message:
    """A channel hears again what a silence muted; `count` announcements of it were not said here."""
    muted = f"{counted(count, 'announcement')} {'was' if count == 1 else 'were'} not said" if count else "It muted none"
    how = "ended early" if early else "has expired"
    what = "What is still wrong is announced by the next run that finds it."
    lines = [
        Line(
            "silence",
            f"Silence {silence_id} {how}",
            f"in force since {day(since.date())}. {muted} in this channel. {what}",
        )
    ]
    return in_blocks("silence_ended", key, f"A silence is over: {muted[0].lower()}{muted[1:]}", lines, [], "")


def failure(key: str, what: str, sentence: str, run: str) -> Message:
    """A part of the pipeline failed: `what` in a few words, `sentence` as the product says its errors."""
    lines = [Line("failure", what, without_values(sentence), limit=SENTENCE_LIMIT)]
    return in_blocks(OPERATIONS, key, f"Pipeline: {what}", lines, [f"Run {run}."] if run else [], "")


def digest_absent(key: str, local_day: date, by: str, why: str) -> Message:
    """The digest of a day is not in its channel."""
    rest = f"Until it is, nobody knows whether a promise was missed. {why}"
    lines = [Line("absent", f"No digest of {day(local_day)} by {by}", rest, limit=SENTENCE_LIMIT)]
    return in_blocks(OPERATIONS, key, f"Pipeline: the digest of {day(local_day)} is absent", lines, [], "")


def part(name: str) -> str:
    """A name as a part of a key, which travels to Slack: what is no plain word stands as its hash."""
    return name if re.fullmatch(r"[A-Za-z0-9_.:+-]{1,80}", name) else hashlib.sha256(name.encode()).hexdigest()[:12]
