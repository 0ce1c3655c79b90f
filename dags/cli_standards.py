"""`pledge standards`: the published standards, in words, valid or not, and what differs between two."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from connectors.settings import load
from dags.options import FormatOption, LakeOption, StoreOption, settings_of
from dags.tables import Format, show

standards_app = typer.Typer(help="The published standards.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    app.add_typer(standards_app, name="standards")


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
