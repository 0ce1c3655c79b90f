"""Where a figure comes from: its standard, every value it had, its cases, and the delivered rows of each case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from checks.commitment import measures
from checks.errors import UsageError
from checks.evidence import FIGURE_SAYS
from checks.feeds import ALL
from checks.revision import is_provisional, period_end
from checks.standard import NATIONAL, Rule, Standard, editions, effective
from connectors.settings import Settings
from connectors.store import read
from connectors.store.revisions import revisions
from dags.looking import existing_lake
from dags.plan import chosen_standards, standards_of
from dags.recorded import judged_run
from dags.sealing import manifest_of
from dags.traced_cases import cases_of, say_changes

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """The figure to trace, as the caller names it, and which of its cases."""

    measure: str
    force: str
    period: str
    start: date
    area: str = ""
    neighbourhood: str = ""
    standards: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        where = " ".join(part for part in (self.force, self.area, self.neighbourhood) if part)
        return f"{self.measure} of {where}, {self.period} from {self.start}"


def trace(conn: Connection, settings: Settings, asked: Asked, run: str | None, with_history: bool = False) -> Row:
    """Everything a figure rests on, as one object: figure, standard, definition, history, later, cases, amiss
    (what of it cannot be read any more), judged_by (the standards to give to `pledge sql`), sql.

    Args:
        run: the figure as this run left it; None = as it stands.
        with_history: each row also as it was under every version of its log that changed it.

    Raises:
        UsageError: there is no such figure, or several are meant.
    """
    judged = judged_run(conn, run)
    figure = _figure(conn, settings, asked, judged["run_id"])
    about = {name: [figure[name]] for name in FIGURE_SAYS if name != "period_start"}
    known = list(revisions(conn, {**about, "from": figure["period_start"], "to": figure["period_start"]}))
    lake, versions = existing_lake(settings), json.loads(judged["input_key"])
    runs = {row["run_id"]: row for row in read.read_table(conn, "runs")}
    say_changes(lake, runs, known)
    figure["as_left_by_run"], figure["as_at"] = judged["run_id"], judged["as_at"]
    cases, figure["counted_again"], amiss = cases_of(
        conn, lake, settings, figure, versions, states=asked.states, named=asked.cases, with_history=with_history
    )
    figure["provisional"] = is_provisional(figure["period"], figure["period_start"], judged["as_at"])
    standard, definition = _standard(settings, figure, runs[figure["run_id"]])
    judged_by = [each.name for each in editions_of(settings, figure, judged)]
    return {
        "figure": figure,
        "standard": standard,
        "definition": definition,
        "history": [row for row in known if row["run_number"] <= judged["run_number"]],
        "later": [row for row in known if row["run_number"] > judged["run_number"]],
        "cases": cases,
        "amiss": amiss,
        "judged_by": judged_by,
        "sql": _sql_command(figure, judged["run_id"], judged_by, settings),
    }


def _figure(conn: Connection, settings: Settings, asked: Asked, run: str) -> Row:
    """The one figure asked for; a neighbourhood's is found without its area."""
    names = [standard.name for standard in chosen_standards(settings, asked.standards)]
    filters: Row = {
        "measure": asked.measure, "force": asked.force, "period": asked.period, "standard": names,
        "neighbourhood": [asked.neighbourhood], "from": asked.start, "to": asked.start,
    }  # fmt: skip
    if asked.area or not asked.neighbourhood:
        filters["area"] = [asked.area]
    found = list(read.read_table(conn, "verdicts", filters, run))
    if not found:
        do = "Correct --force, --area, --neighbourhood, --period, --start or --standard."
        raise UsageError(f"figure {asked.in_words}", "there is none", "one of `pledge verdicts`", do)
    if len(found) > 1:
        told = ", ".join(f"{row['standard']} {row['area']}".strip() for row in found)
        raise UsageError(f"figure {asked.in_words}", f"there are {len(found)}: {told}", "one", "Say which.")
    return found[0]


def _standard(settings: Settings, figure: Row, run: Row) -> tuple[Row, Row]:
    """The standard and definition a figure was judged by: its file as it is now, its hash as it was sealed."""
    measure = measures()[figure["measure"]]
    sealed = manifest_of(run).get("standards", {}).get(figure["standard"], {})
    standard = standards_of(settings).get(figure["standard"])
    rules = [_rule(rule) for rule in _rules(editions_of(settings, figure, run), figure)]
    said: Row = {"name": figure["standard"], "sealed_sha256": sealed.get("sha256", "")}
    if standard:
        names = ("title", "publisher", "source", "url", "location", "sha256", "in_force_from", "in_force_to", "note")
        said |= {name: getattr(standard, name) for name in names}
    definition = {
        "measure": f"checks/commitments/{measure.name}.sql",
        "promise": measure.promise,
        "case": measure.case,
        "clock": measure.clock,
        "leaves_out": measure.leaves_out,
        "code_version": run["code_version"],
        "switches": rules[-1]["definition"] if rules else {},
    }
    return {**said, "rules": rules}, definition


def editions_of(settings: Settings, figure: Mapping[str, Any], run: Mapping[str, Any]) -> list[Standard]:
    """The figure's standard and those of its title a run judged by with it: each takes over from the one before."""
    every = standards_of(settings)
    named = [every[name] for name in json.loads(run["standards"]) if name in every]
    return editions(named, figure["standard"])


def _rules(standards: Sequence[Standard], figure: Row) -> list[Rule]:
    """The rules that judged days of the figure's period; of all forces together the national ones."""
    force = NATIONAL if figure["force"] == ALL else figure["force"]
    last = period_end(figure["period"], figure["period_start"])
    return [
        each.rule
        for each in effective(standards, figure["measure"], force)
        if each.rule.standard == figure["standard"]
        and (each.applies_from is None or each.applies_from < last)
        and (each.applies_to is None or each.applies_to >= figure["period_start"])
    ]


def _rule(rule: Rule) -> Row:
    return {
        "force": rule.force,
        "limit": rule.limit_in_words,
        "target": rule.target_in_words,
        "minimum_n": rule.minimum_n,
        "source": rule.source,
        "target_source": rule.target_source,
        "note": rule.note,
        "in_force_from": rule.in_force_from,
        "in_force_to": rule.in_force_to,
        "definition": dict(rule.definition),
    }


def _sql_command(figure: Row, run: str, standards: Sequence[str], settings: Settings) -> str:
    by = "".join(f" --standard {name}" for name in standards)
    force = "" if figure["force"] == ALL else f" --force {figure['force']}"
    return (
        f"pledge sql --measure {figure['measure']}{by}{force} --run {run} --lake {settings.lake} > figure.sql "
        "&& duckdb < figure.sql"
    )
