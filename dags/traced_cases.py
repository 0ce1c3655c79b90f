"""The cases of a figure and the delivered rows of each, as the lake held them; and which cases changed since when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import duckdb
from sqlalchemy import Connection

from checks.commitment import measures
from checks.database import UNREADABLE, connect
from checks.errors import PledgeError
from checks.evidence import lay_evidence, lay_figure_cases, logs_of
from checks.feeds import ALL
from checks.judging import Window, macros_script, run_script
from checks.logs import LOGS
from connectors.lake.cases import read_cases
from connectors.lake.rows import CAME_WITH, lay_rows, row_history
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store.revisions import deliveries_of
from dags.plan import zones

Row = dict[str, Any]
COUNTED = ("met", "missed", "pending", "unknown", "excluded", "timed")
CASE = (
    "standard", "measure", "force", "area", "neighbourhood", "case_id", "state", "reason", "clock_started_at",
    "limit_seconds", "due_at", "clock_stopped_at", "elapsed_seconds", "local_day", "first_run", "last_changed_run",
)  # fmt: skip
EVIDENCE = (
    "log", "key", "delivery_id", "row_number", "source", "location", "sha256", "received_at", "admitted_by_run", "row",
)  # fmt: skip
GONE = "Rows of then cannot be read: they were erased, or their files are damaged (`pledge verify` says which)."
CHANGED_SHOWN = 100


def say_changes(lake: Lake, runs: Mapping[str, Row], known: Sequence[Row]) -> None:
    """Add to each restated value of a figure which of its cases changed since the value before.

    `cases_changed` is None for a value that restates none (the first, or one that follows a period still open), and
    where the lake of then cannot be read: it was erased, or is damaged.
    """
    for before, row in zip((None, *known), known, strict=False):
        row["cases_changed"], row["changed"] = None, []
        if before is None or not row["restated"]:
            continue
        keys = (runs[each["run_id"]]["input_key"] for each in (before, row))
        with suppress(PledgeError, *UNREADABLE):
            changed = _changed(lake, row, *(json.loads(key).get("cases") for key in keys))
            row["cases_changed"], row["changed"] = len(changed), changed[:CHANGED_SHOWN]


_CHANGED = """
select
    coalesce(new."force", old."force") as "force", coalesce(new.case_id, old.case_id) as case_id,
    coalesce(old.state, '') as before, coalesce(new.state, '') as after
from cases_after as new
full join cases_before as old on new."force" = old."force" and new.case_id = old.case_id
where
    new.state is distinct from old.state or new.reason is distinct from old.reason
    or new.part is distinct from old.part or new.whole is distinct from old.whole
    or new.elapsed_seconds is distinct from old.elapsed_seconds
order by all
"""


def _changed(lake: Lake, figure: Row, before: int | None, after: int | None) -> list[Row]:
    con = connect()
    try:
        for version, name in ((before, "cases_before"), (after, "cases_after")):
            _lay_cases(con, lake, figure, version)
            con.execute(f"create or replace table {name} as select * from figure_cases")  # noqa: S608
        return _dicts(con.execute(_CHANGED))
    finally:
        con.close()


def _lay_cases(con: duckdb.DuckDBPyConnection, lake: Lake, figure: Row, version: int | None) -> None:
    """Views `all_cases` and `figure_cases`; what is owed an explanation are the cases of any measure."""
    only = {"standard": [figure["standard"]]}
    if figure["measure"] != "explained":
        only["measure"] = [figure["measure"]]
    if figure["force"] != ALL:
        only["force"] = [figure["force"]]
    read_cases(con, lake.files("cases", version, **only) if version else [], "all_cases")
    lay_figure_cases(con, figure)


_TRACED = """
create or replace table traced as select * from figure_cases
where
    (len($states) = 0 or list_contains($states, state))
    and (len($cases) = 0 or list_contains($cases, case_id))
order by "force", clock_started_at, case_id
"""


def cases_of(
    conn: Connection,
    lake: Lake,
    settings: Settings,
    figure: Row,
    versions: Mapping[str, int],
    *,
    states: Sequence[str] = (),
    named: Sequence[str] = (),
    with_history: bool = False,
) -> tuple[list[Row], Row | None, str]:
    """The figure's cases (of these states and names) with their rows; how many there are of each state, whichever were
    asked for; and what is amiss, '' = nothing.

    `figure` has `as_at`; `versions` are those of the lake's tables as the run judged them.
    """
    con = connect()
    try:
        _lay_cases(con, lake, figure, versions.get("cases"))
        counted = dict(con.execute("select state, count(*) from figure_cases group by state").fetchall())
        con.execute(_TRACED, {"states": list(states), "cases": list(named)})
        cases = _dicts(con.execute("select * from traced"))
        rows, amiss = _rows(con, lake, settings, figure, versions, with_history)
    except UNREADABLE:
        return [], None, GONE
    finally:
        con.close()
    _say_deliveries(conn, rows)
    by_case: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_case.setdefault((row.pop("force"), row.pop("case_id")), []).append(row)
    told = [
        {**{name: case[name] for name in CASE}, "rows": by_case.get((case["force"], case["case_id"]), [])}
        for case in cases
    ]
    return told, {name: counted.get(name, 0) for name in COUNTED}, amiss


def _rows(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    settings: Settings,
    figure: Row,
    versions: Mapping[str, int],
    with_history: bool,
) -> tuple[list[Row], str]:
    """The delivered rows, none and why where those of then cannot be read."""
    try:
        rows = list(_evidence(con, lake, settings, figure, versions))
        if with_history:
            _say_versions(lake, rows, versions)
    except UNREADABLE:
        return [], GONE
    return rows, ""


def _evidence(
    con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings, figure: Row, versions: Mapping[str, int]
) -> Iterator[Row]:
    """The rows of the logs the traced cases come from, as dicts of force, case_id, log, key, CAME_WITH and row."""
    forces = [row[0] for row in con.execute('select distinct "force" from traced order by 1').fetchall()]
    if not forces:
        return
    con.execute(macros_script() + run_script(Window(figure["as_at"]), zones(settings, forces)))
    needed = LOGS if figure["measure"] == "explained" else logs_of(measures()[figure["measure"]])
    for log in LOGS.values():
        is_there = log.name in needed and log.name in versions
        lay_rows(con, log, lake.files(log.name, versions[log.name], force=forces) if is_there else [])
    lay_evidence(con)
    reading = con.execute("select distinct log from reads semi join dated_cases using (of_measure)").fetchall()
    for name in (log for log in LOGS if (log,) in reading):
        found = con.execute(
            f"select e.* from evidence_of_{name} as e "  # noqa: S608
            f"semi join (from reads where log = '{name}') as r using (of_measure) order by all"
        )
        for row in _dicts(found):
            said = {column: row[column] for column in LOGS[name].by_name}
            key = [row[column] for column in LOGS[name].keys]
            yield {
                "force": row["force"],
                "case_id": row["case_id"],
                "log": name,
                "key": _named(key),
                **{column: row[column] for column in CAME_WITH},
                "row": said,
            }


def _named(key: Sequence[Any]) -> str:
    return "/".join(part.isoformat() if hasattr(part, "isoformat") else str(part) for part in key)


def _say_deliveries(conn: Connection, rows: Sequence[Row]) -> None:
    """Add to each row the file it came with and the run that admitted it; also to its earlier versions."""
    every = [each for row in rows for each in (row, *row.get("versions", ()))]
    known = deliveries_of(conn, {each["delivery_id"] for each in every if each["delivery_id"]})
    for each in every:
        delivery = known.get(each["delivery_id"], {})
        names = ("source", "location", "sha256", "received_at")
        each |= {name: delivery.get(name) for name in names} | {"admitted_by_run": delivery.get("run_id")}


def _say_versions(lake: Lake, rows: Sequence[Row], versions: Mapping[str, int]) -> None:
    by_log: dict[tuple[str, str], dict[tuple[Any, ...], list[Row]]] = {}
    for row in rows:
        key = tuple(row["row"][name] for name in LOGS[row["log"]].keys)
        by_log.setdefault((row["log"], row["force"]), {}).setdefault(key, []).append(row)
    for (log, force), keyed in by_log.items():
        history = row_history(lake, LOGS[log], force, list(keyed), versions[log])
        for key, same in keyed.items():
            for row in same:
                row["versions"] = [dict(each) for each in history[key]]


def _dicts(found: Any) -> list[Row]:
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
