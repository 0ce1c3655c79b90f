"""The feeds as the store and the lake remember them, made ready for `checks/feeds.py`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from checks.feeds import ALL, Delivered, Feeds, gaps
from checks.logs import LOGS, Kind
from connectors.lake.cases import read_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from dags.admission import FIT, WITHDRAWN
from dags.plan import Plan, zones

Row = Mapping[str, Any]
LOOK_BACK = 400  # days
# What DuckDB raises of a Parquet file that is damaged or gone.
UNREADABLE = (duckdb.IOException, duckdb.InvalidInputException)


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
) -> Feeds:
    """What each force delivers, by the lake at these versions and the `deliveries` of all runs so far.

    A log of which every record was erased is not absent.
    """
    held = lake.forces(versions)
    for row in erased:
        if row["records"]:
            held.setdefault(row["force"], set()).add(row["log"])
    days = days_with_cases(con, lake, cases)
    forces = sorted({*held, *days, *(row["force"] for row in brought)} - {ALL})
    zone = zones(settings, [*forces, ALL])
    delivered = [_delivered(row, runs[row["run_id"]]["run_number"], zone[row["force"]]) for row in brought]
    for each in delivered:
        if each.fit and each.empty:  # a log that came and was empty is not absent
            for force in forces if each.force == ALL else [each.force]:
                held.setdefault(force, set()).add(each.log)
    never = never_delivered(con, lake, versions, held)
    found = {force: own for force in forces if (own := gaps(delivered, force))}
    for force, own in found.items():
        days[force] = days.get(force, set()).union(*(gap.days(LOOK_BACK) for gap in own))
    return Feeds(held, never, found, days)


def forces(judged: Sequence[str], known: Feeds, plan: Plan) -> list[str]:
    """The forces a run records: those judged and, unless it was limited to some, those of which nothing fit came."""
    return list(judged) if plan.forces else sorted({*judged, *known.days})


def why(plan: Plan, brought: Sequence[Row], runs: Mapping[str, Row]) -> str:
    """Why figures change in this run, by what was delivered since a run last got to its end."""
    new = [row for row in brought if row["run_id"] == plan.run_id or runs[row["run_id"]]["status"] != "done"]
    causes = {"late or corrected rows were delivered": any(row["rows_admitted"] for row in new)}
    causes[WITHDRAWN] = any(row["reason"].endswith(WITHDRAWN) for row in new)
    return "; ".join(cause for cause, applies in causes.items() if applies) or "it was judged again"


def _delivered(row: Row, order: int, zone: str) -> Delivered:
    log = LOGS[row["log"]]
    dates = log.by_name[log.dated_by].kind is Kind.DATE if log.dated_by else False
    return Delivered(
        row["source"],
        row["log"],
        row["force"],
        row["fitness"] == FIT,
        order,
        received_on=_day(row["received_at"], zone),
        first_day=row["covers_from"] and _day(row["covers_from"], "UTC" if dates else zone),
        last_day=row["covers_to"] and _day(row["covers_to"], "UTC" if dates else zone),
        empty=not row["rows_read"],
        dated=bool(log.dated_by),
    )


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


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
        for force, lacking in _lacking(con, lake, log, version, held):
            never[force] |= set.intersection(*(set(columns.split(",")) for columns in lacking)) - {""}
    return never


def _lacking(
    con: duckdb.DuckDBPyConnection, lake: Lake, log: str, version: int, held: Mapping[str, set[str]]
) -> list[tuple[str, list[str]]]:
    files = lake.files(log, version)
    try:
        return con.execute(_LACKING, {"files": files}).fetchall() if files else []
    except UNREADABLE:
        found = []
        for force in held:
            with suppress(*UNREADABLE):
                files = lake.files(log, version, force=[force])
                found += con.execute(_LACKING, {"files": files}).fetchall() if files else []
        return found


def days_with_cases(con: duckdb.DuckDBPyConnection, lake: Lake, version: int | None) -> dict[str, set[date]]:
    """The local days each force has cases of."""
    read_cases(con, lake.files("cases", version), "all_cases")
    found: dict[str, set[date]] = defaultdict(set)
    for force, day in con.execute("select distinct force, local_day from all_cases").fetchall():
        if day:
            found[force].add(day)
    return dict(found)
