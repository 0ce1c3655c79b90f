"""`pledge watch`: the open clocks that run out soon."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from dags.options import AsAtOption, FormatOption, LakeOption, StoreOption, say, settings_of
from dags.tables import Format, show
from dags.when import moment

COLUMNS = ("due_at", "commitment", "measure", "force", "area", "case_id")


def register(app: typer.Typer) -> None:
    """Add the command to `pledge`."""
    app.command()(watch)


def watch(
    as_at: AsAtOption = None,
    within: Annotated[str, typer.Option(help="Hours before a case is due (default: by its promise).")] = "",
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the open clocks that run out in the next hours, and keep Slack's standing lists."""
    from checks.commitment import measures
    from dags import watching

    settings = settings_of(lake, store)
    ahead = watching.within_hours(within or settings.watch_hours)
    seen = watching.watch(settings, moment(as_at), datetime.now(UTC), ahead)
    assert seen is not None  # only a watch with a deadline stops early
    rows = [{**vars(clock), "commitment": measures()[clock.measure].commitment} for clock in seen.clocks]
    show([{name: row[name] for name in COLUMNS} for row in rows], COLUMNS, form)
    for force, log in seen.blind:
        say(f"Not watched: {log} of {force}, which is absent or unfit.")
    for force, log in seen.damaged:
        say(f"Not watched: {log} of {force}: a file of the lake cannot be read. Restore it; the rest was watched.")
    say(f"Open cases that run out soon: {len(seen.clocks):,}, newly listed: {seen.added:,}.")
    if seen.damaged:
        raise typer.Exit(1)
