"""The figures a pack is about, and the run that judged their cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from checks.errors import UsageError
from checks.feeds import ALL
from checks.revision import period_end
from connectors.settings import Settings
from connectors.store import read
from dags.looking import window_of
from dags.plan import chosen_standards
from dags.recording import rule_on
from dags.sealing import manifest_of
from dags.tracing import editions_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """The figures a pack is about: of one measure and one period.

    `start` None = the newest period of its kind that was over; no forces = every force, and all of them together.
    `every_row`: with the rows of every case (True), of the sampled ones (False), or as many as are not too many (None).
    """

    measure: str
    period: str
    start: date | None = None
    forces: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    sample: int = 25
    seed: str = "0"
    every_row: bool | None = None

    @property
    def in_words(self) -> str:
        where = " ".join((*self.forces, *self.areas, *self.neighbourhoods)) or "every force"
        return f"{self.measure} of {where}, {self.period}" + (f" from {self.start}" if self.start else "")


def figures_of(conn: Connection, settings: Settings, asked: Asked, judged: Row) -> list[Row]:
    """The figures as a run left them, of one period, in the order of the table; each with `unknown_as_missed`.

    Without a standard those of the default one, or where it does not know the measure of every standard of the run.
    Raises UsageError where there is none.
    """
    filters: Row = {
        "measure": asked.measure, "force": list(asked.forces), "period": asked.period, "from": asked.start,
        "to": asked.start, "neighbourhood": list(asked.neighbourhoods) or [""],
        "area": list(asked.areas) or ([] if asked.neighbourhoods else [""]),
    }  # fmt: skip
    named = [standard.name for standard in chosen_standards(settings, asked.standards)]
    found = list(read.read_table(conn, "verdicts", {**filters, "standard": named}, judged["run_id"]))
    if not (found or asked.standards):
        found = list(read.read_table(conn, "verdicts", filters, judged["run_id"]))
    if not found:
        do = "Correct --measure, --force, --area, --neighbourhood, --period or --standard."
        raise UsageError(f"figure {asked.in_words}", "there is none", "one of `pledge verdicts`", do)
    if asked.start is None:
        start = _newest_over(found, judged)
        found = [row for row in found if row["period_start"] == start]
    return [{**row, "unknown_as_missed": _unknown_as_missed(settings, row, judged)} for row in found]


def _newest_over(figures: Sequence[Row], judged: Row) -> date:
    starts = {row["period_start"] for row in figures}
    over = {
        row["period_start"]
        for row in figures
        if period_end(row["period"], row["period_start"]) <= judged["as_at"].date()
    }
    return max(over or starts)


def _unknown_as_missed(settings: Settings, figure: Row, judged: Row) -> bool:
    standard = next((each for each in editions_of(settings, figure, judged) if each.name == figure["standard"]), None)
    if standard is None:
        expected, do = "the file the run judged by", "Put it back, or name its folder by PLEDGE_STANDARDS."
        raise UsageError(f"standard {figure['standard']}", "it is gone", expected, do)
    rule = rule_on(standard, figure["measure"], figure["force"], figure["period_start"])
    return rule.definition.get("unknown") == "as_missed"


def judging_run(runs: Iterable[Row], judged: Row, figures: Sequence[Row]) -> Row:
    """The newest run up to one that looked at all of the figures' period, forces and standards: what it judged stands,
    whatever other days later runs looked at."""
    wanted = {row["force"] for row in figures} - {ALL}
    everyone = any(row["force"] == ALL for row in figures)
    standards = {row["standard"] for row in figures}
    fit = [
        run
        for run in runs
        if run["status"] == "done"
        and run["input_key"]
        and run["run_number"] <= judged["run_number"]
        and standards <= set(_standards(run))
        and _covers(run, figures[0])
        and _has_forces(run, wanted, everyone)
    ]
    newest = max(fit, key=lambda run: run["run_number"], default=judged)
    return judged if newest["run_id"] == judged["run_id"] else newest


def _standards(run: Mapping[str, Any]) -> list[str]:
    named: list[str] = json.loads(run["standards"])
    return named


def _covers(run: Row, figure: Row) -> bool:
    first, last = window_of(run)
    begins, ends = figure["period_start"], period_end(figure["period"], figure["period_start"])
    open_now = ends > run["as_at"].date()
    return (not first or date.fromisoformat(first) <= begins) and (
        not last or open_now or date.fromisoformat(last) >= date.fromordinal(ends.toordinal() - 1)
    )


def _has_forces(run: Row, wanted: set[str], everyone: bool) -> bool:
    limited = set(manifest_of(run).get("forces", ()))
    return not limited or (not everyone and wanted <= limited)
