"""The `pledge` command. Progress goes to standard error, data to standard output.

Exit codes: 0 done; 1 done, but something is unfit or a check failed; 2 wrong usage or settings; 3 a system did not
answer; 4 the audit chain does not hold.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from connectors.settings import Settings, load
from dags import (
    cli_alerts,
    cli_closing,
    cli_explaining,
    cli_findings,
    cli_pack,
    cli_privacy,
    cli_report,
    cli_statistics,
    cli_trace,
    cli_watch,
    observed,
)
from dags.cli_chain import app as chain_app
from dags.cli_database import database_app
from dags.cli_doctor import app as doctor_app
from dags.cli_slack import slack_app
from dags.failing import failure
from dags.known import KnownAtOption, known_run, known_then, with_provisional
from dags.options import (
    AddedByOption,
    AreaOption,
    AsAtOption,
    CommitmentOption,
    Dialect,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    MeasureOption,
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
    help="Judge the ten promises of the Policing Pledge from a force's own logs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
standards_app = typer.Typer(help="The published standards.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(standards_app, name="standards")
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


def _read(
    table: str,
    settings: Settings,
    form: Format,
    short: Iterable[str],
    run: str | None,
    up_to: str | None = None,
    **filters: Any,
) -> None:
    from connectors.store.engine import open_store, reading
    from connectors.store.read import columns_of, read_table
    from dags.accessed import recorded

    asked = {name.rstrip("_"): value for name, value in filters.items()}
    asked["from"], asked["to"] = days(asked.get("from"), asked.get("to"))
    engine = open_store(settings.store, create=False)
    if table not in ("breaches", "quarantine", "explanations"):
        with reading(engine) as conn:
            rows, columns = read_table(conn, table, asked, run, up_to), columns_of(table)
            if table == "verdicts":
                rows, columns = with_provisional(conn, rows, run), [*columns, "provisional"]
            show(rows, columns, form, tuple(short))
        return
    about = {**asked, "run": run, "as_known_at": up_to}
    with recorded(settings, table, about, form, say) as counted, reading(engine) as conn:
        show(counted(read_table(conn, table, asked, run, up_to)), columns_of(table), form, tuple(short))


VERDICTS_SHORT = (
    "standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "numerator", "denominator",
    "rate", "rate_low", "rate_high", "unknown", "excluded", "target", "verdict",
)  # fmt: skip


@app.command()
@known_then
def verdicts(
    force: ForceOption = None,
    area: AreaOption = None,
    neighbourhood: Annotated[list[str] | None, typer.Option(help="Neighbourhood; repeatable.")] = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    period: Annotated[list[str] | None, typer.Option(help="day, month, year or rolling_12_months; repeatable.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    published: Annotated[bool, typer.Option("--published", help="As they may leave the house: no small numbers.")] = (
        False
    ),
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The figures and their verdicts, as they stand or as a run left them."""
    known_measures(measure)
    read = cli_privacy.show_published if published else _read
    read(
        "verdicts", settings_of(lake, store), form, VERDICTS_SHORT, run, force=force, area=area,
        neighbourhood=neighbourhood, commitment=commitment, measure=measure, period=period, standard=standard,
        from_=first_day, to_=last_day,
    )  # fmt: skip


@app.command()
@known_then
def commitments(
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    period: Annotated[list[str] | None, typer.Option(help="day, month, year or rolling_12_months; repeatable.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The commitments' verdicts and the measures that decided them."""
    short = ("standard", "commitment", "force", "area", "period", "period_start", "verdict", "decided_by")
    _read(
        "commitments", settings_of(lake, store), form, short, run, force=force, area=area, commitment=commitment,
        period=period, standard=standard, from_=first_day, to_=last_day,
    )  # fmt: skip


@app.command()
@known_then
def breaches(
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    status: Annotated[list[str] | None, typer.Option(help="open, acknowledged, explained or withdrawn.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The missed cases and what became of them."""
    known_measures(measure)
    short = (
        "breach_id",
        "measure",
        "force",
        "area",
        "case_id",
        "due_at",
        "elapsed_seconds",
        "severity",
        "status",
    )
    _read(
        "breaches", settings_of(lake, store), form, short, run, force=force, area=area, commitment=commitment,
        measure=measure, status=status, standard=standard, from_=first_day, to_=last_day,
    )  # fmt: skip


@app.command()
def quarantine(
    force: ForceOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: AddedByOption = None,
    as_known_at: KnownAtOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The rows that were refused, by which rule and why."""
    short = ("delivery_id", "row_number", "log", "key", "rule", "sentence")
    up_to = known_run(as_known_at, run, lake, store) if as_known_at else None
    _read(
        "quarantine",
        settings_of(lake, store),
        form,
        short,
        run,
        up_to=up_to,
        force=force,
        from_=first_day,
        to_=last_day,
    )


@app.command()
def runs(
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: AddedByOption = None,
    as_known_at: KnownAtOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The runs: what each judged from, by which standards, and its place in the chain."""
    short = ("run_id", "as_at", "standards", "status", "started_at", "finished_at", "figures_hash")
    up_to = known_run(as_known_at, run, lake, store) if as_known_at else None
    _read("runs", settings_of(lake, store), form, short, run, up_to=up_to, from_=first_day, to_=last_day)


@app.command()
@known_then
def cases(
    measure: Annotated[list[str], typer.Option(help="Measure; repeatable.")],
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    state: Annotated[list[str] | None, typer.Option(help="State; repeatable.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Every case of a measure, whatever its state, from the lake."""
    from dags.looking import list_cases

    known_measures(measure)
    first, last = days(first_day, last_day)
    list_cases(
        settings_of(lake, store), form, run, measure=measure, force=force, area=area, commitment=commitment,
        state=state, standard=standard, first_day=first, last_day=last,
    )  # fmt: skip


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


@standards_app.command("list")
def standards_list(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """The standards this installation knows."""
    from dags.plan import standards_of

    names = (
        "name",
        "title",
        "publisher",
        "in_force_from",
        "in_force_to",
        "rules",
        "source",
        "sha256",
        "location",
    )
    rows = (
        {**{n: getattr(s, n) for n in names if n != "rules"}, "rules": len(s.rules)}
        for s in standards_of(settings_of(lake, store)).values()
    )
    show(rows, names, form, ("name", "title", "publisher", "in_force_from", "in_force_to", "rules"))


@standards_app.command("show")
def standards_show(
    name: str, lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE
) -> None:
    """A standard in words."""
    from dags.plan import chosen_standards
    from expectations.published import in_words

    standard = chosen_standards(settings_of(lake, store), [name])[0]
    _sentences(in_words(standard), form)


@standards_app.command("validate")
def standards_validate(
    file: Annotated[str, typer.Argument(help="A standard's file, or a folder of them; default: all.")] = "",
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Load standards as a run would, and say what is wrong with them."""
    from dags.plan import SHIPPED_STANDARDS
    from expectations.published import validate

    extra = load(os.environ).standards
    paths = [Path(file)] if file else [SHIPPED_STANDARDS, *([Path(extra)] if extra else [])]
    problems = [str(problem) for path in paths for problem in validate(path)]
    _sentences(problems, form)
    raise typer.Exit(2 if problems else 0)


@standards_app.command("diff")
def standards_diff(
    first: str,
    second: str,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What differs between two standards, in words."""
    from dags.plan import chosen_standards
    from expectations.published import differences

    one, other = (chosen_standards(settings_of(lake, store), [name])[0] for name in (first, second))
    _sentences(differences(one, other), form)


def _sentences(sentences: Iterable[str], form: Format) -> None:
    if form is Format.TABLE:
        for sentence in sentences:
            print(sentence)
    else:
        show(({"sentence": sentence} for sentence in sentences), ("sentence",), form)


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
        print(json_line or f"pledge: {sentence}", file=sys.stderr)
    sys.exit(code or 0)
