"""The options every sub-command of `pledge` shares, and what they lead to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from checks.errors import UsageError
from checks.printable import printable
from connectors.settings import Settings, load
from dags import observed
from dags.tables import Format


class Dialect(StrEnum):
    """The engines that can run what `pledge sql` prints."""

    DUCKDB = "duckdb"
    SPARK = "spark"


LakeOption = Annotated[str | None, typer.Option(help="Folder or URL of the admitted logs (default: PLEDGE_LAKE).")]
StoreOption = Annotated[str | None, typer.Option(help="SQLAlchemy URL of the store (default: PLEDGE_STORE).")]
FormatOption = Annotated[Format, typer.Option("--format", help="Form of the output.")]
ForceOption = Annotated[list[str] | None, typer.Option(help="Force slug; repeatable.")]
AreaOption = Annotated[list[str] | None, typer.Option(help="Area; repeatable.")]
NeighbourhoodOption = Annotated[list[str] | None, typer.Option(help="Neighbourhood; repeatable.")]
CommitmentOption = Annotated[list[int] | None, typer.Option(help="Commitment, 0 to 10; repeatable.")]
MeasureOption = Annotated[list[str] | None, typer.Option(help="Measure; repeatable.")]
StandardOption = Annotated[list[str] | None, typer.Option(help="Standard; repeatable.")]
FromOption = Annotated[str | None, typer.Option("--from", help="First local day, YYYY-MM-DD.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Last local day, YYYY-MM-DD.")]
RunOption = Annotated[str | None, typer.Option(help="As this run left it.")]
AddedByOption = Annotated[str | None, typer.Option("--run", help="Only what this run added.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why days that are final are judged again.")]
AsAtOption = Annotated[str | None, typer.Option(help="Judge from this moment (ISO 8601; default: now).")]


def settings_of(lake: str | None, store: str | None) -> Settings:
    """The settings of the environment, with the lake and store named on the command line."""
    settings = load(os.environ)
    return replace(settings, lake=lake or settings.lake, store=store or settings.store)


def say(sentence: str) -> None:
    """Progress, on standard error."""
    lines = "\n".join(map(printable, sentence.splitlines()))
    print(observed.line("info", sentence) if observed.in_json() else lines, file=sys.stderr)


def known_measures(names: Iterable[str] | None) -> None:
    """Refuse a measure that there is none of, with the one that may have been meant."""
    from difflib import get_close_matches

    from checks.commitment import measures

    for name in names or ():
        if name not in measures():
            near = get_close_matches(name, measures(), n=1)
            do = f"Did you mean {near[0]}?" if near else f"Measures: {', '.join(measures())}."
            raise UsageError(f"--measure {name}", "there is no such measure", "a file of checks/commitments", do)
