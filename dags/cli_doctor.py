"""`pledge doctor`: what is wrong with this installation, and what to mend."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime

import typer

from dags.options import FormatOption, LakeOption, StoreOption, say
from dags.tables import Format, show

app = typer.Typer()


@app.command()
def doctor(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """What is wrong with this installation and what to mend; changes nothing. Exit 1: something is wrong."""
    from dags.doctor import COLUMNS, OK, WARN, WRONG, examined

    lines = examined(os.environ, lake, store, datetime.now(UTC))
    show((vars(line) for line in lines), COLUMNS, form)
    states = Counter(line.state for line in lines)
    say(f"{states[OK]} ok, {states[WARN]} to think about, {states[WRONG]} wrong.")
    raise typer.Exit(1 if states[WRONG] else 0)
