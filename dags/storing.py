"""What a run says, written down: the store's open cases and breaches, then its figures in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import duckdb
from sqlalchemy import Connection, Engine

from checks.chain import sha256
from checks.feeds import ALL
from checks.standard import Standard
from connectors.lake.cases import open_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import read, write
from connectors.store.cases import STATES_KEPT, replace_cases, sync_breaches
from connectors.store.engine import lock_slice
from connectors.store.explaining import cover_later_breaches
from connectors.store.figures import emptied_figures, figures_of_run, record_commitments, record_figures
from connectors.store.sensitivity import record_sensitivity
from connectors.store.tables import FIGURE
from dags import comparing, findings
from dags.delivery_rows import result_row
from dags.look_back import BACKFILL, CASES, FORCES, JUDGED_FROM, REASON, WHOLE, first_day, first_figure
from dags.plan import Plan
from dags.recording import Recorded
from dags.sealing import seal
from dags.stating import BASIS, EVERYTHING, Scope

SliceName = tuple[str, ...]
Row = dict[str, Any]
PERIODS = ("day", "month", "year", "rolling_12_months")
# With more changed months than these a slice is compared as a whole.
MONTHS_APART = 24


def changed_slices(engine: Engine, lake: Lake, version: int | None) -> dict[SliceName, list[str]]:
    """The (standard, measure, force) whose cases changed since a run last recorded everything, with their months.

    What to look at comes from the lake, not from this run's judging: a run that died between the two is made good.
    """
    if version is None:
        return {}
    with engine.connect() as conn:
        done = [row for row in read.run_rows(conn) if row["input_key"]]
    recorded = [versions[CASES] for row in done if (versions := json.loads(row["input_key"])).get(WHOLE)]
    found: dict[SliceName, list[str]] = {}
    for *slice_, month in sorted(lake.changed_cases(max(recorded, default=None), version)):
        found.setdefault(tuple(slice_), []).append(month)
    return found


def store_cases(
    engine: Engine,
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    version: int | None,
    plan: Plan,
    standards: Sequence[Standard],
    slices: Mapping[SliceName, Sequence[str]],
) -> None:
    """Bring the store's open questions (missed, pending, unknown) and its breaches in line with the lake's cases.

    Args:
        slices: those that changed, with the months in which they did.
    """
    severity = {(s.name, rule.measure): rule.severity for s in standards for rule in s.rules if not rule.force}
    for (standard, measure, force), changed in slices.items():
        months = changed if len(changed) <= MONTHS_APART else None
        of_months = {"month": months} if months else {}
        slice_: dict[str, Sequence[str]] = {"standard": [standard], "measure": [measure], "force": [force], **of_months}
        rows = open_cases(con, lake.files("cases", version, **slice_), STATES_KEPT)
        with engine.begin() as conn:
            replace_cases(conn, standard, measure, force, rows, run_id=plan.run_id, months=months)
            severe = severity.get((standard, measure), "")
            sync_breaches(conn, plan.run_id, standard, measure, force, severity=severe, months=months)
            cover_later_breaches(conn, standard, measure, force)


@dataclass(frozen=True)
class Stated:
    """What a run says: its figures and what stands beside them, of which forces and by which standards.

    `sensitivity` are the rows of that table and the slices they are of; `slices` those whose cases changed; `scope`
    which figures it states anew, `basis` what they all rest on.
    """

    recorded: Recorded
    sensitivity: tuple[Sequence[Row], Sequence[SliceName]]
    found: findings.Findings
    standards: Sequence[Standard]
    forces: Sequence[str]
    slices: Sequence[SliceName]
    scope: Scope = EVERYTHING
    basis: str = ""


def store_figures(
    engine: Engine, lake: Lake, settings: Settings, plan: Plan, stated: Stated, versions: Mapping[str, int]
) -> int:
    """One transaction: all that a run says is there and sealed, or nothing is; returns how many figures are new.

    Args:
        versions: the Delta version of every table of the lake that was judged, `cases` among them.
    """
    with engine.begin() as conn:
        lock_slice(conn, "runs")  # two runs that end at once must not both follow the same one in the chain
        figures = stated.recorded.figures + _emptied(conn, plan, stated)
        charted = comparing.charts(conn, plan, figures, comparing.rebases_of(settings), stated.scope)
        written = record_figures(conn, plan.run_id, figures, charted.signal_of)
        record_commitments(conn, plan.run_id, stated.recorded.commitments)
        findings.record(conn, plan, stated.found, stated.forces)
        comparing.record_comparisons(conn, plan, comparing.similar_forces(settings), stated.scope.first)
        comparing.record_funnels(conn, plan)
        record_sensitivity(conn, plan.run_id, *stated.sensitivity, stated.scope.first)
        if written:
            write.add_expectation_results(conn, [result_row(plan, r, "", "", "") for r in stated.recorded.results])
        ended = {
            "status": "done",
            "input_key": json.dumps(_input(plan, stated, versions), sort_keys=True),
            "figures_hash": _figures_hash(conn, plan),
            "finished_at": datetime.now(UTC),
        }
        run = next(row for row in read.run_rows(conn) if row["run_id"] == plan.run_id) | ended
        sealed = seal(conn, lake, settings, run, stated.standards, plan.forces, versions)
        write.finish_run(conn, plan.run_id, **ended, **sealed)
    return written


def _input(plan: Plan, stated: Stated, versions: Mapping[str, int]) -> Row:
    is_window = bool(plan.first_day or plan.last_day)
    again = "" if stated.scope.is_everything else first_day(plan.moment).isoformat()
    return {
        **versions,
        WHOLE: int(not (plan.forces or is_window)),
        FORCES: sorted(plan.forces),
        JUDGED_FROM: plan.first_day if is_window else again,
        BASIS: stated.basis,
        **({REASON: plan.reason} if plan.reason else {}),
        **({BACKFILL: plan.backfill} if plan.backfill else {}),
    }


def _emptied(conn: Connection, plan: Plan, stated: Stated) -> list[Row]:
    """Figures of no cases where the store still states some: their records were withdrawn or moved away."""
    window = plan.window
    # Under a window only its days are known to be whole.
    periods = PERIODS if window.first_day is None and window.last_day is None else PERIODS[:1]
    named = {tuple(figure[name] for name in FIGURE) for figure in stated.recorded.figures}
    changed = {(s, m, f) for s, m, f in stated.slices if f in stated.forces} | {
        (s, m, ALL) for s, m, _ in stated.slices
    }
    found: list[Row] = []
    for (standard, measure, force), period in product(sorted(changed), periods):
        found += emptied_figures(
            conn, named, standard=standard, measure=measure, force=force, period=period,
            first=window.first_day or _first_of(stated.scope, force, period) or date.min,
            last=window.last_day or date.max,
        )  # fmt: skip
    return [row for row in found if stated.scope.has(row["force"], row["period"], row["period_start"])]


def _first_of(scope: Scope, force: str, period: str) -> date | None:
    """The first day a figure of the force in scope begins on, None = any."""
    earliest = min(scope.months.get(force, ()), default=None) if scope.months is not None else None
    if earliest is None:
        return scope.first
    return earliest if period in ("day", "month") else first_figure(earliest)


def _figures_hash(conn: Connection, plan: Plan) -> str:
    """The hash of all figures as a run leaves them: that of the run before, followed by what this one wrote.

    Two runs that leave the same figures, one after the other, have the same.
    """
    runs = [row for row in read.run_rows(conn) if row["figures_hash"]]
    before = max(runs, key=lambda row: row["run_number"])["figures_hash"] if runs else ""
    written = figures_of_run(conn, plan.run_id)
    return sha256("\n".join([before, *written]).encode()) if written or not before else before
