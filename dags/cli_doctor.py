"""This installation: its settings, what is wrong with it, and what to mend."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime

import typer

from dags.options import FormatOption, LakeOption, StoreOption, say, settings_of
from dags.tables import Format, show


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    for command in (doctor, settings):
        app.command()(command)


def doctor(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """What is wrong with this installation and what to mend; changes nothing. Exit 1: something is wrong."""
    from dags.doctor import COLUMNS, OK, WARN, WRONG, examined

    lines = examined(os.environ, lake, store, datetime.now(UTC))
    show((vars(line) for line in lines), COLUMNS, form)
    states = Counter(line.state for line in lines)
    say(f"{states[OK]} ok, {states[WARN]} to think about, {states[WRONG]} wrong.")
    raise typer.Exit(1 if states[WRONG] else 0)


def settings(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """Every setting, its value (secrets masked) and what it means."""
    names = ("setting", "value", "default", "meaning")
    show((dict(zip(names, row, strict=True)) for row in settings_of(lake, store).listed()), names, form)
