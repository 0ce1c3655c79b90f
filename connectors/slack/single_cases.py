"""Promises of every single case (100 %) that one case each has broken: one line counts them, the thread has each. Pure.

One such case breaks its promise, and is said. A dozen of them, one a neighbourhood, are no dozen alarms at 06:00.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from checks.changes import Kind
from connectors.slack.blocks import Line, clipped
from connectors.slack.message import NAME_LIMIT, place_of
from connectors.slack.night import Item
from connectors.slack.phrases import counted, listed, place

KIND = "single_case"
LIMIT = 700
SEVERITIES = ("high", "medium", "low", "")
Folded = tuple[Item, list[Item]]


def gathered(folded: Sequence[Folded]) -> tuple[list[Folded], list[Item]]:
    """What has a line of its own, and what one line counts together; a single case that is alone has its own line."""
    singles = [item for item, _ in folded if _is_single(item)]
    if len(singles) < 2:
        return list(folded), []
    return [each for each in folded if not _is_single(each[0])], singles


def _is_single(item: Item) -> bool:
    figure = item.figure
    return item.change.kind is Kind.FIRST_MISS and figure.exact_target == 1 and figure.missed == 1


def line_of_singles(singles: Sequence[Item], when: str) -> Line:
    """The line that counts them: how many, of what, where, how severe, and where each is to be answered."""
    lead = f"Broken by one case each – {counted(len(singles), 'promise')} that allow no miss, {when}"
    several = len({item.figure.force for item in singles}) > 1
    places: dict[str, list[str]] = defaultdict(list)
    for item in singles:
        figure = item.figure
        short = place(figure.area or figure.force, 40)
        places[clipped(figure.title, NAME_LIMIT)].append(place_of(figure) if several else short)
    named = [f"{title} ({listed(where, 3)})" for title, where in places.items()]
    severity = Counter(item.change.promise.severity for item in singles)
    said = [f"{severity[each]:,} {each}" for each in SEVERITIES if each and severity[each]]
    parts = [f"{listed(named, 4, '; ')}.", *([f"Severity: {', '.join(said)}."] if said else [])]
    parts.append("Each stands in the thread. Next: acknowledge and explain it there.")
    return Line(KIND, lead.replace("*", "∗"), " ".join(parts), limit=LIMIT)
