"""Where an announcement goes: the first route that matches. Pure; the file is read in `connectors/slack/routes.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checks.changes import Kind, Subject
from checks.hours import Hours, Occasion, every_moment, overlapping, quiet_until
from checks.matching import ABOUT, SEVERITIES, Matcher


@dataclass(frozen=True)
class Route:
    """One line of the table.

    `channel` and `mention` (a user group) are Slack's IDs; `owner` says in words who has to act. In `quiet` hours an
    announcement is held until they end, or, where `holds` is False, said without the mention.
    """

    name: str
    channel: str
    matcher: Matcher = field(default_factory=Matcher)
    mention: str = ""
    owner: str = ""
    quiet: tuple[Hours, ...] = ()
    holds: bool = True


@dataclass(frozen=True)
class Chosen:
    """Where one announcement goes; `held_until` (UTC) None = now. `mention` '' = nobody is called."""

    route: Route
    mention: str = ""
    held_until: datetime | None = None
    is_quiet: bool = False


def choose(routes: Sequence[Route], subject: Subject, occasion: Occasion) -> Chosen:
    """The first route that matches; the last one of a checked table matches everything."""
    route = next(each for each in routes if not each.matcher.unmet(subject, occasion))
    until = quiet_until(route.quiet, occasion.local)
    if until is None:
        return Chosen(route, route.mention)
    return Chosen(route, route.mention, until, True) if route.holds else Chosen(route, is_quiet=True)


def passed_over(routes: Sequence[Route], subject: Subject, occasion: Occasion) -> list[tuple[Route, str]]:
    """The routes before the one that matches, each with the key on which it differs."""
    found: list[tuple[Route, str]] = []
    for route in routes:
        why = route.matcher.unmet(subject, occasion)
        if not why:
            return found
        found.append((route, why))
    return found


def reached_twice(routes: Sequence[Route]) -> tuple[Route, Route, str] | None:
    """Two routes that differ in their hours only, of which the later is reached in a part of its own; and the hours."""
    for n, route in enumerate(routes):
        for earlier in routes[:n]:
            mine, its = route.matcher.times, earlier.matcher.times
            same = (mine.weekdays, mine.bank_holiday) == (its.weekdays, its.bank_holiday)
            if not (same and mine.hours and its.hours and route.matcher.about == earlier.matcher.about):
                continue
            clash = next((c for a in mine.hours for b in its.hours if (c := overlapping([b, a]))), None)
            if clash:
                return earlier, route, f"{clash[0]} and {clash[1]}"
    return None


Box = Mapping[str, frozenset[Any]]
"""What a matcher matches: a set of values for each key; every combination of them matches."""


def unreachable(routes: Sequence[Route]) -> tuple[Route, Route] | None:
    """The first route that no announcement can reach, and the last of those before it that take what it matches."""
    boxes = _boxes([route.matcher for route in routes])
    for n, box in enumerate(boxes):
        left = [box] if all(box.values()) else []
        for earlier, taken in zip(routes[:n], boxes[:n], strict=True):
            left = [rest for each in left for rest in _without(each, taken)]
            if not left:
                return routes[n], earlier
    return None


_OTHER = object()
"""Stands for every value that no route names."""
_CLOSED: Mapping[str, frozenset[Any]] = {"kind": frozenset(Kind), "severity": frozenset(SEVERITIES)}


def _boxes(matchers: Sequence[Matcher]) -> list[Box]:
    every: dict[str, frozenset[Any]] = {
        key: _CLOSED.get(key) or frozenset({_OTHER}).union(*(m.about.get(key, ()) for m in matchers)) for key in ABOUT
    }
    moments = every_moment([m.times for m in matchers])
    return [
        {**{key: frozenset(m.about.get(key, every[key])) for key in ABOUT}, "times": m.times.among(moments)}
        for m in matchers
    ]


def _without(box: Box, taken: Box) -> list[Box]:
    """What of a box another one does not take, as boxes that exclude each other."""
    if not all(box[key] & taken[key] for key in box):
        return [box]
    rest: list[Box] = []
    inner = dict(box)
    for key in box:
        outside = inner[key] - taken[key]
        if outside:
            rest.append({**inner, key: outside})
        inner[key] = inner[key] & taken[key]
    return rest
