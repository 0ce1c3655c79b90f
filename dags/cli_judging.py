"""The commands that judge again and write nothing: `sensitivity` and `sql`."""

from __future__ import annotations

from typing import Annotated

import typer

from checks.errors import UsageError
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
    RunOption,
    StandardOption,
    StoreOption,
    ToOption,
    known_measures,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    for command in (sensitivity, sql):
        app.command()(known_then(command))


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
