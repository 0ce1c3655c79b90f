"""Commands about personal data: pseudonyms, erasure, and who read what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from checks.logs import LOGS
from dags.choosing import Chosen, reads
from dags.options import (
    AsAtOption,
    ForceOption,
    FormatOption,
    LakeOption,
    StoreOption,
    say,
    settings_of,
)
from dags.tables import Format, show
from dags.when import days, moment

LogOption = Annotated[list[str] | None, typer.Option("--log", help="Log; repeatable.")]
pseudonyms_app = typer.Typer(help="Keyed pseudonyms of record references.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    app.add_typer(pseudonyms_app, name="pseudonyms")
    for command in (pseudonym, erase, erasures, accesses):
        app.command()(command)


@pseudonyms_app.command("new-key")
def new_key(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; default: PLEDGE_PSEUDONYM_KEY.")] = None,
    lake: LakeOption = None,
    store: StoreOption = None,
) -> None:
    """Make a key for pseudonyms; a file that is there is never written over."""
    from connectors.lake.pseudonyms import new_key as made

    settings = settings_of(lake, store)
    path = file or (Path(settings.pseudonym_key) if settings.pseudonym_key else None)
    if path is None:
        expected = "a file outside the lake, or PLEDGE_PSEUDONYM_KEY"
        raise UsageError("pledge pseudonyms new-key", "no file is named", expected, "Name one.")
    made(path, settings.lake)
    say(
        f"A key was made: {path}. Set PLEDGE_PSEUDONYM_KEY to it before the first run of a lake, and keep a copy where "
        "no reader of the lake gets at it: without it no record can be found again, with it every one can."
    )


def pseudonym(
    reference: Annotated[str, typer.Argument(help="A reference as the force's own system has it.")],
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What stands in the lake for a reference, so that a force finds its record."""
    from connectors.lake.pseudonyms import pseudonyms_of

    settings = settings_of(lake, store)
    made = pseudonyms_of(settings.pseudonym_key)
    if made is None:
        found, expected = "no key is set", "PLEDGE_PSEUDONYM_KEY"
        raise UsageError("pledge pseudonym", found, expected, "Set it; without one references are stored as they are.")
    if form is Format.TABLE:
        print(made.of(reference))
    else:
        show([{"pseudonym": made.of(reference)}], ("pseudonym",), form)


def erase(
    key: Annotated[str, typer.Option("--key", help="A record's reference, as delivered or as its pseudonym.")] = "",
    log: LogOption = None,
    force: ForceOption = None,
    before: Annotated[str, typer.Option(help="First local day that is kept, the first of a month.")] = "",
    by_retention: Annotated[bool, typer.Option(help="Every log up to its retention (PLEDGE_RETENTION).")] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the record of the erasure.")] = "",
    author: Annotated[str, typer.Option(help="Who decided; default: PLEDGE_USER or the user of this machine.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is to erase; nothing is changed.")] = False,
    as_at: AsAtOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Erase records for good, from every version of the lake: by one reference, or a log up to a day."""
    from dags.accessed import who
    from dags.erasing import COLUMNS
    from dags.erasing import erase as erased
    from dags.erasure_search import Order

    settings = settings_of(lake, store)
    for name in log or ():
        _known_log(name)
    if sum((bool(key.strip()), bool(before), by_retention)) != 1:
        raise UsageError(
            "pledge erase", "it is not said which records", "one of --key, --before, --by-retention", "Say."
        )
    if before and not log:
        raise UsageError("pledge erase --before", "no log is named", "--log", "Name it.")
    if not (reason or by_retention or dry_run):
        raise UsageError("pledge erase", "no reason is given", "--reason", "Give it: it is all that stays.")
    logs, forces = tuple(log or ()), tuple(force or ())
    if by_retention:
        orders = _overdue(settings.retention, logs, forces, moment(as_at).date())
    else:
        day = _first_of_month(before) if before else None
        orders = [Order(logs, forces, key, day)]
    rows = erased(settings, orders, reason or "retention", author or who(settings), datetime.now(UTC), dry_run, say)
    show(rows, COLUMNS, form)


def _known_log(name: str) -> None:
    if name not in LOGS:
        raise UsageError(f"--log {name}", "there is no such log", f"one of {', '.join(LOGS)}", "Correct it.")


def _first_of_month(text: str) -> date:
    day, _ = days(text, None)
    if day is None or day.day != 1 or day > datetime.now(UTC).date():
        raise UsageError("--before", text, "the first day of a month that has begun", "Whole months are erased.")
    return day


def _overdue(retention: str, logs: tuple[str, ...], forces: tuple[str, ...], today: date) -> list[Any]:
    from connectors.retention import load
    from dags.erasure_search import Order

    kept = load(retention)
    if not kept:
        expected = "a file that names logs and their days"
        raise UsageError("PLEDGE_RETENTION", "no retention is set", expected, "Set it; every log is kept until then.")
    return [
        Order((name,), forces, before=(today - timedelta(days=number)).replace(day=1))
        for name, number in kept.items()
        if not logs or name in logs
    ]


@reads("log force first_day last_day", run=None, log=LogOption)
def erasures(chosen: Chosen) -> None:
    """The records of what was erased, by whom and why."""
    short = ("run_id", "log", "force", "before", "records", "cases", "quarantined", "files", "reason", "author")
    chosen.show("erasures", short)


def show_published(chosen: Chosen, short: Iterable[str]) -> None:
    """`pledge verdicts --published`: small numbers suppressed; Parquet, whose columns hold numbers only, has none."""
    from dags.published import SUPPRESSED, published_columns, published_verdicts

    instead = None if chosen.form is Format.PARQUET else SUPPRESSED
    with chosen.store() as conn:
        rows = published_verdicts(conn, chosen.settings, chosen.filters, chosen.run, instead)
        show(rows, published_columns(), chosen.form, tuple(short))
    say("Days of measures about persons are not published, nor are numbers below PLEDGE_SUPPRESS_BELOW.")


@reads(
    "command first_day last_day",
    run=None,
    command=Annotated[list[str] | None, typer.Option(help="Command; repeatable.")],
)
def accesses(chosen: Chosen) -> None:
    """Who read or exported cases: when, by which command and filters, how many rows."""
    chosen.show("accesses", ("accessed_at", "accessed_by", "command", "filters", "row_count", "form"))
