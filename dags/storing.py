"""What a run says, written down: the store's open cases and breaches, then its figures in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy import Connection, Engine

from checks.chain import canonical, sha256
from checks.feeds import ALL
from checks.standard import Standard
from connectors.lake.cases import read_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import read, write
from connectors.store.cases import STATES_KEPT, replace_cases, sync_breaches
from connectors.store.engine import lock_slice
from connectors.store.explaining import cover_later_breaches
from connectors.store.figures import emptied_figures, record_commitments, record_figures
from connectors.store.sensitivity import record_sensitivity
from connectors.store.tables import FIGURE
from dags import comparing, findings
from dags.deliveries import result_row
from dags.plan import Plan
from dags.recording import Recorded
from dags.sealing import seal

SliceName = tuple[str, str, str]
Row = dict[str, Any]
PERIODS = ("day", "month", "year", "rolling_12_months")
# Under `input_key`, beside the versions of the logs: the version of the lake's cases, and whether every force and
# day was recorded up to it.
CASES, WHOLE = "cases", "whole"


def changed_slices(engine: Engine, lake: Lake, version: int | None) -> list[SliceName]:
    """The (standard, measure, force) whose cases changed since a run last recorded everything there was.

    What to look at comes from the lake, not from this run's judging: a run that died between the two is made good.
    """
    if version is None:
        return []
    with engine.connect() as conn:
        done = [row for row in read.read_table(conn, "runs") if row["input_key"]]
    recorded = [versions[CASES] for row in done if (versions := json.loads(row["input_key"])).get(WHOLE)]
    return lake.changed_slices(max(recorded, default=None), version)


def store_cases(
    engine: Engine,
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    version: int | None,
    plan: Plan,
    standards: Sequence[Standard],
    slices: Sequence[SliceName],
) -> None:
    """Bring the store's open questions (missed, pending, unknown) and its breaches in line with the lake's cases."""
    severity = {(s.name, rule.measure): rule.severity for s in standards for rule in s.rules if not rule.force}
    for standard, measure, force in slices:
        files = lake.files("cases", version, standard=[standard], measure=[measure], force=[force])
        read_cases(con, files, "slice_cases")
        kept = {"states": sorted(STATES_KEPT)}
        found = con.execute("select * from slice_cases where list_contains($states, state)", kept).df()
        rows = [{str(k): _known(v) for k, v in row.items()} for row in found.astype(object).to_dict("records")]
        with engine.begin() as conn:
            replace_cases(conn, standard, measure, force, rows, run_id=plan.run_id)
            sync_breaches(conn, plan.run_id, standard, measure, force, severity=severity.get((standard, measure), ""))
            cover_later_breaches(conn, standard, measure, force)


def _known(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return None if not isinstance(value, str) and pd.isna(value) else value


@dataclass(frozen=True)
class Stated:
    """What a run says: its figures and what stands beside them, of which forces and by which standards.

    `sensitivity` are the rows of that table and the slices they are of; `slices` those whose cases changed.
    """

    recorded: Recorded
    sensitivity: tuple[Sequence[Row], Sequence[SliceName]]
    found: findings.Findings
    standards: Sequence[Standard]
    forces: Sequence[str]
    slices: Sequence[SliceName]


def store_figures(
    engine: Engine, lake: Lake, settings: Settings, plan: Plan, stated: Stated, versions: Mapping[str, int]
) -> int:
    """One transaction: all that a run says is there and sealed, or nothing is; returns how many figures are new.

    Args:
        versions: the Delta version of every table of the lake that was judged, `cases` among them.
    """
    whole = not (plan.forces or plan.first_day or plan.last_day)
    with engine.begin() as conn:
        lock_slice(conn, "runs")  # two runs that end at once must not both follow the same one in the chain
        figures = stated.recorded.figures + _emptied(conn, plan, stated)
        charted = comparing.charts(conn, plan, figures, comparing.rebases_of(settings))
        written = record_figures(conn, plan.run_id, figures, charted.signal_of)
        record_commitments(conn, plan.run_id, stated.recorded.commitments)
        findings.record(conn, plan, stated.found, stated.forces)
        comparing.record_comparisons(conn, plan, comparing.similar_forces(settings))
        comparing.record_funnels(conn, plan)
        record_sensitivity(conn, plan.run_id, *stated.sensitivity)
        if written:
            write.add_expectation_results(conn, [result_row(plan, r, "", "", "") for r in stated.recorded.results])
        ended = {
            "status": "done",
            "input_key": json.dumps({**versions, WHOLE: int(whole)}, sort_keys=True),
            "figures_hash": _figures_hash(figures),
            "finished_at": datetime.now(UTC),
        }
        run = next(row for row in read.read_table(conn, "runs") if row["run_id"] == plan.run_id) | ended
        sealed = seal(conn, lake, settings, run, stated.standards, plan.forces, versions)
        write.finish_run(conn, plan.run_id, **ended, **sealed)
    return written


def _emptied(conn: Connection, plan: Plan, stated: Stated) -> list[Row]:
    """Figures of no cases where the store still states some: their records were withdrawn or moved away."""
    figures = stated.recorded.figures
    window = plan.window
    # Under a window only its days are known to be whole.
    periods = PERIODS if window.first_day is None and window.last_day is None else PERIODS[:1]
    named = {tuple(figure[name] for name in FIGURE) for figure in figures}
    changed = {(s, m, f) for s, m, f in stated.slices if f in stated.forces} | {
        (s, m, ALL) for s, m, _ in stated.slices
    }
    found: list[Row] = []
    for standard, measure, force in sorted(changed):
        asked: Row = {"standard": standard, "measure": measure, "force": force, "period": periods}
        asked |= {"from": window.first_day, "to": window.last_day}
        held = list(read.read_table(conn, "verdicts", asked))
        for period in sorted({row["period"] for row in held if tuple(row[name] for name in FIGURE) not in named}):
            own = [f for f in figures if (f["standard"], f["measure"], f["force"]) == (standard, measure, force)]
            found += emptied_figures(
                conn, own, standard=standard, measure=measure, force=force, period=period,
                first=window.first_day or date.min, last=window.last_day or date.max,
            )  # fmt: skip
    return found


def _figures_hash(figures: Sequence[Row]) -> str:
    """The hash of all a run says, whether it is new or not: two runs that say the same have the same."""
    stated = sorted(canonical({k: v for k, v in figure.items() if k != "restated_why"}) for figure in figures)
    return sha256(b"\n".join(stated))
