"""The commands that read what a run found beside its figures: integrity, delays, exclusions, budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from checks.errors import UsageError
from connectors.settings import Settings
from dags.options import (
    AreaOption,
    CommitmentOption,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    MeasureOption,
    RunOption,
    StandardOption,
    StoreOption,
    ToOption,
    known_measures,
    say,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `pledge`."""
    for command in (integrity, delays, exclusions, budget):
        app.command()(command)


@contextmanager
def _store(settings: Settings) -> Iterator[Connection]:
    from connectors.store.engine import open_store, reading

    with reading(open_store(settings.store, create=False)) as conn:
        yield conn


def integrity(
    force: ForceOption = None,
    area: AreaOption = None,
    measure: MeasureOption = None,
    signal: Annotated[list[str] | None, typer.Option(help="Signal; repeatable.")] = None,
    every: Annotated[bool, typer.Option("--all", help="In the table, too, what was looked at and is usual.")] = False,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Patterns in the records that are worth a look: how many cases, of how many, against what."""
    from connectors.store.read import columns_of, read_table

    known_measures(measure)
    _known_signals(signal)
    asked = {"force": force, "area": area, "measure": measure, "signal": signal}
    with _store(settings_of(lake, store)) as conn:
        rows = list(read_table(conn, "integrity_signals", asked, run))
    shown = [row for row in rows if row["notable"] or every or form is not Format.TABLE]
    show(shown, columns_of("integrity_signals"), form, ("signal", "force", "area", "measure", "sentence", "cases"))
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} more were looked at and are not unusual: --all shows them.")


def _known_signals(names: Iterable[str] | None) -> None:
    from checks.integrity import signals

    for name in names or ():
        if name not in signals():
            expected = "a file of checks/sql/integrity"
            do = f"Signals: {', '.join(signals())}."
            raise UsageError(f"--signal {name}", "there is no such signal", expected, do)


def delays(
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Where the delay is: attendance split into answer, grade, dispatch and travel, month by month."""
    from checks.stages import STAGES
    from connectors.store.read import columns_of, read_table

    known_measures(measure)
    asked: dict[str, Any] = {"force": force, "area": area, "commitment": commitment, "measure": measure}
    asked["from"], asked["to"] = days(first_day, last_day)
    with _store(settings_of(lake, store)) as conn:
        rows = list(read_table(conn, "delays", asked, run))
    of_stage = ("force", "measure", "area", "period_start")
    rows.sort(key=lambda row: (*(row[name] for name in of_stage), STAGES.index(row["stage"])))
    short = (*of_stage, "stage", "n", "left_out", "p50_seconds", "p90_seconds", "mean_seconds", "share", "costs_most")
    show(rows, columns_of("delays"), form, short)


def exclusions(
    force: ForceOption = None,
    area: AreaOption = None,
    neighbourhood: Annotated[list[str] | None, typer.Option(help="Neighbourhood; repeatable.")] = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    period: Annotated[list[str] | None, typer.Option(help="day, month or year; repeatable.")] = None,
    standard: StandardOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Each figure with and without its exclusions, and whether its exclusion rate is out of the ordinary."""
    from dags.ledger import COLUMNS, ledger

    known_measures(measure)
    asked: dict[str, Any] = {
        "force": force, "area": area, "neighbourhood": neighbourhood, "commitment": commitment, "measure": measure,
        "period": period, "standard": standard,
    }  # fmt: skip
    asked["from"], asked["to"] = days(first_day, last_day)
    settings = settings_of(lake, store)
    short = [name for name in COLUMNS if name not in ("commitment", "met", "missed")]
    with _store(settings) as conn:
        rows = ledger(conn, settings, asked, run)
        show((row for row in rows if row["recorded"] or form is not Format.TABLE), COLUMNS, form, short)


def budget(
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    standard: StandardOption = None,
    run: RunOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """How many more misses each promise allows this month, and when they run out at this pace."""
    from dags.budgets import COLUMNS, budgets

    known_measures(measure)
    asked = {"force": force, "area": area, "commitment": commitment, "measure": measure, "standard": standard}
    settings = settings_of(lake, store)
    short = ("measure", "force", "area", "target", "met", "missed", "pending", "misses_left", "runs_out_on", "sentence")
    with _store(settings) as conn:
        rows = list(budgets(conn, settings, asked, run))
    shown = [row for row in rows if "misses_left" in row or form is not Format.TABLE]
    show(shown, COLUMNS, form, short)
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} more have no budget: --format json or csv says why.")
