"""`pledge close` and `pledge signings`: a registrar signs a month; who signed which, and does it still stand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from checks.errors import UsageError
from dags.options import FormatOption, LakeOption, StoreOption, say, settings_of
from dags.tables import Format, show
from dags.when import month as month_of

SHORT = ("month", "decision", "signed_by", "signed_at", "run_id", "provisional", "missing_nights", "restated")


def register(app: typer.Typer) -> None:
    """Add the commands to `pledge`."""
    app.command()(close)
    app.command()(signings)


def close(
    month: Annotated[str, typer.Option(help="The month, YYYY-MM.")],
    by: Annotated[str, typer.Option(help="Who signs: a name of PLEDGE_REGISTRARS.")],
    note: Annotated[str, typer.Option(help="A remark that stays with the signature.")] = "",
    provisional: Annotated[bool, typer.Option("--provisional", help="Sign although nights are missing.")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Record that the registrar does not sign.")] = False,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Sign a closed month as the newest run left it, then publish its figures."""
    from connectors.store.signings import REFUSED, SIGNED
    from connectors.store.tables import signings as table
    from dags import closing

    settings, first = settings_of(lake, store), month_of(month)
    ready = closing.prepare(settings, first)
    if ready is None:
        found, expected = "no run has judged from after its end", "a night after its last day"
        raise UsageError(f"month {month}", found, expected, "Let it run first.")
    say(ready.summary)
    if ready.missing and not (provisional or refuse):
        found, expected = f"nights are missing ({'; '.join(ready.missing)})", "every night of it"
        raise UsageError(f"month {month}", found, expected, "Make them good, or sign with --provisional.")
    decision = REFUSED if refuse else SIGNED
    row, is_new = closing.decide(settings, ready, by, decision, note, "command", datetime.now(UTC))
    say(f"{row['signed_by']} {decision} {month}." if is_new else f"{row['signed_by']} had {decision} it before.")
    show([row], [column.name for column in table.columns], form, SHORT[:-1])
    if not refuse:
        closing.publish(settings, first, say)


def signings(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """Who signed which month, when, and whether its figures were restated since."""
    from connectors.store.engine import open_store, reading
    from connectors.store.signings import with_standing
    from connectors.store.tables import signings as table

    with reading(open_store(settings_of(lake, store).store, create=False)) as conn:
        rows = list(with_standing(conn))
    show(rows, [*(column.name for column in table.columns), "restated"], form, SHORT)
