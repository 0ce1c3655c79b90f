"""The commands that let a night happen: `run`, `check` and `demo`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from dags.options import (
    AsAtOption,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    ReasonOption,
    StandardOption,
    StoreOption,
    ToOption,
    say,
    settings_of,
)
from dags.tables import Format
from dags.when import days, moment


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    for command in (run, check, demo):
        app.command()(command)


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
