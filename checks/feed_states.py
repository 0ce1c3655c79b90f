"""Whether a force's log still comes and can be used: what is announced once and mutes all that depends on it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from checks.changes import Change, Decision, Judged, Kind, Promise, Reason, Said, Silence
from checks.feeds import Delivered, Gap
from checks.verdict import Verdict

LEARNT_FROM = 3
"""Deliveries needed before a rhythm is known, and with it what "did not come" means."""
PATIENCE = 3
"""A log counts as dead when it is late by more than this many times its usual interval (and two days at least)."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Feed:
    """One log of one force (`all`: a file of several). `state` is `fit`, `unfit` or `silent`, `since` the local day
    from which that holds; `reason` is the delivery's own sentence, or ''."""

    force: str
    log: str
    state: str
    since: date
    reason: str = ""


def feed_states(
    deliveries: Iterable[Delivered], today: date, reasons: Mapping[tuple[str, str], str] | None = None
) -> list[Feed]:
    """The state of every feed by its deliveries; `reasons` are those of the newest deliveries, by force and log."""
    by_feed: dict[tuple[str, str], list[Delivered]] = defaultdict(list)
    for each in sorted(deliveries, key=lambda each: each.order):
        by_feed[each.force, each.log].append(each)
    return [_state(*feed, came, today, (reasons or {}).get(feed, "")) for feed, came in sorted(by_feed.items())]


def _state(force: str, log: str, came: Sequence[Delivered], today: date, reason: str) -> Feed:
    newest = came[-1]
    if not newest.fit:
        streak = len(came) - next((n for n, each in enumerate(reversed(came)) if each.fit), len(came))
        return Feed(force, log, "unfit", came[streak].received_on, reason)
    late_from = _late_from(came)
    if late_from and today > late_from:
        return Feed(force, log, "silent", newest.received_on + _DAY)
    return Feed(force, log, "fit", newest.received_on)


def _late_from(came: Sequence[Delivered]) -> date | None:
    """The last day on which nothing new is nothing unusual; None while no rhythm is known."""
    days = sorted({each.received_on for each in came})
    if len(days) < LEARNT_FROM:
        return None
    usual = median((after - before).days for before, after in pairwise(days))
    return days[-1] + max(timedelta(days=2), timedelta(days=usual * PATIENCE))


def silent_gaps(feeds: Iterable[Feed], today: date) -> dict[str, list[Gap]]:
    """The days for which a silent feed mutes its promises, by force."""
    found: dict[str, list[Gap]] = defaultdict(list)
    for feed in feeds:
        if feed.state == "silent":
            found[feed.force].append(Gap(feed.log, feed.since - _DAY, today))
    return found


def decide_feed(feed: Feed, said: Said | None, severity: str, today: date) -> Decision:
    """Announced once when it dies, once when it is back."""
    promise = Promise("", "", feed.force, severity=severity, log=feed.log)
    down = feed.state != "fit"
    was_down = said is not None and said.kind is Kind.CANNOT_JUDGE
    figure = Judged(today - _DAY, Verdict.CANNOT_JUDGE if down else Verdict.KEPT, signal=feed.state, why=feed.reason)
    if said is not None and figure.period_start <= said.period_start:
        return Silence(Kind.CANNOT_JUDGE, promise, figure, Reason.ALREADY_SAID)
    if down and said is not None and was_down:
        return Silence(Kind.CANNOT_JUDGE, promise, figure, Reason.STILL_BLIND, f"said for {said.since}")
    if down:
        return Change(Kind.CANNOT_JUDGE, promise, figure, feed.since)
    if said is not None and was_down:
        return Change(Kind.KEPT_AGAIN, promise, figure, said.since, closes=True)
    return Silence(Kind.KEPT_AGAIN, promise, figure, Reason.AS_PROMISED)
