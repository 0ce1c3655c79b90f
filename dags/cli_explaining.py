"""The commands by which officers answer, and read what was answered: `explain acknowledge explanations alerts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from checks.explanation import REASONS, Scope
from connectors.settings import Settings
from dags.options import (
    AreaOption,
    CommitmentOption,
    ForceOption,
    FormatOption,
    FromOption,
    LakeOption,
    MeasureOption,
    StoreOption,
    ToOption,
    say,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days

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


def explanations(
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What was explained, by whom and when; a whole day's explanation stands once with breach '' and once for each."""
    short = ("breach_id", "measure", "force", "area", "missed_on", "reason", "text", "recorded_by", "recorded_at")
    filters = {"force": force, "area": area, "commitment": commitment, "measure": measure}
    first, last = days(first_day, last_day)
    _read("explanations", settings_of(lake, store), form, short, {**filters, "from": first, "to": last})


def alerts(
    force: ForceOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """How the alerts fare by month, force and kind: sent, acknowledged, explained, reopened, and how fast."""
    from connectors.store.engine import reading
    from connectors.store.health import KEY, SAYS, newest_health

    first, last = days(first_day, last_day)
    with reading(_store(settings_of(lake, store))) as conn:
        show(newest_health(conn, {"force": force, "from": first, "to": last}), (*KEY, *SAYS, "run_id"), form)


def _read(table: str, settings: Settings, form: Format, short: Sequence[str], filters: Mapping[str, Any]) -> None:
    from connectors.store.engine import reading
    from connectors.store.read import columns_of, read_table
    from dags.accessed import recorded

    with recorded(settings, table, filters, form, say) as counted, reading(_store(settings)) as conn:
        rows: Iterable[Mapping[str, Any]] = counted(read_table(conn, table, filters))
        show(rows, columns_of(table), form, short)


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
