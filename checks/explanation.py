"""What may be said of a broken promise: the closed list of reasons, and the shape of text, author and scope.

A text is an officer's own words and may hold personal data: no error here repeats it, and what stands where a name
or a code belongs is repeated only if it looks like one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches

from checks.errors import UsageError

TEXT_LIMIT = 2_000
AUTHOR_LIMIT = 100

# Why demand is not met, in the terms of HMICFRS's PEEL question on responding to the public and of the National
# Standard for Incident Recording; `other` must be told in words.
REASONS: dict[str, str] = {
    "demand_exceeded_capacity": "More came in than the staff on duty could take",
    "staff_abstracted": "Staff were taken for other duties, training or court",
    "staff_absent": "Staff were sick or posts were vacant",
    "no_unit_free": "No unit was free, or the nearest was far away",
    "weather_or_road": "Weather, traffic or a closed road",
    "it_failure": "A system or a line failed",
    "data_not_recorded": "It was done in time, but a time was not recorded or recorded wrongly",
    "call_or_incident_misgraded": "The call or incident had the wrong grade",
    "caller_request": "The caller or victim asked for another time",
    "caller_not_reached": "The caller or victim could not be reached",
    "operational_risk": "Going or telling sooner would have put somebody or an investigation at risk",
    "other": "Another reason, told in words",
}


@dataclass(frozen=True)
class Scope:
    """What an answer covers: one breach, or every miss of a measure in a force (and area) on a local day."""

    breach_id: str = ""
    measure: str = ""
    force: str = ""
    day: date | None = None
    area: str = ""

    def __post_init__(self) -> None:
        whole_day = (self.measure, self.force, self.day)
        if bool(self.breach_id) == any(whole_day) or (any(whole_day) and not all(whole_day)):
            found = "neither one breach nor a whole measure, force and day"
            raise UsageError("scope", found, "BREACH, or --measure, --force and --day", "Name one of them.")
        if self.breach_id and self.area:
            raise UsageError("scope", "a breach and an area", "one of them", "A breach has its own area: leave it out.")


@dataclass(frozen=True)
class Answer:
    """What was answered to a day so far: who saw it first, and the newest explanation."""

    seen_by: str = ""
    seen_at: datetime | None = None
    reason: str = ""
    explained_by: str = ""
    explained_at: datetime | None = None


def checked_reason(code: str) -> str:
    """The reason if it is one of the closed list; raises UsageError with the closest."""
    code = code.strip()
    if code in REASONS:
        return code
    do = f"Did you mean {near}?" if (near := closest(code, REASONS)) else "See `pledge explain --help`."
    raise UsageError("reason", f"{as_code(code)} is not on the list", f"one of {', '.join(REASONS)}", do)


def checked_text(text: str, reason: str) -> str:
    """The officer's words, trimmed; line breaks may stand in them, no other control character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > TEXT_LIMIT:
        raise UsageError("text", f"{len(text):,} characters", f"at most {TEXT_LIMIT:,}", "Shorten it.")
    if _unprintable(text, allowed="\n"):
        raise UsageError("text", "a control character in it", "letters, digits and line breaks", "Remove it.")
    if not text and reason == "other":
        raise UsageError("text", "empty with the reason other", "the reason in words", "Say what happened.")
    return text


def checked_author(by: str) -> str:
    """Who says it: a name, a collar number or a Slack user id, on one line."""
    by = by.strip()
    if not by:
        raise UsageError("by", "empty", "who says it", "Name the officer or the role.")
    if len(by) > AUTHOR_LIMIT or _unprintable(by):
        expected = f"one line of at most {AUTHOR_LIMIT} characters"
        raise UsageError("by", "too long, or a control character in it", expected, "Correct it.")
    return by


def closest(word: str, known: Iterable[str]) -> str:
    """The known word most like this one, '' where none is."""
    return next(iter(get_close_matches(word.lower(), known, n=1, cutoff=0.6)), "")


def as_code(word: str) -> str:
    """The word where it looks like a code; else only that it does not, for it may be somebody's words."""
    return word if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", word) else "what stands there"


def _unprintable(text: str, allowed: str = "") -> bool:
    """Control characters, surrogates, and those that turn the direction of what follows."""
    turning = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    return any(
        (unicodedata.category(one) in ("Cc", "Cs", "Cn", "Co") or ord(one) in turning) and one not in allowed
        for one in text
    )
