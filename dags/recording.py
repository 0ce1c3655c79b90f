"""Recording: what the judged cases come to — figures, verdicts through the second door, commitments, breaches."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb
import pandas as pd

from checks.commitment import Measure
from checks.feeds import ALL, Gap
from checks.judging import Window, tally_script
from checks.standard import NATIONAL, Rule, Standard, rule_for
from checks.verdict import MeasureVerdict, Verdict, commitment_verdict
from connectors.lake.cases import read_cases
from connectors.lake.tables import Lake
from expectations.promise import depends_on_unknown, verdicts
from expectations.quality import RuleResult

KEY = ["force", "area", "neighbourhood", "period", "period_start"]
_COUNTS = ["cases", "met", "missed", "pending", "unknown", "excluded", "timed"]
_SUMS = ["sum_part", "sum_whole"]
_PERIODS = ("day", "month")


@dataclass
class Tally:
    """The figures of one measure under one standard, one row per level and period."""

    standard: Standard
    measure: Measure
    figures: pd.DataFrame


@dataclass
class Recorded:
    """What a run says: figures and commitments as rows of the store's tables, and what GX answered."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    commitments: list[dict[str, Any]] = field(default_factory=list)
    results: list[RuleResult] = field(default_factory=list)


def tally(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    standards: Sequence[Standard],
    measure: Measure,
    version: int | None,
) -> list[Tally]:
    """Count the measure's cases in the lake, for every standard, level and period of the window on `con`."""
    names = [standard.name for standard in standards]
    files = lake.files("cases", version, standard=names, measure=[measure.name])
    read_cases(con, files, "kept_cases")
    con.execute(tally_script())
    figures = con.execute("select * from figures").df()
    return [
        Tally(standard, measure, figures[figures["standard"] == standard.name].reset_index(drop=True))
        for standard in standards
        if any(rule.measure == measure.name for rule in standard.rules)
    ]


@dataclass(frozen=True)
class Feeds:
    """The feeds: which logs each force has ever delivered, gaps, and the days each force has data for."""

    held: dict[str, set[str]]
    gaps: list[Gap]
    spans: dict[str, tuple[date, date]]

    def absent(self, measure: Measure, force: str) -> bool:
        """Whether a log the measure needs was never delivered by the force (for all forces: by any)."""
        if force == ALL:
            return all(self.absent(measure, each) for each in self.held)
        return any(log not in self.held.get(force, set()) for log in measure.logs)

    def blocked(self, measure: Measure, force: str, period: str, start: date) -> bool:
        return any(gap.blocks(measure.logs, force, start, _last_day(period, start)) for gap in self.gaps)


def _last_day(period: str, start: date) -> date:
    if period == "day":
        return start
    if period == "month":
        return _month_end(start)
    return _month_end(start.replace(month=12) if period == "year" else start + timedelta(days=335))


def _month_end(start: date) -> date:
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def conclude(tallies: Iterable[Tally], feeds: Feeds, window: Window, forces: Sequence[str], why: str) -> Recorded:
    """Give every figure its verdict, add those that cannot be judged for want of a feed, and sum up commitments."""
    said = Recorded()
    counting: dict[tuple[Any, ...], list[MeasureVerdict]] = defaultdict(list)
    absent: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for each in tallies:
        table = _with_cannot_judge(each, feeds, window, forces)
        if table.empty:
            continue
        answers, result = _verdicts(each, table, feeds)
        said.results.append(result)
        for row in _records(table.assign(verdict=answers)):
            said.figures.append(_figure(each, row, why))
            _count_towards(counting, absent, each, row, feeds)
    said.commitments = [_commitment(key, rows, absent) for key, rows in counting.items()]
    return said


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def _with_cannot_judge(each: Tally, feeds: Feeds, window: Window, forces: Sequence[str]) -> pd.DataFrame:
    """The tally, with a row of no cases for each force and period whose feed is missing."""
    present = {tuple(row) for row in each.figures[KEY].itertuples(index=False)} if len(each.figures) else set()
    extra: list[dict[str, Any]] = []
    for force in [*forces, ALL]:
        if rule_for(each.standard, each.measure.name, force) is None:
            continue
        absent = feeds.absent(each.measure, force)
        if not absent and not feeds.gaps:
            continue
        for period, start in _periods(feeds.spans, force, window):
            if (force, "", "", period, pd.Timestamp(start)) in present:
                continue
            if absent or feeds.blocked(each.measure, force, period, start):
                extra.append({"force": force, "area": "", "neighbourhood": "", "period": period, "period_start": start})
    table = each.figures.copy()
    table["period_start"] = pd.to_datetime(table["period_start"]).dt.date
    if extra:
        empty = pd.DataFrame(extra).assign(unjudgeable=True, outside_force_dates=False, period_open=False)
        empty = empty.assign(
            **dict.fromkeys([*_COUNTS, *_SUMS], 0), excluded_by_reason="{}", p50_seconds=None, p90_seconds=None
        )
        table = pd.concat([table, empty], ignore_index=True) if len(table) else empty
    return table


def _periods(spans: dict[str, tuple[date, date]], force: str, window: Window) -> list[tuple[str, date]]:
    """The days and whole months of a force's data that lie in the window and have begun."""
    known = [spans[force]] if force in spans else list(spans.values()) if force == ALL else []
    if not known:
        return []
    first, last = min(span[0] for span in known), max(span[1] for span in known)
    today = window.as_at.date()
    lower, upper = max(first, window.first_day or first), min(last, window.last_day or last, today)
    days = [lower + timedelta(days=n) for n in range((upper - lower).days + 1)]
    months = sorted({day.replace(day=1) for day in days})
    whole = [
        month
        for month in months
        if (window.first_day is None or window.first_day <= month)
        and (window.last_day is None or window.last_day >= min(_month_end(month), today))
    ]
    return [("day", day) for day in days] + [("month", month) for month in whole]


def _rule(each: Tally, force: str, on: date) -> Rule:
    rule = rule_for(each.standard, each.measure.name, NATIONAL if force == ALL else force, on)
    return rule or next(rule for rule in each.standard.rules if rule.measure == each.measure.name)


def _verdicts(each: Tally, table: pd.DataFrame, feeds: Feeds) -> tuple[list[str], RuleResult]:
    """Add to the table, in place, what the second door needs and what it leads to; returns its verdicts."""
    rules = [_rule(each, force, on) for force, on in zip(table["force"], table["period_start"], strict=True)]
    as_missed = [rule.definition.get("unknown") == "as_missed" for rule in rules]
    in_rate = table["unknown"].where(pd.Series(as_missed, index=table.index, dtype=bool), 0)
    # A share that no limit judges is published as what was measured: its part and its whole.
    measured = (table["timed"] > 0) & (table["sum_whole"] > 0)
    table["numerator"] = table["met"].where(~measured, table["sum_part"])
    table["denominator"] = (table["met"] + table["missed"] + in_rate).where(~measured, table["sum_whole"])
    table["target_numerator"] = pd.array([rule.target_numerator for rule in rules], dtype="Int64")
    table["target_denominator"] = pd.array([rule.target_denominator for rule in rules], dtype="Int64")
    table["minimum_n"] = [rule.minimum_n for rule in rules]
    table["has_target"] = [rule.target_numerator is not None for rule in rules]
    blocked = [
        feeds.blocked(each.measure, force, period, start)
        for force, period, start in table[["force", "period", "period_start"]].itertuples(index=False)
    ]
    table["judgeable"] = ~(table["unjudgeable"].astype(bool) | pd.Series(blocked, index=table.index))
    answers, result = verdicts(each.standard.name, each.measure.name, table)
    beside = table.assign(unknown=table["unknown"] - in_rate)
    table["depends_on_unknown"] = depends_on_unknown(beside, answers)
    return answers, result


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
        "restated_why": why,
    }


def _sorted_json(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def _count_towards(
    counting: dict[tuple[Any, ...], list[MeasureVerdict]],
    absent: dict[tuple[str, int, str], list[str]],
    each: Tally,
    row: dict[str, Any],
    feeds: Feeds,
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
    if row["has_target"] and each.measure.name not in names and feeds.absent(each.measure, row["force"]):
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


def spans(con: duckdb.DuckDBPyConnection, lake: Lake, version: int | None) -> dict[str, tuple[date, date]]:
    """The first and last local day each force has cases of."""
    read_cases(con, lake.files("cases", version), "all_cases")
    found = con.execute("select force, min(local_day), max(local_day) from all_cases group by force").fetchall()
    return {force: (first, last) for force, first, last in found if first}
