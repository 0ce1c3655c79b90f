"""Published figures compared: each force with its last year and its most similar forces, units in funnels.

Measured shares (of hours, of officer days) are not compared: they count no independent cases from which chance
could be told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from checks.commitment import measures
from checks.feeds import ALL
from checks.funnel import Funnel, Limits, Unit, funnel
from checks.grading import Grade, grade
from checks.series import is_final, is_measured
from checks.statistics import Comparison, Difference, Direction, Share, against_average, compare
from checks.verdict import Verdict

Row = Mapping[str, Any]
FUNNEL_GROUP = ("standard", "measure", "period", "period_start", "level", "within")
FUNNEL_PERIODS = ("month", "rolling_12_months")
COMPARED_PERIODS = ("month", "year", "rolling_12_months")
FEWEST_UNITS = 2


@dataclass(frozen=True)
class Similar:
    """A force's most similar forces: their slugs, and whose word that is as of when."""

    forces: tuple[str, ...]
    source: str
    on: date


def comparisons(figures: Iterable[Row], similar: Mapping[str, Similar]) -> Iterator[dict[str, Any]]:
    """Two rows of `comparisons` for each closed figure: against last year, and against the similar forces.

    Args:
        figures: the newest rows of `verdicts` of whole forces, of `COMPARED_PERIODS`, each once.
        similar: by force; a force that is not in it cannot be compared with others.
    """
    known = {_of(figure, figure["force"], figure["period_start"]): figure for figure in figures}
    for figure in known.values():
        if figure["verdict"] != Verdict.IN_PROGRESS and figure["force"] != ALL:
            yield _against_last_year(figure, known)
            yield _against_similar(figure, known, similar.get(figure["force"]))


def _of(figure: Row, force: str, start: date) -> tuple[Any, ...]:
    return (figure["standard"], figure["measure"], force, figure["period"], start)


def _against_last_year(figure: Row, known: Mapping[tuple[Any, ...], Row]) -> dict[str, Any]:
    start: date = figure["period_start"]
    before = known.get(_of(figure, figure["force"], start.replace(year=start.year - 1)))
    why = _obstacle(figure)
    if not why and (before is None or not is_final(before)):
        why = "There is no judged figure of the year before."
    elif not why and before is not None and is_measured(before):
        why = "The year before is a measured share, not one of cases."
    if why or before is None:
        return _row(figure, "last_year", Comparison(Difference.CANNOT_JUDGE), None, why)
    found, other = compare(_share(figure), _share(before)), _share(before)
    graded = grade(_share(figure), other, []).grade
    return _row(figure, "last_year", found, other, _tested(found), graded)


def _against_similar(figure: Row, known: Mapping[tuple[Any, ...], Row], group: Similar | None) -> dict[str, Any]:
    why = _obstacle(figure)
    peers: dict[str, Row] = {}
    if not why and group is None:
        why = "The reference data on forces names no most similar forces of this one."
    elif not why and group is not None:
        found_of = {force: known.get(_of(figure, force, figure["period_start"])) for force in group.forces}
        peers = {name: row for name, row in found_of.items() if row and is_final(row) and not is_measured(row)}
        lacking = [force for force in group.forces if force not in peers]
        # The average of some of them would not be that of its most similar forces.
        why = f"Of its most similar forces {', '.join(lacking)} have no judged figure." if lacking else ""
    if why or group is None:
        return _row(figure, "similar_forces", Comparison(Difference.CANNOT_JUDGE), None, why)
    now, others = _share(figure), [_share(row) for row in peers.values()]
    found = against_average(now, others, Direction.HIGHER_IS_BETTER)
    summed = Share(sum(share.met for share in others), sum(share.n for share in others))
    average = sum(share.value for share in others) / len(others)
    of_whom = f"Plain average of {', '.join(peers)} ({group.source}, {group.on}): {average:.4f}."
    start: date = figure["period_start"]
    past = known.get(_of(figure, figure["force"], start.replace(year=start.year - 1)))
    past_share = _share(past) if past and is_final(past) and not is_measured(past) else None
    graded = grade(now, past_share, others).grade
    return _row(figure, "similar_forces", found, summed, f"{of_whom} {_tested(found)}", graded)


def _obstacle(figure: Row) -> str:
    """Why the figure itself can be compared with nothing; '' where it can."""
    if figure["verdict"] == Verdict.CANNOT_JUDGE:
        return "The figure itself cannot be judged."
    if not is_final(figure):
        return "The figure has no case that was judged."
    return "It is a measured share, not one of cases: chance cannot be told from it." if is_measured(figure) else ""


def _tested(found: Comparison) -> str:
    test = "Fisher's exact test" if found.test == "fisher" else "z test"
    return f"{test}, two-sided, p = {found.p_value:.3g}."


def _is_survey(figure: Row) -> bool:
    """Whether its cases are the answers of people asked, which is what HMIC graded."""
    measure = measures()[figure["measure"]]
    return measure.logs == ("surveys",) and "day" in measure.periods


def _share(figure: Row) -> Share:
    return Share(figure["numerator"], figure["denominator"])


def _row(
    figure: Row, against: str, found: Comparison, other: Share | None, why: str, graded: Grade = Grade.CANNOT_JUDGE
) -> dict[str, Any]:
    return {
        **{name: figure[name] for name in ("standard", "measure", "force", "period", "period_start")},
        "against": against,
        "numerator": figure["numerator"],
        "denominator": figure["denominator"],
        "other_numerator": other.met if other else 0,
        "other_denominator": other.n if other else 0,
        "difference": found.change,
        "low": found.low,
        "high": found.high,
        "found": found.difference.value,
        "grade": graded.value if _is_survey(figure) else "",
        "why": why,
    }


def funnel_groups(figures: Iterable[Row]) -> dict[tuple[Any, ...], list[Row]]:
    """The figures that share a funnel, by `FUNNEL_GROUP`: the forces, and the neighbourhoods of each force.

    `figures` are the newest rows of `verdicts` of `FUNNEL_PERIODS`, each once, areas passed over.
    """
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for figure in figures:
        of_force = not figure["neighbourhood"]
        if figure["force"] == ALL or (of_force and figure["area"]):
            continue
        level, within = ("force", ALL) if of_force else ("neighbourhood", figure["force"])
        groups[(*(figure[name] for name in FUNNEL_GROUP[:4]), level, within)].append(figure)
    return groups


def funnel_rows(group: tuple[Any, ...], figures: Sequence[Row], stated: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The rows of `funnels` of one group; none where fewer than two units have cases.

    `stated` are the units the store has in this funnel: one that is no longer in it gets a row of no cases.
    """
    shares = {
        figure["neighbourhood"] or figure["force"]: _share(figure)
        for figure in figures
        if is_final(figure) and not is_measured(figure)
    }
    drawn = funnel(shares) if len(shares) >= FEWEST_UNITS else None
    named = dict(zip(FUNNEL_GROUP, group, strict=True))
    rows = [{**named, **_placed(unit, drawn)} for unit in drawn.units] if drawn else []
    left = {*stated} - {row["unit"] for row in rows}
    return rows + [{**named, "unit": name, **_LEFT} for name in sorted(left)]


_LEFT: dict[str, Any] = {
    "numerator": 0,
    "denominator": 0,
    **dict.fromkeys(("rate", "pooled", "phi", *Limits.__annotations__)),
    "overdispersed": False,
    "place": "",
    "note": "It is no longer in this funnel.",
}


def _placed(unit: Unit, drawn: Funnel) -> dict[str, Any]:
    return {
        "unit": unit.name,
        "numerator": unit.share.met,
        "denominator": unit.share.n,
        "rate": unit.share.value,
        "pooled": drawn.pooled,
        "phi": drawn.phi,
        "overdispersed": drawn.overdispersed,
        **vars(unit.limits),
        "place": unit.place.value,
        "note": drawn.note,
    }
