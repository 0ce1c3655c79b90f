"""The sensitivity table: figures under every documented definition, side by side, with their verdicts.

The command judges and counts afresh; a run counts while it judges and says what came of it when it is recorded
(`dags/definitions.py`). What a row is and how it is judged is written here, once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import rfc8785

from checks.commitment import Measure
from checks.database import connect
from checks.feeds import Feeds, last_day
from checks.judging import prepare
from checks.logs import LOGS
from checks.sensitivity import COUNTS, OWN, WINDOW, Variant, applied, count, variants
from checks.standard import Effective, Standard, effective
from connectors.lake.cases import lay_missed_cases
from connectors.lake.erased_cases import lay_frozen_cases
from connectors.settings import Settings
from dags.kept_out import frozen_of
from dags.plan import FIRST_YEAR, Plan, bank_holidays, commitments_by_measure, zones
from dags.recording import records, rule_on, second_door

COLUMNS = (
    "standard", "measure", "force", "period", "period_start", "definition", "cases", "met", "missed", "pending",
    "unknown", "excluded", "rate", "verdict", "verdict_changes",
)  # fmt: skip
OF_ERASED = (
    "Under every definition they count as they did under the standard's own: nobody can judge them by another any more."
)
# Start of a period (None: the whole window) → its counts.
Counts = Mapping[date | None, Mapping[str, Any]]


@dataclass(frozen=True)
class Slice:
    """One measure of one force under one standard; `stretches` = the rules that judge it, in turn."""

    standard: Standard
    measure: Measure
    force: str
    stretches: Sequence[Effective]

    def variants(self, *, full: bool = False) -> list[Variant]:
        return variants([each.rule for each in self.stretches], self.measure.switches, full=full)


def slices(standards: Sequence[Standard], measure: Measure, force: str) -> list[Slice]:
    """The standards that judge the measure of this force, each with its rules as a run applies them."""
    every = effective(standards, measure.name, force)
    found = [
        Slice(standard, measure, force, [each for each in every if each.rule.standard == standard.name])
        for standard in standards
    ]
    return [each for each in found if each.stretches]


def figures(
    of: Slice,
    chosen: Sequence[Variant],
    counts: Mapping[str, Counts],
    starts: Collection[date | None],
    period: str,
    feeds: Feeds,
    plan: Plan,
    zone: str,
) -> Iterator[dict[str, Any]]:
    """One row for each period and variant, still without verdict; where a variant is the own definition, none.

    Args:
        counts: by what the variants are `judged_as`; without counts a figure is of no case.
    """
    switches, as_at = of.measure.switches, plan.moment
    for start in sorted(starts, key=lambda day: day or date.min):
        rule = rule_on(of.standard, of.measure.name, of.force, start) if start else of.stretches[-1].rule
        own = OWN.definition(rule, switches)
        blocked = _blocked(of, period, start, feeds, plan)
        for variant in chosen:
            definition = variant.definition(rule, switches)
            if variant is not OWN and definition == own:
                continue
            counted = counts.get(variant.judged_as, {}).get(start, {})
            yield {
                "slice": of,
                "variant": variant,
                "rule": rule,
                "definition": definition,
                "period": period,
                "period_start": start,
                **{name: int(counted.get(name, 0)) for name in COUNTS},
                "unjudgeable": bool(counted.get("unjudgeable", False)),
                "absent": feeds.absent(of.measure, of.force, definition),
                "blocked": blocked,
                "period_open": start is not None and _is_open(period, start, zone, as_at),
            }


def _blocked(of: Slice, period: str, start: date | None, feeds: Feeds, plan: Plan) -> bool:
    if start is not None:
        return feeds.blocked(of.measure, of.force, period, start)
    window = plan.window
    days = window.first_day or date.min, window.last_day or window.as_at.date()
    return feeds.blocked_between(of.measure, of.force, *days)


def _is_open(period: str, start: date, zone: str, as_at: datetime) -> bool:
    end = last_day(period, start) + timedelta(days=1)
    return datetime.combine(end, time(), ZoneInfo(zone)) > as_at


def concluded(standard: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Figures of one standard with their verdicts, and whether each verdict is another than the own definition's."""
    if not rows:
        return []
    table = pd.DataFrame(rows)
    table["verdict"], _ = second_door(standard, "sensitivity", table, list(table["rule"]), list(table["definition"]))
    said = records(table)
    place = [(row["slice"].measure.name, row["slice"].force, row["period_start"]) for row in rows]
    own = {where: row["verdict"] for where, row in zip(place, said, strict=True) if row["variant"] == OWN}
    return [
        _said(standard, row, given, row["verdict"] != own[where])
        for row, given, where in zip(said, rows, place, strict=True)
    ]


def _said(standard: str, row: Mapping[str, Any], given: Mapping[str, Any], changes: bool) -> dict[str, Any]:
    target, denominator = given["rule"].target, int(row["denominator"])
    return {
        "standard": standard,
        "measure": given["slice"].measure.name,
        "force": given["slice"].force,
        "period": given["period"],
        "period_start": given["period_start"],
        "definition": given["definition"],
        "changed": given["variant"].changed,
        **{name: given[name] for name in COUNTS},
        "numerator": int(row["numerator"]),
        "denominator": denominator,
        "target": target,
        "rate": int(row["numerator"]) / denominator if denominator else None,
        "verdict": row["verdict"],
        "verdict_changes": changes,
    }


def canonical(definition: Mapping[str, str]) -> str:
    """A definition as the store keys it: canonical JSON."""
    return rfc8785.dumps(dict(definition)).decode()


def sensitivity(
    plan: Plan,
    settings: Settings,
    standards: Sequence[Standard],
    measure: Measure,
    forces: Sequence[str],
    versions: Mapping[str, int],
    feeds: Feeds,
    erased: Sequence[dict[str, Any]],
    say: Callable[[str], None],
    *,
    full: bool = False,
    period: str = WINDOW,
    areas: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """Judge the measure's cases under each definition; the default definition comes first.

    Args:
        versions: of the logs in the lake, as `Lake.versions` gives them, and of its `cases`.
        feeds: what the forces delivered, up to those versions.
        erased: the records of erasures; `say` is told how many cases of each force they left, in no row.
        areas: only cases of these areas; empty = every case.

    Yields one row per standard, force and definition (and period, unless that is the whole `window`).
    """
    lake = plan.open_lake()
    for force in forces:
        zone = zones(settings, [force])
        files = {name: lake.files(name, version, force=[force]) for name, version in versions.items() if name in LOGS}
        con = connect()
        try:
            holidays = bank_holidays(settings, [force], FIRST_YEAR, plan.moment.year + 1)
            prepare(con, plan.window, zone, files, bank_holidays=holidays)
            names = [standard.name for standard in standards]
            cases = lake.files("cases", versions.get("cases"), standard=names, force=[force])
            lay_missed_cases(con, cases, commitments_by_measure())
            first = plan.window.first_day
            lay_frozen_cases(con, *frozen_of(lake, erased, measure, force, names, first, versions.get("cases")))
            _tell_frozen(con, measure, force, say)
            for of in slices(standards, measure, force):
                chosen = of.variants(full=full)
                found = count(con, measure, list(applied(of.stretches, force, measure, chosen)), period, areas)
                counts = {judged_as: each for (_, judged_as), each in found.items()}
                starts = _starts(counts, of, period, feeds, plan)
                rows = list(figures(of, chosen, counts, starts, period, feeds, plan, zone[force]))
                rows.sort(key=lambda row: chosen.index(row["variant"]))
                yield from concluded(of.standard.name, rows)
        finally:
            con.close()


def _tell_frozen(con: duckdb.DuckDBPyConnection, measure: Measure, force: str, say: Callable[[str], None]) -> None:
    [(left,)] = con.execute("select count(*) from frozen_cases").fetchall()
    if left:
        say(f"{force}, {measure.name}: cases of erased records: {left:,}. {OF_ERASED}")


def _starts(counts: Mapping[str, Counts], of: Slice, period: str, feeds: Feeds, plan: Plan) -> set[date | None]:
    """The periods there are figures of: those with cases, and those that cannot be judged for want of a feed."""
    if period == WINDOW:
        return {None}
    starts = {start for each in counts.values() for start in each}
    if period not in of.measure.periods:
        return starts
    window = plan.window
    absent = feeds.absent(of.measure, of.force, of.stretches[-1].rule.definition)
    for each, start in feeds.periods(of.force, window.first_day, window.last_day, window.as_at.date()):
        if each == period and (absent or feeds.blocked(of.measure, of.force, each, start)):
            starts.add(start)
    return starts
