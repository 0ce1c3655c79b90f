"""Puts each change where it is said: its channel, owner and user group by the routes, its words by the standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from checks.changes import Change, Kind
from checks.commitment import measures
from checks.silencing import StandingSilence
from checks.standard import Standard, rule_for
from connectors.slack.night import Item
from connectors.store import decisions
from dags.routing import Router


class Group(NamedTuple):
    """What one message tells: the changes of a channel that are said at one time (None = now)."""

    channel: str
    held_until: datetime | None


@dataclass(frozen=True)
class Placed:
    """A change, the channel it is said in, and the moment (UTC) until which it is held; None = said now.

    `silence` is what mutes it, None = nothing.
    """

    item: Item
    channel: str
    held_until: datetime | None = None
    silence: StandingSilence | None = None

    @property
    def group(self) -> Group:
        return Group(self.channel, self.held_until)

    @property
    def change(self) -> Change:
        return self.item.change


def place(
    changes: Iterable[Change], router: Router, silences: Sequence[StandingSilence], standards: Sequence[Standard]
) -> list[Placed]:
    """Each change with its place, in the order given."""
    found = []
    for change in changes:
        chosen, muting = router.choose(change.subject), router.muting(silences, change.subject)
        route = chosen.route
        item = _item(change, f"{route.channel}/{decisions.key_of(change)}", route.owner, chosen.mention, standards)
        found.append(Placed(item, route.channel, chosen.held_until, muting[0] if muting else None))
    return found


def counted_by_silence(placed: Iterable[Placed]) -> Counter[str]:
    return Counter(each.silence.silence_id for each in placed if each.silence)


def told_elsewhere(placed: Iterable[Placed], channel: str) -> dict[str, int]:
    """The new misses of promises that this channel is not told now, by the words for where they are."""
    misses = [each for each in placed if each.change.kind is Kind.FIRST_MISS]
    silenced = sum(bool(each.silence) for each in misses)
    held = sum(not each.silence and each.held_until is not None for each in misses)
    others = sum(not each.silence and each.held_until is None and each.channel != channel for each in misses)
    counts = {"told in other channels": others, "held until quiet hours end": held, "silenced": silenced}
    return {words: count for words, count in counts.items() if count}


def _item(change: Change, key: str, owner: str, mention: str, standards: Sequence[Standard]) -> Item:
    promise = change.promise
    if promise.log:
        title, mutes = promise.log.replace("_", " "), _mutes(promise.log, standards)
        return Item(key, change, title, owner=owner, mutes=mutes, mention=mention)
    standard = next(each for each in standards if each.name == promise.standard)
    several = len({each.title for each in standards}) > 1
    rule = rule_for(standard, promise.measure, promise.force, change.figure.period_start)
    return Item(
        key,
        change,
        measures()[promise.measure].title,
        rule.limit_in_words if rule else "",
        owner,
        standard.title if several else "",
        mention=mention,
    )


def _mutes(log: str, standards: Sequence[Standard]) -> tuple[str, ...]:
    """The titles of the measures that cannot be judged without this log."""
    judged = {rule.measure for standard in standards for rule in standard.rules}
    return tuple(m.title for m in measures().values() if log in m.logs and m.name in judged)
