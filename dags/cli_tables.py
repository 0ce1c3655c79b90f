"""The commands that show the store's tables, and the cases of the lake."""

from __future__ import annotations

from typing import Annotated

import typer

from dags.choosing import Chosen, reads
from dags.known import with_provisional
from dags.options import AddedByOption
from dags.tables import show

_VERDICTS = (
    "standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "numerator", "denominator",
    "rate", "rate_low", "rate_high", "unknown", "excluded", "target", "verdict",
)  # fmt: skip
_COMMITMENTS = ("standard", "commitment", "force", "area", "period", "period_start", "verdict", "decided_by")
_BREACHES = ("breach_id", "measure", "force", "area", "case_id", "due_at", "elapsed_seconds", "severity", "status")


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    for command in (verdicts, commitments, breaches, quarantine, runs, cases):
        app.command()(command)


@reads("force area neighbourhood commitment measure period standard first_day last_day")
def verdicts(
    chosen: Chosen,
    published: Annotated[bool, typer.Option("--published", help="As they may leave the house: no small numbers.")] = (
        False
    ),
) -> None:
    """The figures and their verdicts, as they stand or as a run left them."""
    from connectors.store.read import columns_of

    if published:
        from dags.cli_privacy import show_published

        show_published(chosen, _VERDICTS)
        return
    with chosen.store() as conn:
        rows = with_provisional(conn, chosen.rows(conn, "verdicts"), chosen.run)
        show(rows, [*columns_of("verdicts"), "provisional"], chosen.form, _VERDICTS)


@reads("force area commitment period standard first_day last_day")
def commitments(chosen: Chosen) -> None:
    """The commitments' verdicts and the measures that decided them."""
    chosen.show("commitments", _COMMITMENTS)


@reads(
    "force area commitment measure status standard first_day last_day",
    status=Annotated[list[str] | None, typer.Option(help="open, acknowledged, explained or withdrawn.")],
)
def breaches(chosen: Chosen) -> None:
    """The missed cases and what became of them."""
    chosen.show("breaches", _BREACHES)


@reads("force first_day last_day", run=AddedByOption)
def quarantine(chosen: Chosen) -> None:
    """The rows that were refused, by which rule and why."""
    chosen.show("quarantine", ("delivery_id", "row_number", "log", "key", "rule", "sentence"))


@reads("first_day last_day", run=AddedByOption)
def runs(chosen: Chosen) -> None:
    """The runs: what each judged from, by which standards, and its place in the chain."""
    chosen.show("runs", ("run_id", "as_at", "standards", "status", "started_at", "finished_at", "figures_hash"))


@reads(
    "measure force area commitment state standard first_day last_day",
    required="measure",
    measure=Annotated[list[str], typer.Option(help="Measure; repeatable.")],
    state=Annotated[list[str] | None, typer.Option(help="State; repeatable.")],
)
def cases(chosen: Chosen) -> None:
    """Every case of a measure, whatever its state, from the lake."""
    from dags.looking import list_cases

    asked = {name: value for name, value in chosen.filters.items() if name not in ("from", "to")}
    first, last = chosen.first_day, chosen.last_day
    list_cases(chosen.settings, chosen.form, chosen.run, first_day=first, last_day=last, **asked)
