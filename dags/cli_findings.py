"""The commands that read what a run found beside its figures: integrity, delays, exclusions, budget."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from checks.errors import UsageError
from dags.choosing import Chosen, reads
from dags.options import say
from dags.tables import Format, show


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `pledge`."""
    for command in (integrity, delays, exclusions, budget):
        app.command()(command)


@reads(
    "force area measure signal",
    signal=Annotated[list[str] | None, typer.Option(help="Signal; repeatable.")],
)
def integrity(
    chosen: Chosen,
    every: Annotated[bool, typer.Option("--all", help="In the table, too, what was looked at and is usual.")] = False,
) -> None:
    """Patterns in the records that are worth a look: how many cases, of how many, against what."""
    from connectors.store.read import columns_of

    _known_signals(chosen.filters["signal"])
    with chosen.store() as conn:
        rows = list(chosen.rows(conn, "integrity_signals"))
    shown = [row for row in rows if row["notable"] or every or chosen.form is not Format.TABLE]
    short = ("signal", "force", "area", "measure", "sentence", "cases")
    show(shown, columns_of("integrity_signals"), chosen.form, short)
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} more were looked at and are not unusual: --all shows them.")


def _known_signals(names: Iterable[str] | None) -> None:
    if not names:
        return
    from checks.integrity import signals

    for name in names:
        if name not in signals():
            expected = "a file of checks/sql/integrity"
            do = f"Signals: {', '.join(signals())}."
            raise UsageError(f"--signal {name}", "there is no such signal", expected, do)


@reads("force area commitment measure first_day last_day")
def delays(chosen: Chosen) -> None:
    """Where the delay is: attendance split into answer, grade, dispatch and travel, month by month."""
    from checks.stages import STAGES
    from connectors.store.read import columns_of

    with chosen.store() as conn:
        rows = list(chosen.rows(conn, "delays"))
    of_stage = ("force", "measure", "area", "period_start")
    rows.sort(key=lambda row: (*(row[name] for name in of_stage), STAGES.index(row["stage"])))
    short = (*of_stage, "stage", "n", "left_out", "p50_seconds", "p90_seconds", "mean_seconds", "share", "costs_most")
    show(rows, columns_of("delays"), chosen.form, short)


@reads(
    "force area neighbourhood commitment measure period standard first_day last_day",
    period=Annotated[list[str] | None, typer.Option(help="day, month or year; repeatable.")],
)
def exclusions(chosen: Chosen) -> None:
    """Each figure with and without its exclusions, and whether its exclusion rate is out of the ordinary."""
    from dags.ledger import COLUMNS, ledger

    short = [name for name in COLUMNS if name not in ("commitment", "met", "missed")]
    with chosen.store() as conn:
        rows = ledger(conn, chosen.settings, chosen.filters, chosen.run)
        shown = (row for row in rows if row["recorded"] or chosen.form is not Format.TABLE)
        show(shown, COLUMNS, chosen.form, short)


@reads("force area commitment measure standard")
def budget(chosen: Chosen) -> None:
    """How many more misses each promise allows this month, and when they run out at this pace."""
    from dags.budgets import COLUMNS, budgets

    short = ("measure", "force", "area", "target", "met", "missed", "pending", "misses_left", "runs_out_on", "sentence")
    with chosen.store() as conn:
        rows = list(budgets(conn, chosen.settings, chosen.filters, chosen.run))
    shown = [row for row in rows if "misses_left" in row or chosen.form is not Format.TABLE]
    show(shown, COLUMNS, chosen.form, short)
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} more have no budget: --format json or csv says why.")
