"""Standing silences: what for a while is decided and counted but not said, by whose word and until when. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.changes import Subject
from checks.errors import UsageError
from checks.hours import Occasion
from checks.matching import Matcher

LONGEST = timedelta(days=90)
_TEXT = {"--reason": 300, "--by": 100}


@dataclass(frozen=True)
class StandingSilence:
    """From `starts_at` up to but not including `ends_at`, or `ended_at` if somebody ended it earlier (UTC)."""

    silence_id: str
    matcher: Matcher
    reason: str
    author: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def over_at(self) -> datetime:
        return min(self.ends_at, self.ended_at) if self.ended_at else self.ends_at

    def is_on(self, now: datetime) -> bool:
        return self.starts_at <= now < self.over_at

    def state(self, now: datetime) -> str:
        if now >= self.over_at:
            return "ended" if self.over_at < self.ends_at else "expired"
        return "on" if now >= self.starts_at else "to come"


def checked(silence: StandingSilence, now: datetime) -> StandingSilence:
    """The silence, if it may be laid down; raises UsageError."""
    if silence.matcher.matches_all:
        do = "Name at least one key, such as --force or --measure."
        raise UsageError("pledge silence add", "it would mute everything", "what is to be muted", do)
    text(silence.reason, "--reason")
    text(silence.author, "--by")
    if silence.ends_at <= max(silence.starts_at, now):
        found = "it ends before it begins" if silence.ends_at <= silence.starts_at else "it is in the past"
        raise UsageError("--until", found, "a moment to come, after --from", "Correct it.")
    if silence.ends_at - silence.starts_at > LONGEST:
        found = f"{(silence.ends_at - silence.starts_at).days} days after its beginning"
        raise UsageError("--until", found, f"at most {LONGEST.days} days", "Choose an earlier end; add it again later.")
    return silence


def text(said: str, option: str) -> str:
    """One line that says something, of a reasonable length."""
    if not said.strip() or len(said) > _TEXT[option] or not said.isprintable():
        expected = f"one line of 1 to {_TEXT[option]} characters"
        raise UsageError(option, "it is empty, too long or not one line", expected, "Correct it.")
    return said.strip()


def applying(
    silences: Iterable[StandingSilence], subject: Subject, occasion: Occasion, now: datetime
) -> list[StandingSilence]:
    """The silences that mute this subject now, the one that lasts longest first."""
    found = [each for each in silences if each.is_on(now) and not each.matcher.unmet(subject, occasion)]
    return sorted(found, key=lambda each: (each.over_at, each.silence_id), reverse=True)


def over(silences: Iterable[StandingSilence], now: datetime, announced: Collection[str]) -> list[StandingSilence]:
    """Those that were in force, are over and whose end nobody was told of, in the order they ended."""
    silences = (each for each in silences if each.over_at > each.starts_at)
    found = [each for each in silences if now >= each.over_at and each.silence_id not in announced]
    return sorted(found, key=lambda each: (each.over_at, each.silence_id))
