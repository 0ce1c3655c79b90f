"""The commands by which officers answer, and read what was answered: `explain acknowledge explanations alerts`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from checks.explanation import REASONS, Scope
from connectors.settings import Settings
from dags.choosing import Chosen, reads
from dags.options import (
    FormatOption,
    LakeOption,
    StoreOption,
    say,
    settings_of,
)
from dags.tables import Format, show

BreachArgument = Annotated[str, typer.Argument(help="A breach of `pledge breaches`; or name measure, force and day.")]
OneMeasureOption = Annotated[str, typer.Option(help="Every miss of this measure …")]
OneForceOption = Annotated[str, typer.Option(help="… in this force …")]
DayOption = Annotated[str, typer.Option(help="… on this local day (YYYY-MM-DD) …")]
OneAreaOption = Annotated[str, typer.Option(help="… in this area only.")]
ByOption = Annotated[str, typer.Option(help="Who says it.")]
SAID = ("answer_id", "breaches", "new")


def register(app: typer.Typer) -> None:
    """Add the commands to `pledge`."""
    for command in (explain, acknowledge, explanations, alerts):
        app.command()(command)


def explain(
    breach: BreachArgument = "",
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")] = "",
    text: Annotated[str, typer.Option(help="What happened, in words; they stay in the store.")] = "",
    by: ByOption = "",
    measure: OneMeasureOption = "",
    force: OneForceOption = "",
    day: DayOption = "",
    area: OneAreaOption = "",
    file: Annotated[str, typer.Option(help="A CSV of explanations: breach reason text by.")] = "",
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Record why a promise was broken: one breach, every miss of a measure, force and day, or a file of them."""
    settings = settings_of(lake, store)
    if file:
        if breach or reason or text or measure or force or day or area:
            raise UsageError("--file", "an explanation beside it", "one of them", "Give --file with --by only.")
        raise typer.Exit(1 if _explain_file(settings, Path(file), by, form) else 0)
    from connectors.store import explaining

    scope = _scope(breach, measure, force, day, area)
    with _store(settings).begin() as conn:
        done = explaining.explain(conn, scope, reason, text, by, datetime.now(UTC))
    _show([done], form)


def acknowledge(
    breach: BreachArgument = "",
    by: ByOption = "",
    measure: OneMeasureOption = "",
    force: OneForceOption = "",
    day: DayOption = "",
    area: OneAreaOption = "",
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Record that a broken promise was seen, and by whom: one breach, or a measure, force and day."""
    from connectors.store import explaining

    scope = _scope(breach, measure, force, day, area)
    with _store(settings_of(lake, store)).begin() as conn:
        done = explaining.acknowledge(conn, scope, by, datetime.now(UTC))
    _show([done], form)


@reads("force area commitment measure first_day last_day", run=None)
def explanations(chosen: Chosen) -> None:
    """What was explained, by whom and when; a whole day's explanation stands once with breach '' and once for each."""
    short = ("breach_id", "measure", "force", "area", "missed_on", "reason", "text", "recorded_by", "recorded_at")
    chosen.show("explanations", short)


@reads("force first_day last_day", run=None)
def alerts(chosen: Chosen) -> None:
    """How the alerts fare by month, force and kind: sent, acknowledged, explained, reopened, and how fast."""
    from connectors.store.health import KEY, SAYS, newest_health

    with chosen.store() as conn:
        show(newest_health(conn, chosen.filters), (*KEY, *SAYS, "run_id"), chosen.form)


def _scope(breach: str, measure: str, force: str, day: str, area: str) -> Scope:
    from dags.explanations_file import day_of

    return Scope(breach.strip().lower(), measure, force, day_of(day), area)


def _store(settings: Settings) -> Any:
    from connectors.store.engine import open_store

    return open_store(settings.store, create=False)


def _show(done: Iterable[Any], form: Format) -> None:
    rows = [{"answer_id": one.answer_id, "breaches": one.breaches, "new": one.is_new} for one in done]
    show(rows, SAID, form)


def _explain_file(settings: Settings, path: Path, by: str, form: Format) -> bool:
    """Record a file's lines; returns whether some were refused."""
    from dags.explanations_file import explain_by_file

    filed = explain_by_file(_store(settings), path, by, datetime.now(UTC))
    for number, sentence in filed.refused:
        say(f"{path}, line {number}: {sentence}")
    new = sum(one.is_new for _, one in filed.recorded)
    say(
        f"{path}: {new:,} recorded, {len(filed.recorded) - new:,} said before, {filed.left_alone:,} left alone, "
        f"{len(filed.refused):,} refused."
    )
    _show((one for _, one in filed.recorded), form)
    return bool(filed.refused)
