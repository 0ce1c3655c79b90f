"""`pledge verify`: is what the store and the lake say what was said?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dags.options import FormatOption, LakeOption, RunOption, StoreOption, say, settings_of
from dags.tables import Format, show

CHAIN_BROKEN = 4


def register(app: typer.Typer) -> None:
    """Add this command to `pledge`."""
    app.command()(verify)


def verify(
    run: RunOption = None,
    public_key: Annotated[Path | None, typer.Option(help="PEM file; default: beside the signing key.")] = None,
    head: Annotated[Path | None, typer.Option(help="A copy of the file of heads; default: PLEDGE_CHAIN_HEAD.")] = None,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Judge every run again, compare every figure.")
    ] = False,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Check the audit chain: every run, row, file and standard against what its run vouched for."""
    from connectors.store.engine import open_store, reading
    from dags.looking import existing_lake
    from dags.verifying import judge_again
    from dags.verifying import verify as verified

    settings = settings_of(lake, store)
    with reading(open_store(settings.store, create=False)) as conn:
        found = verified(conn, existing_lake(settings), settings, run, public_key, head)
        if recompute:
            judge_again(conn, settings, run, found, say)
    rows = [{"where": each.where, "found": each.found, "expected": each.expected} for each in found.broken]
    if rows or form is not Format.TABLE:
        show(rows, ("where", "found", "expected"), form)
    for note in found.notes:
        say(note)
    say(
        f"{found.runs:,} runs, {found.seals:,} rows and files looked at; head of the chain: {found.head or 'none yet'}."
    )
    if rows:
        say(f"The chain does not hold: {len(rows):,} things are not as they were sealed.")
        raise typer.Exit(CHAIN_BROKEN)
    (print if form is Format.TABLE else say)("The chain holds.")
