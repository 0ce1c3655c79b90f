"""The sensitivity table: one measure's figure under every documented definition, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from checks.commitment import Measure
from checks.database import connect
from checks.judging import AppliedRule, judge, prepare
from checks.logs import LOGS
from checks.standard import Standard, effective, every_combination, one_switch_at_a_time
from connectors.lake.cases import lay_missed_cases
from connectors.settings import Settings
from dags.plan import FIRST_YEAR, Plan, bank_holidays, commitments_by_measure, zones
from expectations.promise import verdicts

COLUMNS = (
    "standard", "measure", "force", "period", "period_start", "definition", "cases", "met", "missed", "pending",
    "unknown", "excluded", "rate", "verdict", "verdict_changes",
)  # fmt: skip


def sensitivity(
    plan: Plan,
    settings: Settings,
    standards: Sequence[Standard],
    measure: Measure,
    forces: Sequence[str],
    versions: Mapping[str, int],
    *,
    full: bool = False,
    period: str = "window",
    areas: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """Judge the measure's cases under each definition; the default definition comes first.

    Args:
        versions: of the logs in the lake, as `Lake.versions` gives them.
        areas: only cases of these areas; empty = every case.

    Yields one row per standard, force and definition (and period, unless that is the whole `window`).
    """
    lake = plan.open_lake()
    for force in forces:
        files = {name: lake.files(name, version, force=[force]) for name, version in versions.items() if name in LOGS}
        con = connect()
        try:
            holidays = bank_holidays(settings, [force], FIRST_YEAR, plan.moment.year + 1)
            prepare(con, plan.window, zones(settings, [force]), files, bank_holidays=holidays)
            names = [standard.name for standard in standards]
            lay_missed_cases(con, lake.files("cases", standard=names, force=[force]), commitments_by_measure())
            for standard in standards:
                rules, definitions = _applied(standard, measure, force, full)
                if not rules:
                    continue
                judge(con, measure, rules)
                if areas:
                    con.execute("delete from facts where not list_contains($areas, area)", {"areas": list(areas)})
                absent = any(not files.get(log) for log in measure.logs)
                yield from _rows(
                    _figures(con, period, force), standard, measure, force, rules, definitions, absent, period
                )
        finally:
            con.close()


def _applied(
    standard: Standard, measure: Measure, force: str, full: bool
) -> tuple[list[AppliedRule], list[dict[str, str]]]:
    """Every stretch of days under every definition; definitions are numbered, the standard's own is 0."""
    stretches = effective([standard], measure.name, force)
    if not stretches:
        return [], []
    choose = every_combination if full else one_switch_at_a_time
    definitions = choose(stretches[-1].rule, measure.switches)
    rules = [
        AppliedRule(each.rule, force, definition, str(number), each.applies_from, each.applies_to)
        for number, definition in enumerate(definitions)
        for each in stretches
    ]
    return rules, definitions


def _figures(con: Any, period: str, force: str) -> pd.DataFrame:
    if period == "window":
        return con.execute(
            "select definition_id, null::date as period_start, false as period_open, "
            "count(*) filter (where state not in ('excluded', 'timed')) as cases, "
            "count(*) filter (where state = 'met') as met, count(*) filter (where state = 'missed') as missed, "
            "count(*) filter (where state = 'pending') as pending, "
            "count(*) filter (where state = 'unknown') as unknown, "
            "count(*) filter (where state = 'excluded') as excluded, count(*) filter (where state = 'timed') as timed, "
            "coalesce(sum(part) filter (where state = 'timed'), 0) as sum_part, "
            "coalesce(sum(whole) filter (where state = 'timed'), 0) as sum_whole, bool_or(unjudgeable) as unjudgeable "
            "from facts group by definition_id"
        ).df()
    return con.execute(
        "select * from figures where force = $force and area = '' and neighbourhood = '' and period = $period "
        "order by definition_id::int, period_start",
        {"force": force, "period": period},
    ).df()


def _rows(
    figures: pd.DataFrame,
    standard: Standard,
    measure: Measure,
    force: str,
    rules: Sequence[AppliedRule],
    definitions: Sequence[dict[str, str]],
    absent: bool,
    period: str,
) -> Iterator[dict[str, Any]]:
    last = {one.definition_id: one.rule for one in rules}
    if period == "window":
        figures = figures.set_index("definition_id").reindex([str(n) for n in range(len(definitions))]).reset_index()
        counts = ["cases", "met", "missed", "pending", "unknown", "excluded", "timed", "sum_part", "sum_whole"]
        figures[counts] = figures[counts].fillna(0).astype("int64")
        figures["period_open"] = False
        figures["unjudgeable"] = figures["unjudgeable"].astype("boolean").fillna(False).astype(bool)
    own = {number: definition.get("unknown") == "as_missed" for number, definition in enumerate(definitions)}
    as_missed = figures["definition_id"].map(lambda number: own[int(number)])
    rule = last["0"]
    # A share that no limit judges is published as what was measured: its part and its whole.
    measured = (figures["timed"] > 0) & (figures["sum_whole"] > 0)
    judged = figures["met"] + figures["missed"] + figures["unknown"].where(as_missed, 0)
    figures["numerator"] = figures["met"].where(~measured, figures["sum_part"])
    figures["denominator"] = judged.where(~measured, figures["sum_whole"])
    figures["target_numerator"], figures["target_denominator"] = (
        rule.target_numerator,
        rule.target_denominator,
    )
    figures["minimum_n"], figures["has_target"] = rule.minimum_n, rule.target_numerator is not None
    figures["judgeable"] = ~(figures["unjudgeable"] | absent)
    figures["verdict"], _ = verdicts(standard.name, measure.name, figures)
    default = figures[figures["definition_id"] == "0"].set_index("period_start")["verdict"].to_dict()
    for row in figures.to_dict("records"):
        start = row["period_start"]
        before = next(iter(default.values()), "") if period == "window" else default.get(start, "")
        yield {
            "standard": standard.name,
            "measure": measure.name,
            "force": force,
            "period": period,
            "period_start": None if period == "window" else pd.Timestamp(start).date(),
            "definition": definitions[int(row["definition_id"])],
            **{name: int(row[name]) for name in ("cases", "met", "missed", "pending", "unknown", "excluded")},
            "rate": row["numerator"] / row["denominator"] if row["denominator"] else None,
            "verdict": row["verdict"],
            "verdict_changes": row["verdict"] != before,
        }
