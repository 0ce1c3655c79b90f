"""What a chart shows, in words: the text of the charts for who cannot see them, and the first thing beside them.

Pure, from the very rows and series the chart is drawn from; a figure that a chart shows and its finding are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.funnel import Place
from checks.limits import TINY
from checks.spc import Assurance, Plotted, Series, Variation
from connectors.site import words

Row = Mapping[str, Any]

NO_POINTS = "There is no period yet that is over and has a figure: nothing can be charted."
_VARIATIONS = {
    Variation.COMMON_CAUSE: "That is ordinary variation.",
    Variation.IMPROVING: "That is a signal, and a better figure than usual: {why}.",
    Variation.CONCERNING: "That is a signal, and a worse figure than usual: {why}.",
    Variation.HIGH: "That is a signal, a higher figure than usual: {why}.",
    Variation.LOW: "That is a signal, a lower figure than usual: {why}.",
}
_ASSURANCES = {
    Assurance.MET: "The target of {target} will be met if nothing changes.",
    Assurance.HIT_OR_MISS: "The target of {target} will be hit or missed by chance.",
    Assurance.MISSED: "The target of {target} will not be met without change.",
}
_FEW = 8


def of_process(title: str, place: str, period: str, series: Sequence[Series], newest: Row | None) -> str:
    """The finding of a process-behaviour chart: newest figure, usual range, signal, target, how far the chart goes.

    Args:
        title: what the measure is called; `place` whose figure it is.
        period: `month` or `day`.
        series: as drawn, the newest last.
        newest: the row of `verdicts` of the newest point.
    """
    points = [point for one in series for point in one.points]
    if not points or newest is None:
        return f"{words.capital(title)}, {place}: {NO_POINTS[0].lower()}{NO_POINTS[1:]}"
    point = points[-1]
    when = words.period(period, point.at)
    figure = f"{words.rate(newest)} of {newest['denominator']:,} {_counted(newest)}"
    said = [f"{words.capital(title)}, {place}: {figure} in {when}, {_position(point)}."]
    if point.variation in _VARIATIONS:
        why = words.listed([reason.in_words for reason in point.reasons])
        said.append(_VARIATIONS[point.variation].format(why=why))
    if series[-1].assurance in _ASSURANCES and newest["target"] is not None:
        said.append(_ASSURANCES[series[-1].assurance].format(target=words.target(newest["target"])))
    if series[-1].trial and point.lower is not None:
        said.append(f"The range rests on fewer than {series[-1].rules.trial_below} points and may still shift.")
    return " ".join([*said, _extent(points, period)])


def _counted(row: Row) -> str:
    """What the denominator counts: cases, or what was measured of them."""
    return "cases" if row["rate_low"] is not None else "measured units"


def _position(point: Plotted) -> str:
    if point.lower is None or point.upper is None:
        return "the first point: a usual range needs a second"
    where = "within"
    if point.value > point.upper + TINY:
        where = "above"
    elif point.value < point.lower - TINY:
        where = "below"
    return f"{where} its usual range of {words.share(point.lower)} to {words.share(point.upper)}"


def _extent(points: Sequence[Plotted], period: str) -> str:
    signals = sum(point.variation not in (Variation.COMMON_CAUSE, Variation.NO_LIMITS) for point in points)
    if len(points) == 1:
        return "The chart has one point."
    first, last = (words.period(period, point.at) for point in (points[0], points[-1]))
    told = f"{words.counted(signals, 'is a signal', 'are signals')}" if signals else "none is a signal"
    return f"The chart has {len(points)} points from {first} to {last}; {told}."


def of_funnel(title: str, what: str, when: str, rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """The finding of a funnel plot: who lies outside its 99.8 % limits, who near them, and around which rate.

    Args:
        what: the units: `forces`, or `neighbourhoods of Norfolk`.
        rows: of `funnels`, one group; those without a rate are no longer in it.
        names: how each unit is called.
    """
    placed = [row for row in rows if row["rate"] is not None]
    if not placed:
        return f"{words.capital(title)}, {what}, {when}: fewer than two have cases; no funnel can be drawn."
    said = [
        f"{words.capital(title)}, {len(placed)} {what}, {when}: together {words.share(placed[0]['pooled'])}"
        f" of {sum(row['denominator'] for row in placed):,} cases."
    ]
    outside = [_outside(placed, place, names) for place in (Place.WORSE, Place.BETTER)]
    said += [f"{text}." for text in outside if text]
    if not any(outside):
        said.append("None lies outside the 99.8 % limits: the differences are no larger than chance explains.")
    near = sum(row["place"] in (Place.NEAR_BETTER, Place.NEAR_WORSE) for row in placed)
    if near:
        said.append(f"{words.counted(near, 'lies', 'lie')} between the 95 % and 99.8 % limits.")
    return " ".join(said)


def _outside(rows: Sequence[Row], place: Place, names: Mapping[str, str]) -> str:
    found = sorted((row for row in rows if row["place"] == place), key=lambda row: (-row["denominator"], row["unit"]))
    if not found:
        return ""
    told = [f"{names.get(row['unit'], row['unit'])} ({words.share(row['rate'])})" for row in found[:_FEW]]
    if len(found) > _FEW:
        told.append(f"{len(found) - _FEW} more")
    way = "worse" if place is Place.WORSE else "better"
    verb = "lies" if len(found) == 1 else "lie"
    return f"Outside the 99.8 % limits, {way} than chance explains, {verb} {words.listed(told)}"


def of_delay(title: str, place: str, when: str, rows: Sequence[Row]) -> str:
    """The finding of the stages of attendance: which costs most, and how long half and nine of ten take in each."""
    counted = [row for row in rows if row["n"]]
    if not counted:
        return f"{words.capital(title)}, {place}, {when}: no stage was timed."
    most = next((row for row in counted if row["costs_most"]), None)
    stages = "; ".join(
        f"{row['stage']} {words.seconds(row['p50_seconds'])} (nine of ten within {words.seconds(row['p90_seconds'])})"
        for row in counted
    )
    costs = f" Most of the time goes into {most['stage']}: {words.share(most['share'], 0)}." if most else ""
    return f"{words.capital(title)}, {place}, {when}.{costs} Half take no longer than: {stages}."
