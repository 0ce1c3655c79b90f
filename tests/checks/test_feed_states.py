"""A feed that dies is said once, mutes what depends on it, and is said to be back once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from checks.changes import Change, Kind, Reason, Said
from checks.feed_states import Feed, decide_feed, feed_states, silent_gaps
from checks.feeds import Delivered, Gap

DAY = date(2026, 3, 1)


def on(number: int) -> date:
    return DAY + timedelta(days=number - 1)


def came(*days: int, fit: bool = True, order: int = 0) -> list[Delivered]:
    return [Delivered("file", "calls", "norfolk", fit, order or n, on(n)) for n in days]


@pytest.mark.parametrize(
    ("deliveries", "today", "state", "since"),
    [
        (came(1), 20, "fit", 1),
        (came(1, 2), 20, "fit", 2),
        (came(1, 2, 3), 6, "fit", 3),
        (came(1, 2, 3), 7, "silent", 4),
        (came(1, 8, 15), 36, "fit", 15),
        (came(1, 8, 15), 37, "silent", 16),
        ([*came(1), *came(2, fit=False)], 3, "unfit", 2),
        ([*came(1), *came(2, 3, fit=False)], 3, "unfit", 2),
        (came(2, fit=False), 3, "unfit", 2),
        ([*came(1, 2, 3), *came(4, fit=False)], 30, "unfit", 4),
        ([*came(1, fit=False), *came(2)], 3, "fit", 2),
    ],
)
def test_the_state_of_a_feed(deliveries: list[Delivered], today: int, state: str, since: int) -> None:
    (feed,) = feed_states(deliveries, on(today), {("norfolk", "calls"): "no header"})
    assert (feed.state, feed.since) == (state, on(since))
    assert feed.reason == ("no header" if state == "unfit" else "")


def test_it_is_said_once_and_once_that_it_is_back() -> None:
    dead, fit = Feed("norfolk", "calls", "unfit", on(4), "no header"), Feed("norfolk", "calls", "fit", on(9))
    first = decide_feed(dead, None, "high", on(5))
    assert isinstance(first, Change) and first.kind is Kind.CANNOT_JUDGE and first.since == on(4)
    assert (first.subject.measure, first.subject.commitment, first.subject.severity) == ("", None, "high")
    said = Said(first.kind, first.figure.period_start, first.since)
    same_night, next_night = (decide_feed(dead, said, "high", on(n)) for n in (5, 6))
    assert (same_night.reason, next_night.reason) == (Reason.ALREADY_SAID, Reason.STILL_BLIND)  # type: ignore[union-attr]
    back = decide_feed(fit, said, "high", on(10))
    assert isinstance(back, Change) and back.kind is Kind.KEPT_AGAIN and back.since == on(4) and back.closes
    after = decide_feed(fit, Said(back.kind, back.figure.period_start, back.since), "high", on(11))
    assert after.reason is Reason.AS_PROMISED  # type: ignore[union-attr]
    again = decide_feed(dead, Said(back.kind, back.figure.period_start, back.since), "high", on(12))
    assert isinstance(again, Change)


def test_a_silent_feed_mutes_from_the_day_it_last_came() -> None:
    feeds = [Feed("norfolk", "calls", "silent", on(4)), Feed("kent", "calls", "fit", on(4))]
    assert silent_gaps(feeds, on(8)) == {"norfolk": [Gap("calls", on(3), on(8))]}
