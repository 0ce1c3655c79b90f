"""The `pledge` command. Progress goes to standard error, data to standard output.

Exit codes: 0 done; 1 done, but something is unfit or a check failed; 2 wrong usage or settings; 3 a system did not
answer; 4 the audit chain does not hold.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from checks.errors import UsageError
from dags import (
    cli_alerts,
    cli_closing,
    cli_explaining,
    cli_findings,
    cli_pack,
    cli_privacy,
    cli_report,
    cli_statistics,
    cli_tables,
    cli_trace,
    cli_watch,
    observed,
)
from dags.cli_chain import app as chain_app
from dags.cli_database import database_app
from dags.cli_doctor import app as doctor_app
from dags.cli_slack import slack_app
from dags.cli_standards import standards_app
from dags.failing import failure
from dags.known import known_then
from dags.options import (
    AreaOption,
    AsAtOption,
    CommitmentOption,
    Dialect,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    ReasonOption,
    RunOption,
    StandardOption,
    StoreOption,
    ToOption,
    known_measures,
    say,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days, moment

app = typer.Typer(
    name="pledge",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(standards_app, name="standards")
cli_tables.register(app)
app.add_typer(chain_app)
app.add_typer(doctor_app)
cli_findings.register(app)
cli_statistics.register(app)
cli_watch.register(app)
cli_explaining.register(app)
app.add_typer(slack_app, name="slack")
app.add_typer(database_app, name="database")
cli_trace.register(app)
cli_pack.register(app)
cli_privacy.register(app)
cli_alerts.register(app)
cli_closing.register(app)
cli_report.register(app)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from dags.versions import code_version

        print(code_version())
        raise typer.Exit


@app.callback()
def pledge(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Which code this is.")
    ] = False,
) -> None:
    """Judge the ten promises of the Policing Pledge from a force's own logs."""


@app.command()
def run(
    input: Annotated[str, typer.Option(help="Folder with logs named after the contract (calls.csv …).")] = "",
    source: Annotated[list[str] | None, typer.Option(help="Source description, NAME or NAME=PATH; repeatable.")] = None,
    as_at: AsAtOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    standard: StandardOption = None,
    force: ForceOption = None,
    reason: ReasonOption = "",
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """One night without Airflow: admit, judge, record, announce, publish; with --from/--to these days, year by year."""
    from dags.backfill import nights

    settings = settings_of(lake, store)
    days(first_day, last_day)
    unfit = nights(
        settings,
        moment(as_at) if as_at else None,
        datetime.now(UTC),
        form,
        say,
        input=input,
        sources=tuple(source or ()),
        standards=tuple(standard or ()),
        forces=tuple(dict.fromkeys(force or ())),
        first_day=first_day or "",
        last_day=last_day or "",
        reason=reason,
    )
    raise typer.Exit(1 if unfit else 0)


@app.command()
def check(
    log: Annotated[str, typer.Argument(help="The log the file holds (default: all the source fills).")] = "",
    file: Annotated[str, typer.Argument(help="The delivered file; for a source that is fetched its address.")] = "",
    source: Annotated[str, typer.Option(help="Read it by this source description.")] = "",
    force: ForceOption = None,
    as_at: AsAtOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Read a delivery as a run would and say what is wrong with it, row by row; nothing is stored."""
    from dags.night import dry_run

    settings = settings_of(lake, store)
    unfit = dry_run(settings, log, file, source, tuple(force or ()), moment(as_at), form, say)
    raise typer.Exit(1 if unfit else 0)


@app.command()
@known_then
def sensitivity(
    measure: Annotated[str, typer.Option(help="Measure; with --recorded every measure, unless one is named.")] = "",
    recorded: Annotated[bool, typer.Option("--recorded", help="Read what the runs recorded; judge nothing.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Every combination of definitions.")] = False,
    period: Annotated[str, typer.Option(help="window, day or month (with --recorded what was recorded).")] = "",
    standard: StandardOption = None,
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    as_at: AsAtOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What the figure would be under each documented definition."""
    from dags.looking import show_recorded_sensitivity, show_sensitivity

    known_measures([measure] if measure else None)
    first, last = days(first_day, last_day)
    if recorded:
        for option, given in (("--full", full), ("--area", area), ("--as-at", as_at)):
            if given:
                found, expected = "the table was recorded without it", "--recorded alone"
                raise UsageError(option, found, expected, "Leave one of them out.")
        filters = {"measure": measure, "period": period, "standard": standard, "force": force, "commitment": commitment}
        show_recorded_sensitivity(settings_of(lake, store), form, run, **filters, **{"from": first, "to": last})
        return
    if not measure:
        raise UsageError("pledge sensitivity", "no measure is named", "--measure, or --recorded", "Name one.")
    period = period or "window"
    if period not in ("window", "day", "month"):
        raise UsageError("--period", f"it is {period}", "window, day or month", "Correct it.")
    show_sensitivity(
        settings_of(lake, store), form, measure, full, period, tuple(standard or ()), tuple(force or ()),
        tuple(area or ()), tuple(commitment or ()), first_day or "", last_day or "", as_at, run,
    )  # fmt: skip


@app.command()
@known_then
def sql(
    measure: Annotated[str, typer.Option(help="Measure.")],
    dialect: Annotated[Dialect, typer.Option(help="The engine it is for.")] = Dialect.DUCKDB,
    standard: StandardOption = None,
    force: ForceOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    as_at: AsAtOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The very SQL that judges, as it runs in a bare DuckDB (or in Spark) on the same files."""
    from dags.looking import sql_script

    known_measures([measure])
    script = sql_script(
        settings_of(lake, store), measure, tuple(standard or ()), tuple(force or ()), first_day or "", last_day or "",
        as_at, run,
    )  # fmt: skip
    if dialect is Dialect.SPARK:
        from dags.spark_sql import in_spark

        script = in_spark(script)
    if form is Format.TABLE:
        print(script)
    else:
        show([{"measure": measure, "sql": script}], ("measure", "sql"), form)


@app.command()
def settings(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """Every setting, its value (secrets masked) and what it means."""
    names = ("setting", "value", "default", "meaning")
    show((dict(zip(names, row, strict=True)) for row in settings_of(lake, store).listed()), names, form)


@app.command()
def demo(
    forces: Annotated[int, typer.Option(min=1, max=43, help="How many forces.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many local days.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed makes the same logs.")] = 2008,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make invented but realistic logs and run the nightly Airflow DAG on them."""
    from dags.demonstration import demonstrate

    raise typer.Exit(demonstrate(settings_of(lake, store), forces, days, seed, form, say))


def main() -> None:
    """Run the command; a failure is one sentence and its exit code, never a traceback."""
    observed.set_up()
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (Exception, KeyboardInterrupt) as error:
        sentence, code = failure(error)
        json_line = observed.line("error", sentence, exit_code=code) if observed.in_json() else ""
        told = sentence if sentence.startswith("Usage:") else f"pledge: {sentence}"
        print(json_line or told, file=sys.stderr)
    sys.exit(code or 0)
