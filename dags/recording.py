"""Recording: what the judged cases come to — figures, verdicts through the second door, commitments, breaches."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from checks.commitment import Measure
from checks.feeds import ALL, Feeds
from checks.judging import Window, counted_in_part, tally_script
from checks.standard import NATIONAL, Rule, Standard, rule_for
from checks.verdict import MeasureVerdict, Verdict, commitment_verdict
from connectors.lake.cases import read_cases
from connectors.lake.listing import names_of
from connectors.lake.tables import Lake
from dags.stating import EVERYTHING, Scope
from expectations.promise import depends_on_unknown, verdicts
from expectations.quality import RuleResult

KEY = ["force", "area", "neighbourhood", "period", "period_start"]
_COUNTS = ["cases", "met", "missed", "pending", "unknown", "excluded", "timed"]
_SUMS = ["sum_part", "sum_whole"]
BLOCKED = "a delivery it needs came unfit"


@dataclass
class Tally:
    """The figures of one measure under one standard, one row per level and period."""

    standard: Standard
    measure: Measure
    figures: pd.DataFrame


@dataclass
class Recorded:
    """What a run says: figures and commitments as rows of the store's tables, and what GX answered.

    `tallies` are the figures as they were judged: with the columns the second door needed, and `verdict`.
    """

    figures: list[dict[str, Any]] = field(default_factory=list)
    commitments: list[dict[str, Any]] = field(default_factory=list)
    results: list[RuleResult] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)


def tally(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    standards: Sequence[Standard],
    measure: Measure,
    version: int | None,
    forces: Sequence[str],
    scope: Scope = EVERYTHING,
) -> list[Tally]:
    """Count the measure's cases in the lake, for every standard, level and period of the window on `con`.

    Figures of other forces than those named are left out, as are those out of scope; those of all forces together
    count every force's cases.
    """
    named = [standard for standard in standards if any(rule.measure == measure.name for rule in standard.rules)]
    actions = lake.actions("cases", version, standard=[each.name for each in named], measure=[measure.name])
    files = lake.at_hand("cases", names_of("cases", _counted(con, actions, scope)))
    if not files:  # counting nothing takes as long as counting a little
        return [Tally(standard, measure, pd.DataFrame(columns=KEY)) for standard in named]
    read_cases(con, files, "kept_cases")
    con.execute(tally_script())
    figures = con.execute("select * from figures").df()
    figures = figures[figures["force"].isin([*forces, ALL])]
    if not scope.is_everything:
        starts = pd.to_datetime(figures["period_start"]).dt.date
        named_so = zip(figures["force"], figures["period"], starts, strict=True)
        figures = figures[[scope.has(*each) for each in named_so]]
    return [
        Tally(standard, measure, figures[figures["standard"] == standard.name].reset_index(drop=True))
        for standard in named
    ]


def _counted(con: duckdb.DuckDBPyConnection, actions: pa.Table, scope: Scope) -> pa.Table:
    """The files of cases the figures in scope count; tells the counting on `con` what it does not see of the others."""
    since, days_in = scope.cases_from, scope.days_in
    months = [date(int(text[:4]), int(text[5:7]), 1) for text in actions["partition.month"].to_pylist()]
    wanted = [since is None or month >= since for month in months]
    quiet = set() if days_in is None else set(months) - days_in
    names = ("standard", "measure", "force")
    slices = zip(*(actions[f"partition.{name}"].to_pylist() for name in names), strict=True)
    ends: dict[tuple[str, ...], tuple[date, date]] = {}
    for slice_, month in zip(slices, months, strict=True) if since else ():
        first, last = ends.get(slice_, (month, month))
        ends[slice_] = min(month, first), max(month, last)
    con.execute(counted_in_part(sorted(quiet), ends))
    return actions.filter(pa.array(wanted, pa.bool_()))


def conclude(
    tallies: Iterable[Tally],
    feeds: Feeds,
    window: Window,
    forces: Sequence[str],
    why: str,
    scope: Scope = EVERYTHING,
) -> Recorded:
    """Give every figure its verdict, add those that cannot be judged for want of a feed, and sum up commitments."""
    said = Recorded()
    counting: dict[tuple[Any, ...], list[MeasureVerdict]] = defaultdict(list)
    absent: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for each in tallies:
        table = _with_cannot_judge(each, feeds, window, forces, scope)
        if table.empty:
            continue
        answers, result = _verdicts(each, table, feeds)
        said.results.append(result)
        table = table.assign(verdict=answers)
        said.tallies.append(replace(each, figures=table))
        for row in records(table):
            said.figures.append(_figure(each, row, why))
            _count_towards(counting, absent, each, row)
    said.commitments = [_commitment(key, rows, absent) for key, rows in counting.items()]
    return said


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [table[name].astype(object).tolist() for name in table.columns]  # pandas goes through texts one by one
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _with_cannot_judge(each: Tally, feeds: Feeds, window: Window, forces: Sequence[str], scope: Scope) -> pd.DataFrame:
    """The tally, with a row of no cases for each force and period whose feed is missing."""
    table = each.figures.copy()
    table["period_start"] = pd.to_datetime(table["period_start"]).dt.date
    present = set(table[KEY].itertuples(index=False, name=None))
    extra: list[dict[str, Any]] = []
    for force in [*forces, ALL]:
        rule = rule_for(each.standard, each.measure.name, NATIONAL if force == ALL else force)
        absent = rule is not None and feeds.absent(each.measure, force, rule.definition)
        if rule is None or not (absent or feeds.gaps):
            continue
        for period, start in feeds.periods(force, window.first_day, window.last_day, window.as_at.date()):
            if period not in each.measure.periods or not scope.has(force, period, start):
                continue
            missing = absent or feeds.blocked(each.measure, force, period, start)
            if missing and (force, "", "", period, start) not in present:
                extra.append({"force": force, "area": "", "neighbourhood": "", "period": period, "period_start": start})
    if not extra:
        return table
    empty = pd.DataFrame(extra).assign(unjudgeable=True, outside_force_dates=False, period_open=False)
    empty = empty.assign(
        **dict.fromkeys([*_COUNTS, *_SUMS], 0), excluded_by_reason="{}", p50_seconds=None, p90_seconds=None
    )
    return pd.concat([table, empty], ignore_index=True) if len(table) else empty


def rule_on(standard: Standard, measure: str, force: str, on: date) -> Rule:
    """The rule a figure that begins on a day is held against; for all forces together the national one."""
    rule = rule_for(standard, measure, NATIONAL if force == ALL else force, on)
    return rule or next(rule for rule in standard.rules if rule.measure == measure)


def _verdicts(each: Tally, table: pd.DataFrame, feeds: Feeds) -> tuple[list[str], RuleResult]:
    """Add to the table, in place, what the second door needs and what it leads to; returns its verdicts."""
    name = each.measure.name
    rules = [
        rule_on(each.standard, name, force, on) for force, on in zip(table["force"], table["period_start"], strict=True)
    ]
    table["absent"] = [
        feeds.absent(each.measure, force, rule.definition) for force, rule in zip(table["force"], rules, strict=True)
    ]
    table["blocked"] = [
        feeds.blocked(each.measure, force, period, start)
        for force, period, start in table[["force", "period", "period_start"]].itertuples(index=False)
    ]
    answers, result = second_door(each.standard.name, name, table, rules, [rule.definition for rule in rules])
    beside = table.assign(unknown=table["unknown"] - table["in_rate"])
    table["depends_on_unknown"] = depends_on_unknown(beside, answers)
    return answers, result


def second_door(
    standard: str, measure: str, table: pd.DataFrame, rules: Sequence[Rule], definitions: Sequence[Mapping[str, str]]
) -> tuple[list[str], RuleResult]:
    """The verdict of each figure by its rule and definition; adds to the table, in place, what that needs.

    The table has counts and sums, `period_open`, and `unjudgeable`, `absent`, `blocked`: why it cannot be judged.
    """
    as_missed = [definition.get("unknown") == "as_missed" for definition in definitions]
    table["in_rate"] = table["unknown"].where(pd.Series(as_missed, index=table.index, dtype=bool), 0)
    # A share that no limit judges is published as what was measured: its part and its whole.
    measured = (table["timed"] > 0) & (table["sum_whole"] > 0)
    table["numerator"] = table["met"].where(~measured, table["sum_part"])
    table["denominator"] = (table["met"] + table["missed"] + table["in_rate"]).where(~measured, table["sum_whole"])
    table["target_numerator"] = pd.array([rule.target_numerator for rule in rules], dtype="Int64")
    table["target_denominator"] = pd.array([rule.target_denominator for rule in rules], dtype="Int64")
    table["minimum_n"] = [rule.minimum_n for rule in rules]
    table["has_target"] = [rule.target_numerator is not None for rule in rules]
    blind = [table[name].astype(bool) for name in ("unjudgeable", "absent", "blocked")]
    table["judgeable"] = ~(blind[0] | blind[1] | blind[2])
    return verdicts(standard, measure, table)


def _figure(each: Tally, row: dict[str, Any], why: str) -> dict[str, Any]:
    target = None if pd.isna(row["target_numerator"]) else int(row["target_numerator"]) / int(row["target_denominator"])
    return {
        "standard": each.standard.name,
        "commitment": each.measure.commitment,
        "measure": each.measure.name,
        **{name: row[name] for name in KEY},
        **{name: int(row[name]) for name in [*_COUNTS, "numerator", "denominator"]},
        "excluded_by_reason": _sorted_json(row["excluded_by_reason"]),
        "minimum_n": int(row["minimum_n"]),
        "target": target,
        "verdict": row["verdict"],
        "depends_on_unknown": bool(row["depends_on_unknown"]),
        "outside_force_dates": bool(row["outside_force_dates"]),
        "p50_seconds": None if pd.isna(row["p50_seconds"]) else float(row["p50_seconds"]),
        "p90_seconds": None if pd.isna(row["p90_seconds"]) else float(row["p90_seconds"]),
        "restated_why": BLOCKED if row["blocked"] else why,
    }


def _sorted_json(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def _count_towards(
    counting: dict[tuple[Any, ...], list[MeasureVerdict]],
    absent: dict[tuple[str, int, str], list[str]],
    each: Tally,
    row: dict[str, Any],
) -> None:
    if row["neighbourhood"]:
        return
    key = (
        each.standard.name,
        each.measure.commitment,
        row["force"],
        row["area"],
        row["period"],
        row["period_start"],
    )
    verdict = MeasureVerdict(each.measure.name, row["verdict"], bool(row["has_target"]), bool(row["period_open"]))
    counting[key].append(verdict)
    names = absent[key[:3]]
    if row["has_target"] and each.measure.name not in names and row["absent"]:
        names.append(each.measure.name)


def _commitment(
    key: tuple[Any, ...], rows: list[MeasureVerdict], absent: dict[tuple[str, int, str], list[str]]
) -> dict[str, Any]:
    """One commitment's verdict; in an area, too, a measure whose feed the force lacks cannot be judged."""
    here = {row.measure for row in rows}
    lacking = [name for name in absent[key[:3]] if name not in here] if key[3] else []
    verdict, decided_by = commitment_verdict([*rows, *(MeasureVerdict(name, Verdict.CANNOT_JUDGE) for name in lacking)])
    names = ("standard", "commitment", "force", "area", "period", "period_start")
    return {**dict(zip(names, key, strict=True)), "verdict": verdict, "decided_by": ",".join(decided_by)}
