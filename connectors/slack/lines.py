"""The wording of one change: what, where, how many, against what, signal or not, since when, who, what next. Pure.

Counts and places only: never a name of a person, a number or an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date

from checks.changes import Kind
from checks.feeds import last_day
from connectors.slack.blocks import Line, clipped
from connectors.slack.message import NAME_LIMIT, in_words, place_of
from connectors.slack.night import Figure, Item
from connectors.slack.phrases import (
    counted,
    day,
    listed,
    period_of,
    place,
    share_of,
    whole,
    without_values,
)

NEXT = "Next: acknowledge, find out why, then explain"
ITEM_LIMIT, BUTTON_LIMIT = 700, 2000
UNSAID = "Missed for a while, kept again"
LEADS = {
    Kind.FIRST_MISS: "Newly missed",
    Kind.STILL_MISSED: "Still missed",
    Kind.KEPT_AGAIN: "Kept again",
    Kind.CANNOT_JUDGE: "Cannot be judged",
    Kind.RESTATED: "Corrected afterwards",
    Kind.AT_RISK: "At risk",
}


def line_of(item: Item, areas: Sequence[Item] = ()) -> Line:
    """The line of one change; `areas` are the same change in areas of its force, told in one breath."""
    if item.change.promise.log:
        lead, rest = _feed(item)
    else:
        lead = f"{UNSAID if item.change.was_unsaid else LEADS[item.change.kind]} – {_subject(item)}"
        rest = _REST[item.change.kind](item, areas)
    lead = lead.replace("*", "∗")
    return Line(item.change.kind.value, lead, rest, key=item.key, value=_value(item), limit=ITEM_LIMIT)


def revised_line(key: str, now: Item) -> Line:
    """What the line that opened an episode, named by its `key`, says once its state has changed."""
    lead = _feed(now)[0] if now.change.promise.log else f"{LEADS[now.change.kind]} – {_subject(now)}"
    state = " ".join(_STATE[now.change.kind](now))
    return Line(now.change.kind.value, lead.replace("*", "∗"), state, key, limit=ITEM_LIMIT)


def days_long(since: date, until: date) -> str:
    return counted((until - since).days, "day")


def _subject(item: Item) -> str:
    figure, standard = item.figure, f" ({clipped(item.standard, NAME_LIMIT)})" if item.standard else ""
    title = clipped(figure.title, NAME_LIMIT)
    return f"{title}{standard}, {_place(item)}, {period_of(figure.period, figure.period_start)}"


def _place(item: Item) -> str:
    return place_of(item.figure)


def _first_miss(item: Item, areas: Sequence[Item]) -> str:
    figure = item.figure
    beyond = f", {figure.beyond_allowance:,} more than the promise allows" if figure.exact_target < 1 else ""
    parts = [_rate(figure), f"{figure.missed:,} missed{beyond}."]
    if figure.unknown:
        parts.append(f"{figure.unknown:,} more without a recorded outcome.")
    parts += [_signal(item), *_areas(areas), *_owner(item), _next(item)]
    return " ".join(parts)


def _still_missed(item: Item, _: Sequence[Item]) -> str:
    figure, change = item.figure, item.change
    since = f"Missed since {day(change.since)} ({days_long(change.since, figure.period_start)})."
    return " ".join([_rate(figure), f"{figure.missed:,} missed.", since, *_owner(item), _next(item)])


def _kept_again(item: Item, _: Sequence[Item]) -> str:
    change = item.change
    lasted = days_long(change.since, change.figure.period_start)
    was = f"{_had_been(item)} since {day(change.since)}: {lasted}."
    return " ".join([_rate(item.figure), was, "Nothing to do; an explanation of the missed days is still welcome."])


def _had_been(item: Item) -> str:
    return "It had been missed or could not be judged" if item.change.was_blind else "It had been missed"


def _cannot_judge(item: Item, _: Sequence[Item]) -> str:
    why = "None of its cases has a recorded outcome, or what it needs was not delivered."
    return " ".join(
        [why, "It was judged before.", *_owner(item), "Next: look at what was delivered (pledge quarantine)."]
    )


def _restated(item: Item, _: Sequence[Item]) -> str:
    change = item.change
    parts = [f"now {_share(item.figure)} ({in_words(item.figure.verdict)})"]
    if change.before:
        before = item.of(change.before)
        parts.insert(0, f"was {_share(before)} ({in_words(before.verdict)})")
    why = f": {clipped(without_values(change.figure.why), 100)}" if change.figure.why else ""
    tail = "Next: correct what was published from the earlier figure."
    return f"{', '.join(parts)}{why}. Promise {whole(item.figure.target)}. {tail}"


def _at_risk(item: Item, _: Sequence[Item]) -> str:
    figure = item.figure
    return f"{counted(figure.denominator, 'case')} whose time runs out soon. {_next(item)}"


_REST: dict[Kind, Callable[[Item, Sequence[Item]], str]] = {
    Kind.FIRST_MISS: _first_miss,
    Kind.STILL_MISSED: _still_missed,
    Kind.KEPT_AGAIN: _kept_again,
    Kind.CANNOT_JUDGE: _cannot_judge,
    Kind.RESTATED: _restated,
    Kind.AT_RISK: _at_risk,
}


def _feed(item: Item) -> tuple[str, str]:
    change = item.change
    subject = f"{clipped(item.title, NAME_LIMIT)} from {_place(item)}"
    if change.kind is Kind.KEPT_AGAIN:
        out = days_long(change.since, change.figure.period_start)
        return f"Data is back – {subject}", f"fit to use again; it was not since {day(change.since)} ({out})."
    silent = change.figure.signal == "silent"
    lead = f"{'No data' if silent else 'Unusable data'} – {subject}"
    found = "nothing new has come" if silent else clipped(without_values(change.figure.why), 160) or "it was refused"
    mutes = f" {_sentence(item.mutes)} cannot be judged until it is mended." if item.mutes else ""
    do = "ask whoever sends it" if silent else "see what is wrong with it (pledge quarantine), then deliver it again"
    since = f"since {'' if silent else 'the delivery of '}{day(change.since)} ({found.rstrip('.')})."
    parts = [f"{since}{mutes}", "This is said once, and once when it is back.", *_owner(item)]
    return lead, " ".join([*parts, f"Next: {do}."])


def _sentence(titles: Sequence[str]) -> str:
    return f"{counted(len(titles), 'promise')} ({listed([clipped(t, 50) for t in titles], 3)})"


def _state_still(now: Item) -> list[str]:
    change = now.change
    lasted = f"missed since {day(change.since)} ({days_long(change.since, change.figure.period_start)})"
    return [f"{_share(now.figure)}, promised {whole(now.figure.target)}; {lasted}. The history is in the thread."]


def _state_kept(now: Item) -> list[str]:
    change = now.change
    days = days_long(change.since, change.figure.period_start)
    if change.promise.log:
        return [f"fit to use again; it was not since {day(change.since)} ({days})."]
    rate = f"{_share(now.figure)}, promised {whole(now.figure.target)}"
    return [f"{rate}. {_had_been(now)} since {day(change.since)}: {days}."]


def _state_restated(now: Item) -> list[str]:
    rate = f"{_share(now.figure)} ({in_words(now.figure.verdict)}), promised {whole(now.figure.target)}"
    return [f"{rate}: not missed after all, by records that came later."]


_STATE: dict[Kind, Callable[[Item], list[str]]] = {
    Kind.STILL_MISSED: _state_still,
    Kind.KEPT_AGAIN: _state_kept,
    Kind.RESTATED: _state_restated,
}


def _rate(figure: Figure) -> str:
    within = f" within {clipped(figure.limit, NAME_LIMIT)}" if figure.limit else ""
    low, high = 100 * (figure.rate_low or 0), 100 * (figure.rate_high or 0)
    return f"{_share(figure)}{within}; promised {whole(figure.target)} (95 % interval {low:.1f}–{high:.1f} %)."


def _share(figure: Figure) -> str:
    return share_of(figure.numerator, figure.denominator, figure.exact_target)


def _signal(item: Item) -> str:
    figure = item.figure
    if figure.exact_target == 1:
        return "This is promised in every single case."
    if item.change.figure.signal in ("", "no_limits"):
        return "More than chance explains; too few periods yet to know what is usual here."
    return "A signal, not ordinary variation: worse than what is usual here."


def _areas(areas: Sequence[Item]) -> list[str]:
    worst = sorted(areas, key=lambda each: -each.figure.beyond_allowance)
    told = [f"{place(each.figure.area, 40)} {_share(each.figure)}" for each in worst]
    return [f"Worst areas: {listed(told, 2)}."] if told else []


def _owner(item: Item) -> list[str]:
    severity = [f"Severity {clipped(item.change.promise.severity, 20)}."] if item.change.promise.severity else []
    return [*severity, *([f"Owner: {clipped(item.owner, NAME_LIMIT)}."] if item.owner else [])]


def _next(item: Item) -> str:
    """What to do, and how to get at the records: by reference, never in the message."""
    promise, start = item.change.promise, item.change.figure.period_start
    if not all(re.fullmatch(r"[a-z][a-z0-9_-]{0,60}", word) for word in (promise.measure, promise.force)):
        return f"{NEXT}."
    end = last_day(promise.period, start)
    records = f"pledge cases --measure {promise.measure} --force {promise.force} --from {start} --to {end}"
    return f"{NEXT}. Its records: {records}"


def _value(item: Item) -> str:
    """What the buttons send: the announcement, and what an explanation given on it covers. '' = no buttons."""
    promise = item.change.promise
    if item.change.kind not in (Kind.FIRST_MISS, Kind.STILL_MISSED, Kind.AT_RISK) or promise.log:
        return ""
    about = {"key": item.key, "standard": promise.standard, "measure": promise.measure, "force": promise.force}
    when = {"period": promise.period, "day": item.change.figure.period_start.isoformat()}
    value = json.dumps({**about, **when}, ensure_ascii=False)
    return value if len(value) <= BUTTON_LIMIT else ""
