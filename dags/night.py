"""What `pledge` does beyond reading a table: a night without Airflow, a dry run, cases, definitions, SQL."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connectors.sources.description import described
from connectors.sources.file import canonical

from checks.commitment import measures
from checks.database import connect, literal
from checks.errors import UsageError
from checks.feeds import ALL
from checks.judging import facts_script, measure_script, preamble, rules_script
from checks.logs import LOGS
from connectors.lake.cases import read_cases
from connectors.lake.tables import CASES, Lake
from connectors.settings import Settings
from connectors.store import read, write
from connectors.store.engine import open_store, reading
from dags import admission, steps
from dags import sensitivity as sensitivity_table
from dags.plan import Plan, applied, chosen_standards, source_folders, zones
from dags.tables import Format, show

Say = Callable[[str], None]
CASE_COLUMNS = [name for name in CASES.names if name not in ("month", "unjudgeable")]
CASES_SHORT = (
    "measure", "force", "case_id", "area", "neighbourhood", "state", "reason", "clock_started_at", "due_at",
    "clock_stopped_at", "elapsed_seconds",
)  # fmt: skip
NIGHT_SHORT = (
    "force", "commitment", "measure", "period", "period_start", "numerator", "denominator", "rate", "rate_low",
    "rate_high", "unknown", "target", "verdict",
)  # fmt: skip


def one_night(settings: Settings, as_at: datetime, now: datetime, form: Format, say: Say, **choices: Any) -> bool:
    """Run every step in this process; returns whether a delivery was unfit.

    When a step fails the run is closed as failed and the error goes on to the caller.
    """
    plan = steps.new_plan(settings, as_at, now, **choices)
    steps.handed(plan, settings)  # a wrong path or name is said before anything is written
    steps.start(plan, settings)
    try:
        added = steps.admit(plan, settings, say)
        forces = steps.forces_to_judge(plan)
        for force in forces:
            steps.judge(plan, settings, force, say)
        steps.record(plan, settings, forces, say)
        steps.announce(plan, settings, say)
        steps.publish(plan, settings, say)
    except BaseException:
        steps.fail(plan)
        raise
    show_run(plan.store, plan.run_id, form)
    return any(row["fitness"] == admission.UNFIT for row in added)


def show_run(store: str, run_id: str, form: Format) -> None:
    """The verdicts a run left: the last months at force level to read, or all of them to work with."""
    with reading(open_store(store)) as conn:
        rows = list(read.read_table(conn, "verdicts", {}, run_id))
    if form is Format.TABLE:
        months = sorted({row["period_start"] for row in rows if row["period"] == "month"})[-3:]
        rows = [
            row
            for row in rows
            if row["period"] == "month" and row["period_start"] in months and row["force"] != ALL
            and not row["area"] and not row["neighbourhood"]
        ]  # fmt: skip
    show(rows, read.columns_of("verdicts"), form, NIGHT_SHORT)


def dry_run(settings: Settings, log: str, path: Path, source: str, as_at: datetime, form: Format, say: Say) -> bool:
    """Examine one delivery and print what is wrong with it; returns whether it is unfit."""
    if log not in LOGS:
        raise UsageError(f"log {log}", "there is no such log", f"one of {', '.join(LOGS)}", "Correct the name.")
    reader = described(source, source_folders(settings)) if source else canonical(log)
    if reader.log != log:
        raise UsageError(f"--source {source}", f"it fills {reader.log}", log, f"Say `pledge check {reader.log} …`.")
    with tempfile.TemporaryDirectory(prefix="pledge-check-") as folder:
        seen, _ = admission.examine(reader, path, Path(folder), as_at, admission.Earlier(), scheduled=False)
    show(admission.troubles(seen), ("row_number", "key", "rule", "sentence"), form)
    for result in seen.results:
        if not result.success and result.severity != "critical":
            say(f"flagged, kept: {result.rule}: {result.observed}. {result.detail}")
    say(
        f"{path}: {log}, {seen.rows_read:,} rows read, {len(seen.refused_rows):,} would be quarantined; {seen.fitness}"
        + (f": {seen.reason}" if seen.reason else ".")
    )
    return seen.fitness == admission.UNFIT


def list_cases(
    settings: Settings,
    form: Format,
    run: str | None,
    *,
    first_day: date | None,
    last_day: date | None,
    **filters: Sequence[Any] | None,
) -> None:
    """Print the cases of a measure; `run` = as the lake held them when that run was recorded."""
    lake = Lake(settings.lake)
    version = _recorded(settings, run).get("cases") if run else None
    chosen = {name: values for name, values in filters.items() if values}
    commitments = chosen.pop("commitment", None)
    if commitments:
        chosen["measure"] = [m for m in chosen["measure"] if measures()[m].commitment in commitments]
    partitions = {name: chosen[name] for name in ("standard", "measure", "force") if name in chosen}
    con = connect()
    try:
        read_cases(con, lake.files("cases", version, **partitions), "kept_cases")
        wanted = [f"{name} in ({', '.join(literal(value) for value in values)})" for name, values in chosen.items()]
        wanted += [f"local_day >= {literal(first_day)}"] if first_day else []
        wanted += [f"local_day <= {literal(last_day)}"] if last_day else []
        con.execute(
            f"select {', '.join(CASE_COLUMNS)} from kept_cases where {' and '.join(wanted) or 'true'} "
            "order by standard, measure, force, clock_started_at, case_id"
        )
        show(_rows(con), CASE_COLUMNS, form, CASES_SHORT)
    finally:
        con.close()


def _rows(con: Any) -> Iterator[dict[str, Any]]:
    names = [column[0] for column in con.description]
    while batch := con.fetchmany(10_000):
        for row in batch:
            yield dict(zip(names, row, strict=True))


def _recorded(settings: Settings, run: str) -> dict[str, int]:
    """The Delta versions a run judged."""
    import json

    with reading(open_store(settings.store)) as conn:
        write.run_number(conn, run)
        key = next(row["input_key"] for row in read.read_table(conn, "runs") if row["run_id"] == run)
    return json.loads(key) if key else {}


def _last_as_at(settings: Settings, run: str | None) -> datetime | None:
    """The moment the run (or the newest finished one) judged from."""
    with reading(open_store(settings.store)) as conn:
        done = [row for row in read.read_table(conn, "runs") if row["status"] == "done"]
    chosen = [row for row in done if run is None or row["run_id"] == run]
    if run and not chosen:
        raise UsageError(f"run {run}", "there is no finished run of that name", "one of `pledge runs`", "Correct it.")
    return max(chosen, key=lambda row: row["run_number"])["as_at"] if chosen else None


def reading_plan(
    settings: Settings,
    as_at: str | None,
    run: str | None,
    standards: tuple[str, ...],
    forces: tuple[str, ...],
    first_day: str,
    last_day: str,
) -> Plan:
    """A plan for judging again without writing: as at the moment given, else that of the run, else of the last run."""
    from dags.cli import moment

    judged = moment(as_at) if as_at else _last_as_at(settings, run) or moment(None)
    return steps.new_plan(
        settings, judged, judged, standards=standards, forces=forces, first_day=first_day, last_day=last_day
    )


def show_sensitivity(
    settings: Settings,
    form: Format,
    measure: str,
    full: bool,
    period: str,
    standards: tuple[str, ...],
    forces: tuple[str, ...],
    first_day: str,
    last_day: str,
    as_at: str | None,
    run: str | None,
) -> None:
    """Print the sensitivity table of a measure."""
    plan = reading_plan(settings, as_at, run, standards, forces, first_day, last_day)
    rows = sensitivity_table.sensitivity(
        plan,
        settings,
        chosen_standards(settings, standards),
        measures()[measure],
        steps.forces_to_judge(plan),
        full=full,
        period=period,
    )
    short = [name for name in sensitivity_table.COLUMNS if name not in ("standard", "measure")]
    short = [name for name in short if name != "period_start" or period != "window"]
    show(rows, sensitivity_table.COLUMNS, form, short)


def print_sql(
    settings: Settings,
    measure: str,
    standards: tuple[str, ...],
    forces: tuple[str, ...],
    first_day: str,
    last_day: str,
    as_at: str | None,
    run: str | None,
) -> None:
    """Print the script that judges a measure, over the very files of the lake."""
    plan = reading_plan(settings, as_at, run, standards, forces, first_day, last_day)
    lake = plan.open_lake()
    judged = steps.forces_to_judge(plan)
    one = measures()[measure]
    versions = _recorded(settings, run) if run else lake.versions()
    files = {
        log: [
            str(Path(path).resolve()) if "://" not in path else path for path in lake.files(log, version, force=judged)
        ]
        for log, version in versions.items()
        if log in LOGS
    }
    rules = [each for force in judged for each in applied(chosen_standards(settings, standards), measure, force)]
    logs = [name for name in LOGS if name in one.logs or f"from {name}" in measure_script(one)]
    print(f"-- {measure} as at {plan.as_at}; run it in DuckDB 2.0: duckdb < this file")
    print("set TimeZone = 'UTC';")
    print(preamble(plan.window, zones(settings, judged), files, judged, logs))
    print(rules_script(one, rules))
    print(measure_script(one))
    print(facts_script())
    print("select * from figures order by standard, force, area, neighbourhood, period, period_start;")
