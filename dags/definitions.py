"""The sensitivity table of a run: counted while it judges, said when it is recorded.

A slice (standard, measure, force) is counted anew when what it rests on changed: its rules, its logs, its cases, or
the time while a case of it is pending. The counts wait in the store's `definition_counts` until the figures of the
own definition are there to stand beside.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from checks.commitment import Measure, measures
from checks.feeds import Feeds, is_whole
from checks.judging import AppliedRule, definitions_script, measure_script, rules_script
from checks.sensitivity import COUNTS, OWN, applied, count, own_period
from checks.standard import Standard
from checks.verdict import Verdict
from connectors.lake.erased_cases import lay_frozen_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store.sensitivity import Counted, SliceName
from dags.kept_out import frozen_before, frozen_of
from dags.plan import Plan, zones
from dags.recording import Tally, records
from dags.sensitivity import Slice, canonical, concluded, figures, slices
from dags.stating import EVERYTHING, Scope

Row = dict[str, Any]
PENDING = COUNTS.index("pending")


@dataclass
class Counting:
    """One force's counts while a run judges it.

    `con` is laid out for the force, `surroundings` is what else than its logs the judging reads (zone, bank
    holidays); `kept` is what the store has, `found` what is to be put there. `erased` are the records of erasures.
    """

    con: duckdb.DuckDBPyConnection
    plan: Plan
    lake: Lake
    force: str
    surroundings: object
    kept: Mapping[SliceName, Counted]
    erased: Sequence[Row] = ()
    found: dict[SliceName, Counted] = field(default_factory=dict)

    def count(
        self, measure: Measure, standards: Sequence[Standard], files: Mapping[str, Sequence[str]], first: date | None
    ) -> None:
        """Count the measure under the other definitions of each standard, where that may have changed.

        Args:
            files: all of the force's logs, laid out or not: how far back a run reads changes no count.
            first: the first day that is judged; None = every day.
        """
        rules: list[AppliedRule] = []
        bases: dict[SliceName, str] = {}
        for of in slices(standards, measure, self.force):
            name: SliceName = (of.standard.name, measure.name, self.force)
            own = [each for each in applied(of.stretches, self.force, measure, of.variants()) if _differs(each)]
            basis = self._basis(of, own, files)
            if own and not self._is_fresh(self.kept.get(name), basis):
                rules, bases[name] = rules + own, basis
        if not rules:
            return
        counted_by = {standard for standard, *_ in bases}
        lay_frozen_cases(self.con, *frozen_of(self.lake, self.erased, measure, self.force, counted_by, first))
        counted = count(self.con, measure, rules, own_period(measure))
        for name, basis in bases.items():
            new = {each: _plain(counts) for (standard, each), counts in counted.items() if standard == name[0]}
            self.found[name] = self._merged(measure, name, basis, new, first)

    def _basis(self, of: Slice, rules: Sequence[AppliedRule], files: Mapping[str, Sequence[str]]) -> str:
        """A hash of everything the counts depend on but the time."""
        script = measure_script(of.measure)
        # The closing promise is about the missed cases of every measure.
        read = measures() if "missed_cases" in script else [of.measure.name]
        cases = self.lake.names("cases", force=[self.force], standard=[of.standard.name], measure=read)
        parts = (
            script,
            rules_script(of.measure, rules),
            sorted((log, list(each)) for log, each in files.items() if log in script),
            cases,
            self.surroundings,
            definitions_script(),
            frozen_before(self.erased, of.measure.logs, self.force),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _is_fresh(self, kept: Counted | None, basis: str) -> bool:
        if kept is None or kept.basis != basis or kept.as_at > self.plan.moment:
            return False
        return kept.as_at == self.plan.moment or not any(
            counts[PENDING] for starts in kept.counts.values() for counts in starts.values()
        )

    def _merged(
        self, measure: Measure, name: SliceName, basis: str, new: dict[str, Any], first: date | None
    ) -> Counted:
        """What a run over some days counted goes beside what was known of other periods.

        Days it was told (a window) are no basis for others; those before its look-back are final.
        """
        last, kept = self.plan.window.last_day, self.kept.get(name)
        if first is None and last is None:
            return Counted(basis, self.plan.moment, new)
        days = (first, last, self.plan.window.as_at.date())
        counts = kept.counts if kept else {}
        for each in {*counts, *new}:
            outside = {
                start: row
                for start, row in counts.get(each, {}).items()
                if not is_whole(own_period(measure), date.fromisoformat(start), *days)
            }
            new[each] = outside | new.get(each, {})
        is_window = bool(self.plan.first_day or self.plan.last_day)
        return Counted("" if is_window else basis, self.plan.moment, new)


def _differs(rule: AppliedRule) -> bool:
    """The own definition's cases are those the run keeps: they need no second judging."""
    return rule.definition_id != OWN.judged_as


def _plain(counts: Mapping[date | None, Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Counts as they are kept: start of the period → the numbers in the order of COUNTS, then `unjudgeable`."""
    return {
        str(start): [*(int(row[name]) for name in COUNTS), bool(row["unjudgeable"])] for start, row in counts.items()
    }


def _read(counts: Mapping[str, Sequence[Any]]) -> dict[date | None, Row]:
    return {
        date.fromisoformat(start): dict(zip((*COUNTS, "unjudgeable"), row, strict=True))
        for start, row in counts.items()
    }


def said(
    tallies: Iterable[Tally],
    judged: Iterable[Tally],
    counted: Mapping[SliceName, Counted],
    standards: Sequence[Standard],
    feeds: Feeds,
    plan: Plan,
    settings: Settings,
    forces: Sequence[str],
    scope: Scope = EVERYTHING,
    standing: Sequence[Row] = (),
) -> tuple[list[Row], list[SliceName]]:
    """The rows of `sensitivity` beside a run's figures, and the slices of which that is everything.

    Args:
        tallies: what was counted, for every standard and measure.
        judged: the figures that came of it, where there are any.
        counted: what the other definitions count to; without it, nothing is said of them where there are cases.
        scope: what of the figures was stated anew; the others are those of `standing`, as the store has them.
    """
    zone = zones(settings, forces)
    own = {(each.standard.name, each.measure.name): _own_counts(each, forces) for each in judged}
    _add_standing(own, standing, forces, scope)
    rows: dict[str, list[Row]] = defaultdict(list)
    whole: list[SliceName] = []
    for measure in {each.measure.name: each.measure for each in tallies}.values():
        for force in forces:
            for of in slices(standards, measure, force):
                name = (of.standard.name, measure.name, force)
                stated = own.get(name[:2], {}).get(force, {})
                found, is_whole_slice = _of_slice(of, stated, counted.get(name), feeds, plan, zone[force], scope.first)
                rows[of.standard.name] += found
                whole += [name] if is_whole_slice else []
    said_of = [row for standard, each in rows.items() for row in concluded(standard, each)]
    kept = [
        {**row, "definition": canonical(row["definition"])}
        for row in said_of
        if row["changed"] or row["period_start"] in own.get((row["standard"], row["measure"]), {}).get(row["force"], {})
    ]
    return kept, [] if plan.first_day or plan.last_day else whole


def _own_counts(each: Tally, forces: Sequence[str]) -> dict[str, dict[date | None, Row]]:
    """force → start of period → counts, of the forces' own figures."""
    table = each.figures
    chosen = table[
        (table["period"] == own_period(each.measure))
        & (table["area"] == "")
        & (table["neighbourhood"] == "")
        & table["force"].isin(list(forces))
    ]
    found: dict[str, dict[date | None, Row]] = defaultdict(dict)
    for row in records(chosen):
        found[row["force"]][row["period_start"]] = row
    return found


def _add_standing(
    own: dict[tuple[str, str], dict[str, dict[date | None, Row]]],
    standing: Iterable[Row],
    forces: Sequence[str],
    scope: Scope,
) -> None:
    """Add the figures that were not stated anew, as they stand; one of no case that could be judged is none."""
    for row in standing:
        measure = measures().get(row["measure"])
        if measure is None or row["force"] not in forces or row["period"] != own_period(measure):
            continue
        blind = row["verdict"] == Verdict.CANNOT_JUDGE
        is_some = blind or row["cases"] or row["excluded"] or row["timed"]
        if is_some and not scope.has(row["force"], row["period"], row["period_start"]):
            of_force = own.setdefault((row["standard"], row["measure"]), {}).setdefault(row["force"], {})
            of_force[row["period_start"]] = {**row, **_sums(row), "unjudgeable": blind}


def _sums(row: Row) -> dict[str, int]:
    """What was measured, where a figure is a share of that and not of cases."""
    is_share = bool(row["timed"]) and row["denominator"] > 0
    return {"sum_part": row["numerator"] if is_share else 0, "sum_whole": row["denominator"] if is_share else 0}


def _of_slice(
    of: Slice,
    stated: Mapping[date | None, Row],
    kept: Counted | None,
    feeds: Feeds,
    plan: Plan,
    zone: str,
    first: date | None,
) -> tuple[list[Row], bool]:
    """A slice's rows without verdicts, and whether they are all there are of periods that begin on `first` or later."""
    window, period, chosen = plan.window, own_period(of.measure), of.variants()
    days = (window.first_day, window.last_day, window.as_at.date())
    others = {each: _read(counts) for each, counts in kept.counts.items()} if kept else {}
    starts = {*stated, *(s for each in others.values() for s in each if s and is_whole(period, s, *days))}
    starts = {start for start in starts if first is None or start is None or start >= first}
    counts = {**others, OWN.judged_as: stated}
    found = list(figures(of, chosen, counts, starts, period, feeds, plan, zone))
    if kept or all(each.judged_as == OWN.judged_as for each in chosen):
        return found, True
    # Nothing was counted under these: said of none of their figures but those that have no case under any.
    empty = {start for start, row in stated.items() if not (row["cases"] or row["excluded"] or row["timed"])}
    known = [row for row in found if row["variant"].judged_as == OWN.judged_as or row["period_start"] in empty]
    return known, False
