"""What an announcement is about, matched: the keys that routes and silences share. Pure.

A key that is not named matches everything; `''` matches where a level does not apply (`area: ['']` is the force as a
whole, `measure: ['']` an announcement about a log).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from checks.changes import Kind, Subject
from checks.commitment import measures
from checks.errors import UsageError
from checks.hours import WEEKDAYS, Hours, Occasion, Times, hours_of, overlapping

ABOUT = ("force", "area", "commitment", "measure", "severity", "kind")
KEYS = (*ABOUT, "hours", "weekday", "bank_holiday")
SEVERITIES = ("high", "medium", "low", "")


@dataclass(frozen=True)
class Matcher:
    """`about`: key → the values that match, one of ABOUT each; `times`: when it matches."""

    about: Mapping[str, frozenset[str | int]] = field(default_factory=dict)
    times: Times = field(default_factory=Times)

    @property
    def matches_all(self) -> bool:
        return not self.about and self.times == Times()

    def unmet(self, subject: Subject, occasion: Occasion) -> str:
        """Why it does not match, in words that begin with the key; '' = it matches."""
        for key in ABOUT:
            wanted = self.about.get(key)
            found = getattr(subject, key)
            if wanted is not None and found not in wanted:
                return f"{key}: {_shown(found)} is not {_listed(wanted)}"
        key = self.times.unmet(occasion)
        return f"{key}: {self._time_in_words(key, occasion)}" if key else ""

    def _time_in_words(self, key: str, occasion: Occasion) -> str:
        if key == "hours":
            return f"{occasion.local:%H:%M} is not in {', '.join(map(str, self.times.hours))}"
        if key == "weekday":
            named = ", ".join(WEEKDAYS[day] for day in sorted(self.times.weekdays or ()))
            return f"{occasion.local:%A %H:%M} is not of {named}"
        return f"{occasion.local:%A %d %B %Y} {'is none' if self.times.bank_holiday else 'is one'}"

    def as_mapping(self) -> dict[str, Any]:
        """What `matcher_of` reads again."""
        found: dict[str, Any] = {key: sorted(self.about[key], key=str) for key in ABOUT if key in self.about}
        if self.times.hours:
            found["hours"] = [str(each) for each in self.times.hours]
        if self.times.weekdays is not None:
            found["weekday"] = [WEEKDAYS[day] for day in sorted(self.times.weekdays)]
        if self.times.bank_holiday is not None:
            found["bank_holiday"] = self.times.bank_holiday
        return found

    def __str__(self) -> str:
        said = [f"{key} {_listed(self.about[key])}" for key in ABOUT if key in self.about]
        of_time = self.as_mapping()
        said += [f"{key} {', '.join(of_time[key])}" for key in ("hours", "weekday") if key in of_time]
        if self.times.bank_holiday is not None:
            said.append("on bank holidays" if self.times.bank_holiday else "except on bank holidays")
        return "; ".join(said) or "everything"


def _listed(values: Collection[str | int]) -> str:
    return " or ".join(_shown(value) for value in sorted(values, key=str))


def _shown(value: str | int | None) -> str:
    return "none ('')" if value in ("", None) else str(value)


def matcher_of(where: str, keys: object, forces: Collection[str] = ()) -> Matcher:
    """Read a matcher from a mapping of plain values; a single value may stand for a list of one.

    `forces` are the slugs of the reference data: a force that is spelt almost like one of them is refused. Raises
    UsageError at `where`.
    """
    if not isinstance(keys, Mapping):
        raise UsageError(where, "what it matches is no mapping", f"keys of {', '.join(KEYS)}", "Correct it.")
    for key in keys:
        if key not in KEYS:
            raise unknown_key(where, str(key), KEYS)
    about = {key: frozenset(_value(where, key, value) for value in _several(where, key, keys[key])) for key in ABOUT
             if key in keys}  # fmt: skip
    _refuse_misspelt(where, about.get("force", ()), forces)
    _refuse_contradiction(where, about)
    hours = hours_in(where, "hours", keys["hours"]) if "hours" in keys else ()
    days = None
    if "weekday" in keys:
        days = frozenset(_weekday(where, value) for value in _several(where, "weekday", keys["weekday"]))
    holiday = keys.get("bank_holiday")
    if "bank_holiday" in keys and not isinstance(holiday, bool):
        raise UsageError(where, "bank_holiday is neither true nor false", "true or false", "Correct it.")
    return Matcher(about, Times(hours, days, holiday))


def matcher_again(stored: Mapping[str, Any]) -> Matcher:
    """The matcher of a mapping that `as_mapping` gave, whatever measures there are by now."""
    about = {key: frozenset(stored[key]) for key in ABOUT if key in stored}
    hours = tuple(found for text in stored.get("hours", ()) if (found := hours_of(text)))
    days = frozenset(WEEKDAYS.index(day) for day in stored["weekday"]) if "weekday" in stored else None
    return Matcher(about, Times(hours, days, stored.get("bank_holiday")))


def hours_in(where: str, key: str, value: object) -> tuple[Hours, ...]:
    """Hours of a day that do not overlap; raises UsageError at `where`."""
    read = []
    for text in _several(where, key, value):
        hours = hours_of(text) if isinstance(text, str) else None
        if hours is None:
            raise UsageError(where, f"{key} {text} are no hours", "such as 22:00-06:00", "Correct them.")
        read.append(hours)
    clash = overlapping(read)
    if clash:
        found = f"{key} {clash[0]} and {clash[1]} overlap"
        raise UsageError(where, found, "hours that exclude each other", "Join them, or shorten one.")
    return tuple(read)


def unknown_key(where: str, key: str, known: Collection[str]) -> UsageError:
    near = get_close_matches(key, known, n=1)
    do = f"Did you mean {near[0]}?" if near else "Remove it."
    return UsageError(where, f"there is no key {key}", f"one of {', '.join(known)}", do)


def _several(where: str, key: str, value: object) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    if not found or any(each is None or isinstance(each, (list, Mapping)) for each in found):
        raise UsageError(where, f"{key} is empty or no list", "a value, or a list of values", "Correct it.")
    return found


def _value(where: str, key: str, value: object) -> str | int:
    if key == "commitment":
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10:
            raise UsageError(where, f"commitment {value} does not exist", "0 to 10", "Correct it.")
        return value
    if not isinstance(value, str):
        raise UsageError(where, f"{key} {value} is no text", "a name", "Put it into quotes.")
    known = {"measure": [*measures(), ""], "kind": [kind.value for kind in Kind], "severity": SEVERITIES}.get(key)
    if known is not None and value not in known:
        near = get_close_matches(value, known, n=1)
        do = f"Did you mean {near[0]}?" if near else "Correct it."
        raise UsageError(where, f"there is no {key} {value}", f"one of {', '.join(filter(None, known))}", do)
    return value


def _weekday(where: str, value: object) -> int:
    text = str(value).lower()
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for day, name in enumerate(names):
        if text in (name, WEEKDAYS[day]):
            return day
    raise UsageError(where, f"{value} is no weekday", f"one of {', '.join(WEEKDAYS)}", "Correct it.")


def _refuse_misspelt(where: str, named: Collection[str | int], known: Collection[str]) -> None:
    """A force need not be in the reference data; but one spelt almost like a known one is a slip."""
    for force in sorted(str(each) for each in named):
        near = get_close_matches(force, known, n=1, cutoff=0.8)
        if near and force not in known:
            raise UsageError(where, f"no force is called {force}", near[0], "Correct the slug.")


def _refuse_contradiction(where: str, about: Mapping[str, frozenset[str | int]]) -> None:
    if "measure" not in about or "commitment" not in about:
        return
    of = {name: measures()[str(name)].commitment for name in about["measure"] if name}
    alien = [name for name in about["measure"] if of.get(str(name)) not in about["commitment"]]
    if alien:
        name = sorted(map(str, alien))[0]
        found = f"measure {name} belongs to commitment {of[name]}" if name else "a log belongs to no commitment"
        raise UsageError(where, found, f"one of commitment {_listed(about['commitment'])}", "Drop one of the two keys.")
