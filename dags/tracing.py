"""Where a figure comes from: its standard, every value it had, its cases, and the delivered rows of each case."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
from sqlalchemy import Connection

from checks.commitment import measures
from checks.database import connect
from checks.errors import PledgeError, UsageError
from checks.evidence import FIGURE_SAYS, lay_evidence, lay_figure_cases, logs_of
from checks.feeds import ALL
from checks.judging import Window, macros_script, run_script
from checks.logs import LOGS
from checks.revision import is_provisional, period_end
from checks.standard import NATIONAL, Rule, Standard, editions, effective
from connectors.lake.cases import read_cases
from connectors.lake.rows import CAME_WITH, lay_rows, row_history
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import read
from connectors.store.revisions import deliveries_of, revisions
from dags.feeds import UNREADABLE
from dags.looking import existing_lake
from dags.plan import chosen_standards, standards_of, zones
from dags.recorded import recorded_run
from dags.sealing import manifest_of

Row = dict[str, Any]
COUNTED = ("met", "missed", "pending", "unknown", "excluded", "timed")
CASE = (
    "standard", "measure", "force", "area", "neighbourhood", "case_id", "state", "reason", "clock_started_at",
    "limit_seconds", "due_at", "clock_stopped_at", "elapsed_seconds", "local_day", "first_run", "last_changed_run",
)  # fmt: skip
EVIDENCE = (
    "log", "key", "delivery_id", "row_number", "source", "location", "sha256", "received_at", "admitted_by_run", "row",
)  # fmt: skip
CHANGED_SHOWN = 100


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
    """Everything a figure rests on, as one object: figure, standard, definition, history, later, cases, judged_by
    (the standards to give to `pledge sql`), sql.

    Args:
        run: the figure as this run left it; None = as it stands.
        with_history: each row also as it was under every version of its log that changed it.

    Raises:
        UsageError: there is no such figure, or several are meant.
    """
    judged = recorded_run(conn, run)
    if judged is None or not judged["input_key"]:
        do = "Name one that ended, see `pledge runs`."
        raise UsageError(f"run {run or 'newest'}", "no run has recorded figures there", "a finished run", do)
    figure = _figure(conn, settings, asked, judged["run_id"])
    about = {name: [figure[name]] for name in FIGURE_SAYS if name != "period_start"}
    known = list(revisions(conn, {**about, "from": figure["period_start"], "to": figure["period_start"]}))
    lake, versions = existing_lake(settings), json.loads(judged["input_key"])
    runs = {row["run_id"]: row for row in read.read_table(conn, "runs")}
    _say_changes(lake, runs, known)
    figure["as_left_by_run"], figure["as_at"] = judged["run_id"], judged["as_at"]
    cases, counted = _cases(conn, lake, settings, figure, versions, asked, with_history)
    figure["provisional"] = is_provisional(figure["period"], figure["period_start"], judged["as_at"])
    figure["counted_again"] = counted
    standard, definition = _standard(settings, figure, runs[figure["run_id"]])
    judged_by = [each.name for each in _editions(settings, figure, judged)]
    return {
        "figure": figure,
        "standard": standard,
        "definition": definition,
        "history": [row for row in known if row["run_number"] <= judged["run_number"]],
        "later": [row for row in known if row["run_number"] > judged["run_number"]],
        "cases": cases,
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
    rules = [_rule(rule) for rule in _rules(_editions(settings, figure, run), figure)]
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


def _editions(settings: Settings, figure: Row, run: Mapping[str, Any]) -> list[Standard]:
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


def _say_changes(lake: Lake, runs: Mapping[str, Row], known: Sequence[Row]) -> None:
    """Add to each value of a figure but the first which of its cases changed since the value before."""
    for before, row in zip((None, *known), known, strict=False):
        row["cases_changed"], row["changed"] = None, []
        if before is None:
            continue
        keys = (runs[before["run_id"]]["input_key"], runs[row["run_id"]]["input_key"])
        try:
            row["changed"] = _changed(lake, row, *(json.loads(key).get("cases") for key in keys))
            row["cases_changed"] = len(row["changed"])
        except (PledgeError, *UNREADABLE):  # that evidence was erased, or is damaged: `pledge verify` says which
            continue
        row["changed"] = row["changed"][:CHANGED_SHOWN]


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


def _cases(
    conn: Connection,
    lake: Lake,
    settings: Settings,
    figure: Row,
    versions: Mapping[str, int],
    asked: Asked,
    with_history: bool,
) -> tuple[list[Row], Row]:
    """The figure's cases with their rows, and how many there are of each state, whichever were asked for."""
    con = connect()
    try:
        _lay_cases(con, lake, figure, versions.get("cases"))
        states = dict(con.execute("select state, count(*) from figure_cases group by state").fetchall())
        con.execute(_TRACED, {"states": list(asked.states), "cases": list(asked.cases)})
        cases = _dicts(con.execute("select * from traced"))
        rows = list(_evidence(con, lake, settings, figure, versions))
    finally:
        con.close()
    if with_history:
        _say_versions(lake, rows, versions)
    _say_deliveries(conn, rows)
    by_case: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_case.setdefault((row.pop("force"), row.pop("case_id")), []).append(row)
    told = [
        {**{name: case[name] for name in CASE}, "rows": by_case.get((case["force"], case["case_id"]), [])}
        for case in cases
    ]
    return told, {name: states.get(name, 0) for name in COUNTED}


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


def _sql_command(figure: Row, run: str, standards: Sequence[str], settings: Settings) -> str:
    by = "".join(f" --standard {name}" for name in standards)
    force = "" if figure["force"] == ALL else f" --force {figure['force']}"
    return (
        f"pledge sql --measure {figure['measure']}{by}{force} --run {run} --lake {settings.lake} > figure.sql "
        "&& duckdb < figure.sql"
    )
