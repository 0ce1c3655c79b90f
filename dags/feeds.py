"""The feeds as the store and the lake remember them, made ready for `checks/feeds.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from checks.database import UNREADABLE, connect
from checks.feeds import ALL, Feeds, gaps
from checks.logs import LOGS
from checks.revision import LOOK_BACK_DAYS
from connectors.lake.cases import read_cases
from connectors.lake.listing import months_from, names_of
from connectors.lake.reaching import only_values
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import read
from connectors.store.engine import open_store, reading
from dags.delivered import WITHDRAWN, delivered_of
from dags.plan import Plan, zones

Row = Mapping[str, Any]


def known(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    versions: dict[str, int],
    cases: int | None,
    settings: Settings,
    plan: Plan,
    brought: Sequence[Row],
    runs: Mapping[str, Row],
    erased: Sequence[Row] = (),
    since: date | None = None,
) -> Feeds:
    """What each force delivers, by the lake at these versions and the `deliveries` of all runs so far.

    A log of which every record was erased is not absent. Of the days before `since` only the first month is told.
    """
    held = lake.forces(versions)
    for row in erased:
        if row["records"]:
            held.setdefault(row["force"], set()).add(row["log"])
    days = days_with_cases(con, lake, cases, since)
    forces = sorted({*held, *days, *(row["force"] for row in brought)} - {ALL})
    zone = zones(settings, [*forces, ALL])
    delivered = [delivered_of(row, runs[row["run_id"]]["run_number"], zone[row["force"]]) for row in brought]
    for each in delivered:
        if each.fit and each.empty:  # a log that came and was empty is not absent
            for force in forces if each.force == ALL else [each.force]:
                held.setdefault(force, set()).add(each.log)
    never = never_delivered(con, lake, versions, held)
    found = {force: own for force in forces if (own := gaps(delivered, force))}
    for force, own in found.items():
        days[force] = days.get(force, set()).union(*(gap.days(LOOK_BACK_DAYS) for gap in own))
    return Feeds(held, never, found, days)


def as_known(settings: Settings, plan: Plan, versions: Mapping[str, int], run: str | None) -> Feeds:
    """The feeds as they are known now, or as a run (its id) knew them, for judging again without a run."""
    logs, lake = {name: version for name, version in versions.items() if name in LOGS}, plan.open_lake()
    con = connect()
    try:
        with reading(open_store(plan.store, create=False)) as conn:
            runs = {row["run_id"]: row for row in read.read_table(conn, "runs")}
            last = runs[run]["run_number"] if run else max((row["run_number"] for row in runs.values()), default=0)
            brought = [row for row in read.read_table(conn, "deliveries") if runs[row["run_id"]]["run_number"] <= last]
        return known(con, lake, logs, versions.get("cases"), settings, plan, brought, runs)
    finally:
        con.close()


def forces(judged: Sequence[str], known: Feeds, plan: Plan) -> list[str]:
    """The forces a run records: those judged and, unless it was limited to some, those of which nothing fit came."""
    return list(judged) if plan.forces else sorted({*judged, *known.days})


def why(plan: Plan, brought: Sequence[Row], runs: Mapping[str, Row]) -> str:
    """Why figures change in this run, by what was delivered since a run last got to its end."""
    new = [row for row in brought if row["run_id"] == plan.run_id or runs[row["run_id"]]["status"] != "done"]
    causes = {"late or corrected rows were delivered": any(row["rows_admitted"] for row in new)}
    causes["it was judged from an earlier moment than before"] = judged_later(plan, list(runs.values())) is not None
    causes[WITHDRAWN] = any(WITHDRAWN in row["reason"] for row in new)
    return "; ".join(cause for cause, applies in causes.items() if applies) or "it was judged again"


def judged_later(plan: Plan, runs: Sequence[Row]) -> Row | None:
    """The run whose figures stand, where it judged from a later moment than this one does."""
    done = [row for row in runs if row["status"] == "done" and row["run_id"] != plan.run_id]
    last = max(done, key=lambda row: row["run_number"], default=None)
    return last if last and last["as_at"] > plan.moment else None


_LACKING = """
select "force", list(distinct lacks)
from read_parquet($files, hive_partitioning = true, hive_types = {'force': varchar, 'month': varchar},
    union_by_name = true)
group by "force"
"""


def never_delivered(
    con: duckdb.DuckDBPyConnection, lake: Lake, versions: dict[str, int], held: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """For each force the columns, qualified by their log, that none of its rows' sources deliver.

    Nothing is said of a force one of whose files cannot be read: it was not judged, and its cases stand.
    """
    never: dict[str, set[str]] = defaultdict(set)
    for log, version in versions.items():
        by_force: dict[str, set[str]] = defaultdict(set)
        for force, lacking in _lacking(con, lake, log, version, held):
            by_force[force].update(lacking)
        for force, every in by_force.items():
            never[force] |= set.intersection(*(set(columns.split(",")) for columns in every)) - {""}
    return never


def _lacking(
    con: duckdb.DuckDBPyConnection, lake: Lake, log: str, version: int, held: Mapping[str, set[str]]
) -> list[tuple[str, list[str]]]:
    try:
        told, files = _told_lacking(lake, log, version)
        return [*told, *(con.execute(_LACKING, {"files": files}).fetchall() if files else [])]
    except UNREADABLE:
        found = []
        for force in held:
            with suppress(*UNREADABLE):
                told, files = _told_lacking(lake, log, version, [force])
                found += [*told, *(con.execute(_LACKING, {"files": files}).fetchall() if files else [])]
        return found


def _told_lacking(
    lake: Lake, log: str, version: int, forces: Sequence[str] | None = None
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """What Delta's statistics tell of it without opening a file, and the files they do not tell it of."""
    actions = lake.actions(log, version, **({"force": forces} if forces else {}))
    values = only_values(actions, "lacks")
    found: dict[str, set[str]] = defaultdict(set)
    for force, value in zip(actions["partition.force"].to_pylist(), values, strict=True):
        if value is not None:
            found[force].add(value)
    unknown = actions.filter(pa.array([value is None for value in values], pa.bool_()))
    return [(force, sorted(lacking)) for force, lacking in found.items()], lake.at_hand(log, names_of(log, unknown))


def days_with_cases(
    con: duckdb.DuckDBPyConnection, lake: Lake, version: int | None, since: date | None = None
) -> dict[str, set[date]]:
    """The local days each force has cases of; of those before `since` only the first of the first month."""
    actions = lake.actions("cases", version)
    found: dict[str, set[date]] = defaultdict(set)
    if since:
        months = zip(actions["partition.force"].to_pylist(), actions["partition.month"].to_pylist(), strict=True)
        for force, month in sorted(set(months), reverse=True):
            if month < f"{since:%Y-%m}":
                found[force] = {date(int(month[:4]), int(month[5:7]), 1)}
    read_cases(con, lake.at_hand("cases", names_of("cases", months_from(actions, since))), "all_cases")
    for force, day in con.execute("select distinct force, local_day from all_cases").fetchall():
        if day:
            found[force].add(day)
    return dict(found)
