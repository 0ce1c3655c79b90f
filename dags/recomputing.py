"""Judging a run again from what it judged: the pinned versions of its logs, its moment, window, forces and standards.

Everything is done by the same steps as the run itself, in a lake and a store of their own that are thrown away; then
every figure and commitment is compared with what the run left.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from checks.chain import Broken, canonical
from checks.commitment import measures
from checks.database import UNREADABLE, connect
from checks.errors import NotAnsweringError
from connectors.lake.pinned import PinnedLake, bring_frozen_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import erasures, read, tables
from connectors.store.engine import open_store, reading
from connectors.store.newest import KEYS
from connectors.store.tables import COUNTS, deliveries, runs
from dags import steps
from dags.kept_out import frozen_before
from dags.look_back import BACKFILL, JUDGED_FROM, input_of
from dags.plan import Plan, chosen_standards, forces_to_judge
from dags.sealing import manifest_of
from dags.storing import CASES

Row = dict[str, Any]
COMPARED = {
    "verdicts": (*COUNTS, "excluded_by_reason", "minimum_n", "target", "verdict", "p50_seconds", "p90_seconds"),
    "commitments": ("verdict", "decided_by"),
}


@dataclass(frozen=True)
class Repeated(Plan):
    """The plan of a run judged again: the logs of `judged_lake` at `versions`, everything else beside them."""

    judged_lake: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)

    def open_lake(self) -> Lake:
        return PinnedLake(Lake(self.judged_lake), self.versions, self.lake)


@dataclass
class Recomputed:
    """What differs, how many figures and commitments were compared, and why a run could not be judged again."""

    broken: list[Broken] = field(default_factory=list)
    compared: int = 0
    cannot: str = ""


def recompute(conn: Connection, settings: Settings, run: Row) -> Recomputed:
    """Judge a sealed run again and compare; nothing is written beside temporary folders.

    Args:
        conn: the store, for reading.
        run: the run's row, its manifest unchanged.
    """
    found = Recomputed()
    manifest = manifest_of(run)
    changed = _changed_standards(settings, manifest)
    if changed:
        found.cannot = f"run {run['run_id']} was judged by {changed}, which is gone or was changed since"
        return found
    earlier = _earlier_erasures(conn, run)
    found.cannot = _erased_since(conn, Lake(settings.lake), run, manifest, with_cases=bool(earlier))
    if found.cannot:
        return found
    with tempfile.TemporaryDirectory(prefix="pledge-recompute-") as folder:
        again = replace(settings, store=f"sqlite:///{folder}/pledge.sqlite", signing_key="", chain_head="")
        plan = _plan(again, settings.lake, Path(folder), run, manifest)
        _lay_out(conn, again, run, earlier)
        try:
            _bring_erased_cases(plan, settings, manifest, earlier)
            forces = list(plan.forces) or forces_to_judge(plan)
            for force in forces:
                steps.judge(plan, again, force)
            steps.record(plan, again, forces)
        except (NotAnsweringError, *UNREADABLE):
            found.cannot = f"run {run['run_id']}: files it judged are gone from the lake or cannot be read"
            return found
        with reading(open_store(again.store)) as now:
            for table in COMPARED:
                found.broken += _differences(conn, now, table, run["run_id"], found)
    return found


def _changed_standards(settings: Settings, manifest: Row) -> str:
    from dags.plan import standards_of

    published = standards_of(settings)
    for name, said in manifest["standards"].items():
        if name not in published or published[name].sha256 != said["sha256"]:
            return name
    return ""


def _plan(settings: Settings, lake: str, folder: Path, run: Row, manifest: Row) -> Repeated:
    first, last = run["window_from"], run["window_to"]
    names = tuple(json.loads(run["standards"]))
    # Named as a run names them: the editions of the default standard are what a run without names judges by.
    default = tuple(standard.name for standard in chosen_standards(settings, ()))
    return Repeated(
        run_id=run["run_id"],
        as_at=run["as_at"].isoformat(),
        lake=str(folder / "lake"),
        store=settings.store,
        standards=() if names == default else names,
        forces=tuple(manifest.get("forces", ())),
        first_day=first.date().isoformat() if first else "",
        last_day=last.date().isoformat() if last else "",
        started_at=run["started_at"].isoformat(),
        judged_lake=lake,
        versions={name: said["version"] for name, said in manifest["lake"].items() if name != "cases"},
    )


def _earlier_erasures(conn: Connection, run: Row) -> list[Row]:
    """The records of the erasures before a run."""
    numbers = {row["run_id"]: row["run_number"] for row in read.read_table(conn, "runs")}
    return [row for row in erasures.standing(conn) if numbers[row["run_id"]] < run["run_number"]]


def _erased_since(conn: Connection, lake: Lake, run: Row, manifest: Row, *, with_cases: bool) -> str:
    """Why a run cannot be judged again: what it judged was erased; '' where nothing of it was."""
    taken = {key: row["run_id"] for (what, key), row in erasures.taken(conn).items() if what.startswith("lake/")}
    why = {row["run_id"]: row["reason"] for row in erasures.standing(conn)}
    judged = {name: said["version"] for name, said in manifest["lake"].items() if name != CASES or with_cases}
    gone = [path for name, version in judged.items() for path in lake.names(name, version) if path in taken]
    by = "; ".join(f"run {name} erased them: {why[name]}" for name in sorted({taken[path] for path in gone}))
    return f"run {run['run_id']} judged {len(gone):,} files that are gone ({by})" if gone else ""


def _bring_erased_cases(plan: Repeated, settings: Settings, manifest: Row, earlier: Sequence[Row]) -> None:
    """What an earlier erasure left of cases: they count as the run counted them, and cannot be judged again."""
    version = manifest["lake"].get(CASES, {}).get("version")
    if version is None or not earlier:
        return
    con = connect()
    try:
        bring_frozen_cases(
            con,
            Lake(settings.lake),
            version,
            plan.open_lake(),
            lambda measure, force: frozen_before(earlier, measures()[measure].logs, force),
        )
    finally:
        con.close()


def _lay_out(conn: Connection, settings: Settings, run: Row, earlier: Sequence[Row]) -> None:
    """A store that knows of the runs, deliveries and erasures until this run, and of nothing they said."""
    rows = [row for row in read.read_table(conn, "runs") if row["run_number"] <= run["run_number"]]
    known = {row["run_id"] for row in rows}
    blank = {"input_key": "", "figures_hash": "", "hash": "", "previous_hash": "", "manifest": "", "signature": ""}
    begun = [{**row, **blank} if row["run_id"] != run["run_id"] else _begun(row, blank) for row in rows]
    brought = [row for row in read.read_table(conn, "deliveries") if row["run_id"] in known]
    with open_store(settings.store).begin() as scratch:
        scratch.execute(insert(runs), begun)
        if brought:
            scratch.execute(insert(deliveries), brought)
        if earlier:
            scratch.execute(insert(tables.erasures), list(earlier))


def _begun(row: Row, blank: Row) -> Row:
    return {**row, **blank, "status": "running", "finished_at": None}


def _differences(conn: Connection, now: Connection, table: str, run_id: str, found: Recomputed) -> Iterator[Broken]:
    """The figures judged again beside what the run left, and those the run added that are not found again."""
    key, asked = KEYS[table], _repeatable(conn, run_id)
    said = {tuple(row[name] for name in key): row for row in read.read_table(conn, table, asked, run_id)}
    again = {tuple(row[name] for name in key): row for row in read.read_table(now, table, asked)}
    for name in sorted(again.keys() | {name for name, row in said.items() if row["run_id"] == run_id}, key=str):
        found.compared += 1
        before, after = _values(table, said.get(name)), _values(table, again.get(name))
        if before != after:
            where = f"{table} {canonical(list(name)).decode()} of run {run_id}"
            yield Broken(where, f"judged again: {_shown(before, after)}", f"as recorded: {_shown(after, before)}")


def _repeatable(conn: Connection, run_id: str) -> Row:
    """The filters of what rests on this run's judging alone: what begins before its first day is not, nor are
    twelve months of a backfill's part, which may end after the last case of its days."""
    run = next(row for row in read.read_table(conn, "runs") if row["run_id"] == run_id)
    said = input_of(run)
    first = said.get(JUDGED_FROM)
    is_part = bool(said.get(BACKFILL) and run["window_from"])
    periods = ["day", "month", "year"] if is_part else []
    return {"from": date.fromisoformat(first) if first else None, "period": periods}


def _values(table: str, row: Row | None) -> Row:
    """What is compared; a figure of no cases is none."""
    if row is None or (table == "verdicts" and not (row["cases"] or row["excluded"] or row["timed"])):
        return {}
    return {name: row[name] for name in COMPARED[table]}


def _shown(other: Row, row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if other.get(name) != value) or "none"
