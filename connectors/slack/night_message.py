"""The one message of a channel and night, and the replies below it. Pure.

For a control-room manager at 06:00 with one minute: the headline says what broke, where and how badly; at most ten
lines follow, worst first; the small print is the proof of life: what was judged and why nothing else was said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from checks.changes import Kind, Reason
from checks.feeds import last_day
from connectors.slack.blocks import Line, Message, clipped
from connectors.slack.blocks import message as in_blocks
from connectors.slack.lines import ITEM_LIMIT, days_long, line_of
from connectors.slack.message import (
    LINES,
    NAME_LIMIT,
    commitments_told,
    figures_of_the_day,
    figures_told,
    own_figures,
    place_of,
    shortened,
)
from connectors.slack.night import Figure, Item, Told
from connectors.slack.phrases import counted, day, listed, period_of, place, share_of, whole

REST_LINES, FIGURE_LINES = 24, 40
"""A line with buttons takes two of a message's 50 blocks."""
SEVERITIES = ("high", "medium", "low", "")
KINDS = {  # in the order they are told, and what those left out are called
    "first_miss": "newly missed",
    "cannot_judge": "about what cannot be judged",
    "restated": "corrected afterwards",
    "kept_again": "kept again",
    "at_risk": "at risk",
    "still_missed": "still missed",
    "quiet": "missed without a new alarm",
}
COUNTED = {
    "cannot_judge": ("promise", "not to be judged any more"),
    "restated": ("figure", "corrected afterwards"),
    "kept_again": ("promise", "kept again"),
    "at_risk": ("promise", "at risk"),
}
WHY = {
    Reason.AS_PROMISED: "as promised",
    Reason.UNCHANGED: "unchanged",
    Reason.ORDINARY_VARIATION: "within ordinary variation",
    Reason.STEADILY_BELOW: "no worse than usual, though the usual is below the promise",
    Reason.IMPROVING: "missed but improving",
    Reason.MAY_BE_CHANCE: "may be chance",
    Reason.BELOW_MINIMUM_N: "of too few cases",
    Reason.SAID_RECENTLY: "announced in the last days",
    Reason.DEPENDS_ON_UNKNOWN: "kept only if unknown cases are left out",
    Reason.MUTED_BY_FEED: "without usable data, which is said once",
    Reason.STILL_BLIND: "still not to be judged, as said before",
    Reason.NEVER_JUDGED: "never judged, for want of data",
    Reason.OVERTAKEN: "over before it was said",
    Reason.RESTATED_SLIGHTLY: "corrected by little",
    Reason.NO_TARGET: "without a promised share",
    Reason.PERIOD_OPEN: "of a period still open",
    Reason.HISTORY: "too old to be news",
    Reason.ALREADY_SAID: "said already",
}


def night_message(told: Told) -> Message:
    """What the channel is told; its key is the day and the number of the message, whatever run says it."""
    night = told.night
    lines = _shown(told)
    below = _proof_of_life(told) if told.is_digest else []
    run = clipped(night.run_id, NAME_LIMIT)
    below.append(f"Judged as at {day(night.as_at.date())} {night.as_at:%H:%M} UTC, run {run}.")
    kind = "digest" if told.is_digest else "night"
    return in_blocks(kind, _key(told), headline(told), lines, below, night.link)


def replies(told: Told) -> list[Message]:
    """The detail, for the thread: the lines the message had no room for, then the figures of the day."""
    found = []
    if _has_more(told):
        lines, shown = _lines(told), _shown(told)
        rest = [line for line in lines if line not in shown]
        title = f"{counted(len(rest), 'further line')} of {day(told.night.local_day)}"
        told_here = shortened(rest, "", KINDS, REST_LINES)
        found.append(in_blocks("detail", f"{_key(told)}/lines", title, told_here, [], ""))
    if told.is_digest and told.number == 1 and told.night.figures:
        figures = figures_of_the_day(told.night, FIGURE_LINES)
        found.append(Message(figures.kind, f"{_key(told)}/figures", figures.text, figures.blocks))
    return found


def thread_reply(key: str, item: Item) -> Message:
    """One change of a standing message's promise, said in its thread."""
    line = line_of(item)
    return in_blocks(item.change.kind.value, key, line.lead, [line], [], "")


def _key(told: Told) -> str:
    more = f"/{told.number}" if told.number > 1 else ""
    return f"{'digest' if told.is_digest else 'night'}/{told.night.local_day}{more}"


def _shown(told: Told) -> list[Line]:
    return shortened(_lines(told), " in the thread", KINDS)


def _has_more(told: Told) -> bool:
    return len(_lines(told)) > LINES


def headline(told: Told) -> str:
    """What broke, where, how badly, against what; when nothing did, what else there is to know."""
    night, items = told.night, [first for first, _ in _folded(told.items)]
    on = f"on {day(night.local_day)}"
    misses = [item for item in items if item.change.kind is Kind.FIRST_MISS]
    if misses:
        worst = misses[0].figure
        rate = share_of(worst.numerator, worst.denominator, worst.exact_target)
        when = _when([item.figure for item in misses])
        found = f"{clipped(worst.title, 50)}, {rate}, promised {whole(worst.target)}"
        where = _places(misses)
        if len(misses) == 1:
            return f"Newly missed in {where} {when}: {found}"
        at = f" in {place_of(worst)}" if len({m.figure.force for m in misses}) > 1 or worst.area else ""
        return f"{counted(len(misses), 'promise')} newly missed in {where} {when}. Worst{at}: {found}"
    for kind, said in ((Kind.CANNOT_JUDGE, "Data missing or unusable"), (Kind.KEPT_AGAIN, "Data is back")):
        feeds = [item for item in items if item.change.promise.log and item.change.kind is kind]
        if feeds:
            return f"{said} {on}: {listed([f'{clipped(f.title, 40)} from {_places([f])}' for f in feeds], 2)}"
    counts = [(words, [i for i in items if i.change.kind.value == kind]) for kind, words in COUNTED.items()]
    some = [f"{counted(len(found), words[0])} {words[1]} in {_places(found)}" for words, found in counts if found]
    some += [f"{counted(len(told.still), 'promise')} still missed in {_places(told.still)}"] if told.still else []
    return f"No new miss {on}: {', '.join(some)}" if some else _quiet_headline(told, on)


def _quiet_headline(told: Told, on: str) -> str:
    own = own_figures(told.night.figures)
    kept = sum(f.verdict == "kept" and not f.depends_on_unknown for f in own)
    uncertain = sum(f.verdict == "kept" and f.depends_on_unknown for f in own)
    missed = sum(f.verdict == "missed" for f in own)
    blind = sum(f.verdict == "cannot_judge" for f in own)
    forces = sorted({f.force for f in own})
    where = place(forces[0], NAME_LIMIT) if len(forces) == 1 else f"{len(forces)} forces" if forces else "any force"
    if not kept + missed + uncertain:
        return f"No promise could be judged in {where} {on}"
    said = [f"{kept} kept"] + [f"{missed} missed without a new alarm"] * bool(missed)
    said += [f"{uncertain} kept only if unknown cases are left out"] * bool(uncertain)
    said += [f"{blind} cannot be judged"] * bool(blind)
    return f"No new alarm in {where} {on}: {', '.join(said)}"


def _when(figures: Sequence[Figure]) -> str:
    """'on Monday 2 November 2026', 'in October 2026', or up to which day where they are of several periods."""
    first = figures[0]
    if len({(f.period, f.period_start) for f in figures}) == 1:
        return f"{'on' if first.period == 'day' else 'in'} {period_of(first.period, first.period_start)}"
    return f"up to {day(max(last_day(f.period, f.period_start) for f in figures))}"


def _places(items: Sequence[Item]) -> str:
    forces = {item.figure.force for item in items}
    if len(forces) > 1:
        return f"{len(forces)} forces"
    areas = {item.figure.area for item in items}
    figure = items[0].figure
    return place_of(figure) if len(areas) == 1 else place(figure.force, NAME_LIMIT)


def _folded(items: Sequence[Item]) -> list[tuple[Item, list[Item]]]:
    """Each change in the order it is told; a miss in an area with that of its whole force, where both are new."""
    whole_force = {_same(item) for item in items if not item.change.promise.area}
    areas: dict[tuple[object, ...], list[Item]] = defaultdict(list)
    first = []
    for item in items:
        if item.change.promise.area and _same(item) in whole_force:
            areas[_same(item)].append(item)
        else:
            first.append(item)
    return [(item, [] if item.change.promise.area else areas[_same(item)]) for item in sorted(first, key=_weight)]


def _same(item: Item) -> tuple[object, ...]:
    promise = item.change.promise
    start = item.change.figure.period_start
    return item.change.kind, promise.standard, promise.measure, promise.force, promise.period, start, promise.log


def _weight(item: Item) -> tuple[object, ...]:
    severity, figure = item.change.promise.severity, item.figure
    order = SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
    kind = list(KINDS).index(item.change.kind.value)
    return kind, order, -figure.beyond_allowance, figure.commitment, figure.title, figure.force, figure.area


def _lines(told: Told) -> list[Line]:
    lines = [line_of(item, areas) for item, areas in _folded(told.items)]
    return [*lines, *_still(told.still), *_quiet(told.quiet)]


def _still(items: Sequence[Item]) -> list[Line]:
    """One line for all: each has been updated where it stands."""
    if not items:
        return []
    said = []
    for item, _ in _folded(items):
        figure, since = item.figure, item.change.since
        rate = f"{share_of(figure.numerator, figure.denominator, figure.exact_target)}, promised {whole(figure.target)}"
        lasted = days_long(since, figure.period_start)
        said.append(f"{clipped(figure.title, 50)}, {place_of(figure)}: {rate}, for {lasted}")
    rest = f"{listed(said, 4, '; ')}. The latest is in the thread of the message that first said so."
    return [Line("still_missed", "Still missed, as announced earlier", rest, limit=ITEM_LIMIT)]


def _quiet(quiet: Sequence[tuple[Figure, Reason]]) -> list[Line]:
    if not quiet:
        return []
    said = []
    for figure, reason in sorted(quiet, key=lambda each: -each[0].beyond_allowance):
        rate = f"{share_of(figure.numerator, figure.denominator, figure.exact_target)}, promised {whole(figure.target)}"
        said.append(f"{clipped(figure.title, 50)}, {place_of(figure)}: {rate} ({WHY[reason]})")
    return [Line("quiet", "Missed, without a new alarm", f"{listed(said, 4, '; ')}.", limit=ITEM_LIMIT)]


def _proof_of_life(told: Told) -> list[str]:
    own = own_figures(told.night.figures)
    return [figures_told(own), *_silences(told.silences), *commitments_told(told.night.commitments)]


def _silences(silences: Mapping[Reason, int]) -> list[str]:
    """Why nothing else was said: every decision of the run to say nothing, by its reason."""
    said = [f"{silences[reason]:,} {words}" for reason, words in WHY.items() if silences.get(reason)]
    if not said:
        return []
    total = sum(silences.values())
    of = f"{counted(total, 'further figure')} (of days and months, forces and areas)"
    return [f"Why nothing else is said – {of}: {', '.join(said)}."]
