"""The standing list of what runs out soon: one message per channel, edited in place. Pure.

Counts and record references only. A reference that could be somebody's address or a sentence is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from checks.at_risk import Clock, Group
from connectors.slack.blocks import Line, Message, clipped
from connectors.slack.blocks import message as in_blocks
from connectors.slack.phrases import counted, listed, place

KIND = "at_risk"
LINES, REFERENCES, TITLE_LIMIT, PLACE_LIMIT = 10, 6, 70, 40
# A name has no digit; digits alone, as many as a telephone number has and beginning like one, may be one.
_REFERENCE = re.compile(r"(?!(?:0|44)\d{9,}$)(?=\D*\d)[A-Za-z0-9][A-Za-z0-9_./:-]{0,59}")


@dataclass(frozen=True)
class WatchList:
    """What one channel is told: `titles` are the measures' in plain words, `zones` each force's time zone.

    `saved` and `missed` are how many listed clocks ended so (today, yesterday), by local days; `blind` the logs
    that are not watched, `damaged` those that cannot be read, `admitted_at` when records last came. `zone` is that
    of the times of the small print.
    """

    now: datetime
    groups: tuple[Group, ...]
    titles: Mapping[str, str]
    zones: Mapping[str, str]
    zone: str
    saved: tuple[int, int] = (0, 0)
    missed: tuple[int, int] = (0, 0)
    blind: tuple[tuple[str, str], ...] = ()
    admitted_at: datetime | None = None
    damaged: tuple[tuple[str, str], ...] = ()

    @property
    def cases(self) -> int:
        return sum(len(group.clocks) for group in self.groups)


def watch_message(key: str, told: WatchList) -> Message:
    """The list as it stands."""
    return in_blocks(KIND, key, _headline(told), _lines(told), _below(told), "")


def ended_message(key: str, now: datetime, zone: str) -> Message:
    """What an old list says once a newer one has begun."""
    wall = now.astimezone(ZoneInfo(zone))
    return in_blocks(
        KIND,
        key,
        "At risk: this list has ended, a newer one stands below",
        [],
        [f"Ended at {wall:%H:%M} on {wall.day} {wall:%B}."],
        "",
    )


def _headline(told: WatchList) -> str:
    if not told.groups:
        return "Nothing is at risk of running out now"
    first = told.groups[0]
    runs = "case runs" if told.cases == 1 else "cases run"
    due = _due(first.clocks[0], told)
    where = place(first.force, PLACE_LIMIT)
    return clipped(f"At risk: {told.cases:,} open {runs} out soon, the first by {due} ({where})", 150)


def _lines(told: WatchList) -> list[Line]:
    groups = told.groups
    shown = groups if len(groups) <= LINES else groups[: LINES - 1]
    lines = [_line(group, told) for group in shown]
    left = groups[len(shown) :]
    if left:
        cases = sum(len(group.clocks) for group in left)
        promises, first = counted(len(left), "promise"), _due(left[0].clocks[0], told)
        rest = f"{counted(cases, 'case')} of {promises}, the first by {first}. All of them: pledge watch."
        lines.append(Line("left_out", f"… and {cases:,} more", rest))
    return lines


def _line(group: Group, told: WatchList) -> Line:
    title = clipped(told.titles.get(group.measure, group.measure), TITLE_LIMIT)
    lead = f"By {_due(group.clocks[0], told)} – {title}, {place(group.force, PLACE_LIMIT)}".replace("*", "∗")
    said = [f"{_reference(clock.case_id)} by {_due(clock, told)}" for clock in group.clocks[:REFERENCES]]
    more = len(group.clocks) - len(said)
    rest = f"{len(group.clocks):,} open – {', '.join(said)}" + (f" and {more:,} more" if more else "")
    return Line(KIND, lead, f"{rest}.", limit=600)


def _reference(case_id: str) -> str:
    return case_id if _REFERENCE.fullmatch(case_id) else "a record whose reference is not shown"


def _due(clock: Clock, told: WatchList) -> str:
    assert clock.due_at is not None
    zone = ZoneInfo(told.zones.get(clock.force, told.zone))
    return _on(clock.due_at.astimezone(zone), told.now.astimezone(zone))


def _on(wall: datetime, now: datetime) -> str:
    """'14:05', 'tomorrow 09:30', 'end of Monday 23 November'."""
    day, clock = wall.date(), f"{wall:%H:%M}"
    if clock == "00:00":
        return f"the end of {_day(day - timedelta(days=1), now.date())}"
    return clock if day == now.date() else f"{_day(day, now.date())} {clock}"


def _day(day: date, today: date) -> str:
    near = {today: "today", today + timedelta(days=1): "tomorrow", today - timedelta(days=1): "yesterday"}
    return near.get(day, f"{day:%A} {day.day} {day:%B}")


def _below(told: WatchList) -> list[str]:
    next_step = (
        ["Next: deal with each before its time; the references are those of the force's own systems, times are local."]
        if told.groups
        else []
    )
    return [*next_step, _counts(told), *_blind(told), _looked(told)]


def _counts(told: WatchList) -> str:
    saved = f"Saved in time: {told.saved[0]:,} today, {told.saved[1]:,} yesterday."
    missed = f" Ran out all the same: {told.missed[0]:,} today, {told.missed[1]:,} yesterday."
    return saved + (missed if any(told.missed) else "")


def _blind(told: WatchList) -> list[str]:
    why = {"the data is absent or unfit": told.blind, "files of the lake cannot be read": told.damaged}
    return [f"Not watched, because {found}: {listed(_logs(of), 6)}." for found, of in why.items() if of]


def _logs(of: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{clipped(log.replace('_', ' '), PLACE_LIMIT)} of {place(force, PLACE_LIMIT)}" for force, log in of]


def _looked(told: WatchList) -> str:
    zone = ZoneInfo(told.zone)
    wall = told.now.astimezone(zone)
    came = f", on records taken in by {_on(told.admitted_at.astimezone(zone), wall)}" if told.admitted_at else ""
    return f"Looked at {wall:%H:%M} on {wall.day} {wall:%B}{came}. This message is edited in place."
