"""Reading what is in the lake, and judging again without writing: cases, other definitions, the SQL itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from checks.commitment import Measure, measures
from checks.database import connect
from checks.errors import UsageError
from checks.judging import facts_script, measure_script, preamble, rules_script
from checks.logs import LOGS
from connectors.lake.cases import missed_cases_script, read_cases
from connectors.lake.schema import CASES
from connectors.lake.storage import lake_exists
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import erasures, read, write
from connectors.store.engine import open_store, reading
from dags.accessed import recorded
from dags.options import say
from dags.plan import (
    FIRST_YEAR,
    Plan,
    applied,
    bank_holidays,
    chosen_standards,
    commitments_by_measure,
    forces_to_judge,
    new_plan,
    zones,
)
from dags.tables import Format, show
from dags.when import moment

Row = dict[str, Any]
CASE_COLUMNS = [name for name in CASES if name not in ("month", "unjudgeable")]
CASES_SHORT = (
    "measure", "force", "case_id", "area", "neighbourhood", "state", "reason", "clock_started_at", "due_at",
    "clock_stopped_at", "elapsed_seconds",
)  # fmt: skip
RECORDED_BESIDE = ("timed", "numerator", "denominator", "target", "run_id")

_LIST = """
select * from kept_cases
where
    (len($measure) = 0 or list_contains($measure, measure))
    and (len($standard) = 0 or list_contains($standard, standard))
    and (len($force) = 0 or list_contains($force, "force"))
    and (len($area) = 0 or list_contains($area, area))
    and (len($state) = 0 or list_contains($state, state))
    and local_day >= coalesce($first, local_day) and local_day <= coalesce($last, local_day)
order by standard, measure, "force", clock_started_at, case_id
"""


def list_cases(
    settings: Settings,
    form: Format,
    run: str | None,
    *,
    first_day: date | None,
    last_day: date | None,
    commitment: Sequence[int] | None = None,
    **filters: Sequence[str] | None,
) -> None:
    """Print the cases of a measure; `run` = as the lake held them when that run was recorded."""
    lake = existing_lake(settings)
    version = _recorded(settings, run).get("cases") if run else None
    chosen = {name: list(values or ()) for name, values in filters.items()}
    if commitment:
        chosen["measure"] = [name for name in chosen["measure"] if measures()[name].commitment in commitment]
    partitions = {name: chosen[name] for name in ("standard", "measure", "force") if chosen[name] or name == "measure"}
    con = connect()
    try:
        read_cases(con, lake.files("cases", version, **partitions), "kept_cases")
        con.execute(_LIST, {**chosen, "first": first_day, "last": last_day})
        asked = {**filters, "commitment": commitment, "from": first_day, "to": last_day, "run": run}
        with recorded(settings, "cases", asked, form, say) as counted:
            show(counted(_rows(con)), CASE_COLUMNS, form, CASES_SHORT)
    finally:
        con.close()


def _rows(con: Any) -> Iterator[dict[str, Any]]:
    names = [column[0] for column in con.description]
    while batch := con.fetchmany(10_000):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def _recorded(settings: Settings, run: str) -> dict[str, int]:
    """The Delta versions a run judged."""
    with reading(open_store(settings.store, create=False)) as conn:
        write.run_number(conn, run)
        key = next(row["input_key"] for row in read.read_table(conn, "runs") if row["run_id"] == run)
    return json.loads(key) if key else {}


def existing_lake(settings: Settings) -> Lake:
    """The lake, for reading; raises UsageError where there is none."""
    if not lake_exists(settings.lake):
        do = "Run `pledge run` first, or correct --lake or PLEDGE_LAKE."
        raise UsageError(f"lake {settings.lake}", "there is none", "the lake of an earlier run", do)
    return Lake(settings.lake)


def _finished(settings: Settings, run: str | None) -> Row | None:
    """The run of that name, or the newest finished one; None where none is finished."""
    with reading(open_store(settings.store, create=False)) as conn:
        done = [row for row in read.read_table(conn, "runs") if row["status"] == "done" and row["input_key"]]
    chosen = [row for row in done if run is None or row["run_id"] == run]
    if run and not chosen:
        raise UsageError(f"run {run}", "there is no finished run of that name", "one of `pledge runs`", "Correct it.")
    return max(chosen, key=lambda row: row["run_number"], default=None)


def reading_plan(
    settings: Settings,
    as_at: str | None,
    run: str | None,
    standards: tuple[str, ...],
    forces: tuple[str, ...],
    first_day: str,
    last_day: str,
) -> Plan:
    """A plan for judging again without writing: as at the moment given, else that of the run, else of the last run.

    Forces and window that are not given are those of the run named.
    """
    existing_lake(settings)
    last = None if as_at and not run else _finished(settings, run)
    judged = moment(as_at) if as_at or last is None else last["as_at"]
    if run and last:
        from dags.sealing import manifest_of

        forces = forces or tuple(manifest_of(last).get("forces", ()))
        if not (first_day or last_day):
            first_day, last_day = window_of(last)
    return new_plan(
        settings, judged, judged, standards=standards, forces=forces, first_day=first_day, last_day=last_day
    )


def window_of(run: Row) -> tuple[str, str]:
    """The first and last local day a run looked at, as a plan names them; '' = open."""
    first, last = (run[name].date().isoformat() if run[name] else "" for name in ("window_from", "window_to"))
    return first, last


def show_sensitivity(
    settings: Settings,
    form: Format,
    measure: str,
    full: bool,
    period: str,
    standards: tuple[str, ...],
    forces: tuple[str, ...],
    areas: tuple[str, ...],
    commitments: tuple[int, ...],
    first_day: str,
    last_day: str,
    as_at: str | None,
    run: str | None,
) -> None:
    """Print the sensitivity table of a measure; `run` = on the rows that run judged."""
    from dags import feeds
    from dags import sensitivity as sensitivity_table

    plan = reading_plan(settings, as_at, run, standards, forces, first_day, last_day)
    versions = _recorded(settings, run) if run else plan.open_lake().versions()
    rows = sensitivity_table.sensitivity(
        plan,
        settings,
        chosen_standards(settings, standards),
        measures()[measure],
        forces_to_judge(plan),
        versions,
        feeds.as_known(settings, plan, versions, run),
        _erased(settings),
        say,
        full=full,
        period=period,
        areas=areas,
    )
    if commitments and measures()[measure].commitment not in commitments:
        rows = iter(())
    short = [name for name in sensitivity_table.COLUMNS if name not in ("standard", "measure")]
    short = [name for name in short if name != "period_start" or period != "window"]
    show(rows, sensitivity_table.COLUMNS, form, short)


def _erased(settings: Settings) -> list[Row]:
    with reading(open_store(settings.store, create=False)) as conn:
        return erasures.standing(conn)


def show_recorded_sensitivity(settings: Settings, form: Format, run: str | None, **filters: Any) -> None:
    """Print the table `sensitivity` as it stands, or as a run left it; definitions as objects."""
    from dags import sensitivity as sensitivity_table

    columns = [*sensitivity_table.COLUMNS[:6], "changed", *sensitivity_table.COLUMNS[6:], *RECORDED_BESIDE]
    with reading(open_store(settings.store, create=False)) as conn:
        rows = read.read_table(conn, "sensitivity", filters, run)
        told = ({**row, "definition": json.loads(row["definition"])} for row in rows)
        short = [name for name in columns if name not in ("standard", "definition", "period", *RECORDED_BESIDE)]
        show(told, columns, form, short)
        if any(row["cases"] for row in erasures.standing(conn)):
            say(f"Some figures count cases of erased records (`pledge erasures`). {sensitivity_table.OF_ERASED}")


def sql_script(
    settings: Settings,
    measure: str,
    standards: tuple[str, ...],
    forces: tuple[str, ...],
    first_day: str,
    last_day: str,
    as_at: str | None,
    run: str | None,
) -> str:
    """The script that judges a measure, over the very files of the lake."""
    plan = reading_plan(settings, as_at, run, standards, forces, first_day, last_day)
    judged = forces_to_judge(plan)
    one, chosen = measures()[measure], chosen_standards(settings, standards)
    rules = [each for force in judged for each in applied(chosen, measure, force)]
    parts = [
        f"-- {measure} as at {plan.as_at}; run it in DuckDB 2.0: duckdb < this file",
        "set TimeZone = 'UTC';",
        _laid_out(plan, settings, one, judged, run),
        rules_script(one, rules),
        measure_script(one),
        facts_script(),
        "select * from figures order by standard, force, area, neighbourhood, period, period_start;",
    ]
    return "\n".join(parts)


def _laid_out(plan: Plan, settings: Settings, measure: Measure, forces: Sequence[str], run: str | None) -> str:
    """The script that lays out what the measure reads, of the logs as they are or as a run judged them."""
    lake = plan.open_lake()
    versions = _recorded(settings, run) if run else lake.versions()
    logs = [name for name in LOGS if name in measure.logs or f"from {name}" in measure_script(measure)]
    files = {log: _full(lake.files(log, versions[log], force=forces)) for log in logs if log in versions}
    holidays, missed = [], ""
    if "working_days" in measure.sql:
        holidays = bank_holidays(settings, forces, FIRST_YEAR, plan.moment.year + 1)
    if "missed_cases" in measure.sql:
        names = [standard.name for standard in chosen_standards(settings, plan.standards)]
        cases = lake.files("cases", versions.get("cases"), standard=names, force=forces)
        missed = missed_cases_script(_full(cases), commitments_by_measure())
    return preamble(plan.window, zones(settings, forces), files, forces, logs, bank_holidays=holidays) + missed


def _full(paths: Sequence[str]) -> list[str]:
    return [str(Path(path).resolve()) for path in paths]
