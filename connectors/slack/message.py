"""The wording of a day's figures: the detail in the thread below the night's message. Pure.

Counts and places only: never a name, a number or an address. Worst first, at most ten lines, omissions said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from connectors.slack.blocks import Line, Message, clipped
from connectors.slack.blocks import message as in_blocks
from connectors.slack.night import BadDelivery, CommitmentVerdict, Figure, Night
from connectors.slack.phrases import (
    counted,
    day,
    listed,
    percent,
    period_of,
    place,
    share_of,
    whole,
    without_values,
)

LINES = 10
NAME_LIMIT = 60
VERDICTS = ("missed", "cannot_judge", "too_few", "in_progress", "kept", "no_target")
KINDS = {  # in the order they are told
    "missed": "missed",
    "uncertain": "kept only without the unknown",
    "data": "about data that did not come or is unfit",
    "cannot_judge": "about what cannot be judged",
}


def figures_of_the_day(night: Night, most: int = LINES) -> Message:
    """The figures of a day judged, worst first, in at most so many lines: the detail below the night's message."""
    own = own_figures(night.figures)
    lines = shortened(_lines(night, own), " on the page" if night.link else "", KINDS, most)
    below = [*_next_step(own), figures_told(own), *commitments_told(night.commitments)]
    run = clipped(night.run_id, NAME_LIMIT)
    below.append(f"Judged as at {day(night.as_at.date())} {night.as_at:%H:%M} UTC, run {run}.")
    return in_blocks("figures", f"figures/{night.local_day}", _headline(night, own), lines, below, night.link)


def own_figures(figures: Sequence[Figure]) -> list[Figure]:
    """The figures of forces, and a missed area where its force as a whole did not miss."""
    # `all` would repeat what its forces say
    forces = [f for f in figures if not f.area and f.force != "all"]
    told = {_promise(f) for f in forces if f.verdict == "missed"}
    return forces + [f for f in figures if f.area and f.verdict == "missed" and _promise(f) not in told]


def _promise(figure: Figure) -> tuple[object, ...]:
    return figure.force, figure.measure, figure.period, figure.period_start


def _missed(figures: Sequence[Figure]) -> list[Figure]:
    """Worst first: what chance cannot explain, then by how many more were missed than the promise allows."""
    missed = [f for f in figures if f.verdict == "missed"]
    return sorted(missed, key=lambda f: (f.may_be_chance, -f.beyond_allowance, f.commitment, f.title, f.force, f.area))


def _headline(night: Night, own: Sequence[Figure]) -> str:
    where_when = f"in {_forces(night, own)} on {day(night.local_day)}"
    missed = _missed(own)
    if missed:
        worst = missed[0]
        rate = share_of(worst.numerator, worst.denominator, worst.exact_target)
        where = f" in {clipped(place_of(worst), 40)}" if worst.area or len({f.force for f in own}) > 1 else ""
        found = f"{clipped(worst.title, 40)}{where}, {rate}, promise {whole(worst.target)}"
        return f"{counted(len(missed), 'promise')} missed {where_when}. Worst: {found}"
    kept = sum(f.verdict == "kept" for f in own)
    if not kept:
        return f"No promise could be judged {where_when}"
    uncertain = sum(f.verdict == "kept" and f.depends_on_unknown for f in own)
    blind = sum(f.verdict == "cannot_judge" for f in own)
    rest = [f"{kept - uncertain} kept"]
    rest += [f"{uncertain} kept only if unknown cases are left out"] if uncertain else []
    rest += [f"{blind} cannot be judged"] if blind else []
    return f"Nothing missed {where_when}: {', '.join(rest)}"


def _forces(night: Night, own: Sequence[Figure]) -> str:
    forces = sorted({f.force for f in own} or {d.force for d in night.deliveries})
    if len(forces) <= 1:
        return place(forces[0], NAME_LIMIT) if forces else "any force"
    hit = len({f.force for f in own if f.verdict == "missed"})
    return f"{hit} of {len(forces)} forces" if hit else f"{len(forces)} forces"


def _lines(night: Night, own: Sequence[Figure]) -> list[Line]:
    uncertain = [f for f in own if f.verdict == "kept" and f.depends_on_unknown]
    return [
        *(_missed_line(f, night) for f in _missed(own)),
        *(_uncertain_line(f, night) for f in uncertain),
        *(_delivery_line(d) for d in night.deliveries),
        *_cannot_judge_lines(own),
    ]


def _missed_line(figure: Figure, night: Night) -> Line:
    within = f" within {clipped(figure.limit, NAME_LIMIT)}" if figure.limit else ""
    rate = share_of(figure.numerator, figure.denominator, figure.exact_target)
    low, high = 100 * (figure.rate_low or 0), 100 * (figure.rate_high or 0)
    chance = "; may be chance" if figure.may_be_chance else ""
    beyond = f", {figure.beyond_allowance:,} more than the promise allows" if figure.exact_target < 1 else ""
    parts = [
        f"{rate}{within}, promise {whole(figure.target)} (95 % interval {low:.1f}–{high:.1f} %{chance}).",
        f"{figure.missed:,} missed{beyond}.",
    ]
    if figure.unknown:
        parts.append(f"{figure.unknown:,} more without a recorded outcome.")
    return Line("missed", f"Missed – {_subject(figure, night)}", " ".join([*parts, *_worst_area(figure, night)]))


def _worst_area(figure: Figure, night: Night) -> list[str]:
    if figure.area:
        return []
    areas = _missed([f for f in night.figures if f.area and _promise(f) == _promise(figure)])
    if not areas:
        return []
    worst, others = areas[0], len(areas) - 1
    also = f" and {counted(others, 'other area')} missed too" if others else ""
    rate = share_of(worst.numerator, worst.denominator, worst.exact_target)
    return [f"Worst area: {place(worst.area, NAME_LIMIT)}, {rate}{also}."]


def _uncertain_line(figure: Figure, night: Night) -> Line:
    rate = share_of(figure.numerator, figure.denominator, figure.exact_target)
    lower = percent(figure.numerator, figure.denominator + figure.unknown, figure.exact_target)
    blind = f"{counted(figure.unknown, 'case')} without a recorded outcome"
    rest = f"{rate}, promise {whole(figure.target)}, but {blind}; were they missed, it would be {lower}: broken."
    return Line("uncertain", f"Not certain – {_subject(figure, night)}", rest)


def _delivery_line(delivery: BadDelivery) -> Line:
    absent = delivery.fitness == "absent"
    did = "did not come" if absent else "is unfit"
    rest = clipped(without_values(delivery.reason), 160) or (
        "Nothing arrived." if absent else "No reason was recorded."
    )
    return Line(
        "data",
        f"Data – {clipped(delivery.log, NAME_LIMIT)} from {place(delivery.force, NAME_LIMIT)} {did}",
        rest,
    )


def _cannot_judge_lines(own: Sequence[Figure]) -> list[Line]:
    blind = sorted((f for f in own if f.verdict == "cannot_judge"), key=lambda f: (f.force, f.commitment, f.title))
    lines = []
    for force, group in groupby(blind, key=lambda f: f.force):
        titles = list(dict.fromkeys(clipped(f.title, NAME_LIMIT) for f in group))
        lines.append(Line("cannot_judge", f"Cannot be judged – {place(force, NAME_LIMIT)}", f"{listed(titles)}."))
    return lines


def in_words(verdict: str) -> str:
    return "cannot be judged" if verdict == "cannot_judge" else verdict.replace("_", " ")


def _subject(figure: Figure, night: Night) -> str:
    same = figure.period == "day" and figure.period_start == night.local_day
    when = "" if same else f", {period_of(figure.period, figure.period_start)}"
    return f"{clipped(figure.title, NAME_LIMIT)}, {place_of(figure)}{when}"


def place_of(figure: Figure) -> str:
    force = place(figure.force, NAME_LIMIT)
    return f"{place(figure.area, NAME_LIMIT)} ({force})" if figure.area else force


def shortened(lines: list[Line], where: str, kinds: Mapping[str, str], most: int = LINES) -> list[Line]:
    """At most so many lines: the first of each kind, the worst of the rest, and what is left out, in words."""
    if len(lines) <= most:
        return lines
    first = {kind: next(i for i, line in enumerate(lines) if line.kind == kind) for kind in {ln.kind for ln in lines}}
    others = [i for i in range(len(lines)) if i not in first.values()]
    shown = sorted([*first.values(), *others[: most - 1 - len(first)]])
    left = Counter(line.kind for i, line in enumerate(lines) if i not in shown)
    named = ", ".join(f"{left[kind]:,} {words}" for kind, words in kinds.items() if left[kind])
    return [*(lines[i] for i in shown), Line("left_out", f"… and {left.total():,} more{where}", f"{named}.")]


def figures_told(own: Sequence[Figure]) -> str:
    """The proof of life: what was judged, what could not be, how much is not known."""
    verdicts = Counter(f.verdict for f in own)
    words = {
        "missed": "missed",
        "kept": "kept",
        "too_few": "with too few cases to judge",
        "cannot_judge": "that cannot be judged",
        "in_progress": "still open",
        "no_target": "without a promised share",
    }
    named = ", ".join(f"{verdicts[v]:,} {said}" for v, said in words.items() if verdicts[v]) or "none"
    unknown = sum(f.unknown for f in own)
    of = unknown + sum(f.denominator for f in own)
    blind = f" No outcome recorded for {unknown:,} of {counted(of, 'case')}." if unknown else ""
    return f"{counted(len(own), 'figure')} of the day looked at: {named}.{blind}"


def _next_step(own: Sequence[Figure]) -> list[str]:
    """How to get at the records behind the worst miss: by reference, never in the message."""
    missed = _missed(own)
    if not missed:
        return []
    worst = missed[0]
    places = f"--force {clipped(worst.force, NAME_LIMIT)} --from {worst.period_start}"
    return [f"The records behind the worst: pledge cases --measure {worst.measure} {places}"]


def commitments_told(verdicts: Sequence[CommitmentVerdict]) -> list[str]:
    told = sorted((v for v in verdicts if v.force != "all" and v.number), key=lambda v: (v.force, v.number))
    by_force = []
    for force, group in groupby(told, key=lambda v: v.force):
        numbers: dict[str, list[str]] = {}
        for verdict in group:
            numbers.setdefault(verdict.verdict, []).append(str(verdict.number))
        in_order = sorted(numbers.items(), key=lambda each: VERDICTS.index(each[0]))
        said = [f"no. {', '.join(found)} {in_words(verdict)}" for verdict, found in in_order]
        by_force.append(f"{place(force, NAME_LIMIT)} {'; '.join(said)}")
    return [f"Of the ten commitments: {listed(by_force, 6, ' – ')}."] if by_force else []
