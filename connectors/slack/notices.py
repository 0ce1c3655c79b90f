"""The wording of what is no news of a promise: the end of a silence, and failures of the pipeline. Pure.

A sentence of an error is said without anything it may quote from what was delivered.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

from checks.silencing import StandingSilence
from connectors.slack.blocks import Line, Message, clipped
from connectors.slack.blocks import message as in_blocks
from connectors.slack.phrases import counted, day, without_values

OPERATIONS = "operations"
SENTENCE_LIMIT, ABOUT_LIMIT = 600, 200


def silence_ended(key: str, silence: StandingSilence, count: int) -> Message:
    """A channel hears again what a silence muted; `count` announcements of it were not said here.

    Who laid it down and why stays in the store.
    """
    said = f"{counted(count, 'announcement')} {'was' if count == 1 else 'were'} not said in this channel"
    muted = said if count else "It muted nothing"
    lead = f"Silence {silence.silence_id} {'ended early' if silence.over_at < silence.ends_at else 'has expired'}"
    about = clipped(without_values(str(silence.matcher)), ABOUT_LIMIT)
    what = f"It was in force since {day(silence.starts_at.date())}, for {about}. {muted}."
    next_ = "What is still wrong is announced by the next run that finds it."
    lines = [Line("silence", lead, f"{what} {next_}", limit=SENTENCE_LIMIT)]
    return in_blocks("silence_ended", key, f"A silence is over: {muted[0].lower()}{muted[1:]}", lines, [], "")


def failure(key: str, what: str, sentence: str, run: str) -> Message:
    """A part of the pipeline failed: `what` in a few words, `sentence` as the product says its errors."""
    lines = [Line("failure", what, without_values(sentence), limit=SENTENCE_LIMIT)]
    return in_blocks(OPERATIONS, key, f"Pipeline: {what}", lines, [f"Run {run}."] if run else [], "")


def digest_absent(key: str, local_day: date, by: str, why: str) -> Message:
    """The digest of a day is not in its channel."""
    rest = f"Until it is there, nobody knows whether a promise was missed. {why}"
    lines = [Line("absent", f"No digest of {day(local_day)} by {by}", rest, limit=SENTENCE_LIMIT)]
    return in_blocks(OPERATIONS, key, f"Pipeline: the digest of {day(local_day)} is absent", lines, [], "")


def part(name: str) -> str:
    """A name as a part of a key, which travels to Slack: what is no plain word stands as its hash."""
    return name if re.fullmatch(r"[A-Za-z0-9_.:+-]{1,80}", name) else hashlib.sha256(name.encode()).hexdigest()[:12]
