"""The commands of alerting: `pledge route`, `pledge silence`, `pledge digest-check`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from checks.errors import UsageError
from connectors.settings import Settings
from dags.options import (
    AreaOption,
    CommitmentOption,
    ForceOption,
    FormatOption,
    LakeOption,
    MeasureOption,
    StoreOption,
    say,
    settings_of,
)
from dags.tables import Format, show
from dags.when import moment

routes_app = typer.Typer(help="Where announcements go.", no_args_is_help=True, rich_markup_mode=None)
silences_app = typer.Typer(
    help="What is not said for a while; it is still decided and counted.", no_args_is_help=True, rich_markup_mode=None
)

KindsOption = Annotated[list[str] | None, typer.Option("--kind", help="Kind of announcement; repeatable.")]
SeveritiesOption = Annotated[list[str] | None, typer.Option("--severity", help="high, medium or low; repeatable.")]
HoursOption = Annotated[list[str] | None, typer.Option("--hours", help="Such as 22:00-06:00; repeatable.")]
WeekdaysOption = Annotated[list[str] | None, typer.Option("--weekday", help="mon to sun; repeatable.")]
HolidayOption = Annotated[
    bool | None, typer.Option("--bank-holiday/--no-bank-holiday", help="Only on bank holidays, or never on them.")
]
ByOption = Annotated[str, typer.Option("--by", help="Who: a role or a name; it stays in the store.")]
SILENCES = (
    "silence_id", "state", "matcher", "reason", "author", "starts_at", "ends_at", "ended_at", "ended_by", "muted",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add these commands to the command."""
    app.add_typer(routes_app, name="route")
    app.add_typer(silences_app, name="silence")
    app.command("digest-check")(digest_check)


@routes_app.command("validate")
def validate(
    file: Annotated[str, typer.Argument(help="A file of routes; default: PLEDGE_SLACK_ROUTES.")] = "",
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Load the routes as a run would, and list them in their order."""
    from connectors.slack.routes import load, routes_of
    from dags.plan import forces_of

    settings = settings_of(lake, store)
    known = forces_of(settings)
    routes = load(Path(file), known) if file else routes_of(settings, known)
    rows = (
        {"route": route.name, "matches": str(route.matcher), "channel": route.channel, "mention": route.mention,
         "owner": route.owner, "quiet_hours": ", ".join(map(str, route.quiet)),
         "in_quiet_hours": ("hold" if route.holds else "no_mention") if route.quiet else ""}
        for route in routes
    )  # fmt: skip
    show(rows, ("route", "matches", "channel", "mention", "owner", "quiet_hours", "in_quiet_hours"), form)


@routes_app.command("explain")
def explain(
    force: Annotated[str, typer.Option(help="Force slug.")],
    measure: Annotated[str, typer.Option(help="Measure.")] = "",
    log: Annotated[str, typer.Option(help="Instead of a measure: an announcement about this log.")] = "",
    area: Annotated[str, typer.Option(help="Area; '' = the force as a whole.")] = "",
    kind: Annotated[str, typer.Option(help="Kind of announcement; default: first_miss, or cannot_judge.")] = "",
    severity: Annotated[str, typer.Option(help="high, medium or low; default: the standard's.")] = "",
    at: Annotated[str | None, typer.Option(help="At this moment (ISO 8601; default: now).")] = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Where an announcement would go and why: the route that matches, and on which key the others do not."""
    from dags.route_explained import COLUMNS, Explained, explained, in_sentences, subject_of

    settings, now = settings_of(lake, store), moment(at, "--at")
    subject = subject_of(settings, force, area, measure, log, kind, severity, now)
    found: Explained = explained(settings, subject, now)
    if form is Format.TABLE:
        print("\n".join(in_sentences(found)))
    else:
        show(found.rows(), COLUMNS, form)


@silences_app.command("add")
def silence_add(
    reason: Annotated[str, typer.Option(help="Why; it stays in the store.")],
    by: ByOption,
    until: Annotated[str, typer.Option(help="Its end (ISO 8601), at most 90 days after its beginning.")],
    starts: Annotated[str | None, typer.Option("--from", help="Its beginning (ISO 8601; default: now).")] = None,
    force: ForceOption = None,
    area: AreaOption = None,
    commitment: CommitmentOption = None,
    measure: MeasureOption = None,
    severity: SeveritiesOption = None,
    kind: KindsOption = None,
    hours: HoursOption = None,
    weekday: WeekdaysOption = None,
    bank_holiday: HolidayOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let something not be said until a moment: it is still decided, counted and remembered."""
    from checks.matching import matcher_of
    from checks.silencing import StandingSilence, checked
    from connectors.store import silences
    from connectors.store.engine import open_store
    from dags.plan import forces_of

    settings, now = settings_of(lake, store), datetime.now(UTC)
    named = {"force": force, "area": area, "commitment": commitment, "measure": measure, "severity": severity,
             "kind": kind, "hours": hours, "weekday": weekday}  # fmt: skip
    keys: dict[str, Any] = {key: list(values) for key, values in named.items() if values}
    keys |= {} if bank_holiday is None else {"bank_holiday": bank_holiday}
    matcher = matcher_of("pledge silence add", keys, forces_of(settings))
    begins = moment(starts, "--from") if starts else now
    silence = StandingSilence(silences.new_id(), matcher, reason.strip(), by.strip(), begins, moment(until, "--until"))
    with open_store(settings.store).begin() as conn:
        silences.add(conn, checked(silence, now), now)
    say(f"Laid down. `pledge silence end {silence.silence_id} --by …` ends it before its time.")
    _show_silences(settings, now, form, silence.silence_id)


@silences_app.command("list")
def silence_list(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """The silences that are on or to come, and how much each has muted."""
    _show_silences(settings_of(lake, store), datetime.now(UTC), form, every=every)


@silences_app.command("end")
def silence_end(
    silence_id: Annotated[str, typer.Argument(help="Its id, of `pledge silence list`.")],
    by: ByOption,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """End a silence before its time; the channel it muted is told by the next run."""
    from checks.silencing import text
    from connectors.store import silences
    from connectors.store.engine import open_store

    settings, now = settings_of(lake, store), datetime.now(UTC)
    with open_store(settings.store, create=False).begin() as conn:
        silences.end(conn, silence_id, text(by, "--by"), now)
    _show_silences(settings, now, form, silence_id)


def _show_silences(settings: Settings, now: datetime, form: Format, only: str = "", every: bool = False) -> None:
    from connectors.store import silences
    from connectors.store.engine import open_store, reading

    with reading(open_store(settings.store, create=False)) as conn:
        found, muted = silences.standing(conn), silences.muted(conn)
    shown = [s for s in found if s.silence_id == only or (not only and (every or now < s.over_at))]
    rows = (
        {
            **{name: getattr(s, name) for name in SILENCES if hasattr(s, name)},
            "state": s.state(now),
            "matcher": str(s.matcher),
            "muted": muted[s.silence_id].count if s.silence_id in muted else 0,
        }
        for s in shown
    )
    show(rows, SILENCES, form, ("silence_id", "state", "matcher", "reason", "author", "ends_at", "muted"))


def digest_check(
    at: Annotated[str | None, typer.Option(help="As at this moment (ISO 8601; default: now).")] = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say what is still to be said; exit 1, and a message to operations, when it is after 06:30 (local) and yesterday's
    digest was not said."""
    from dags.operations import check_digest

    settings = settings_of(lake, store)
    if not (settings.slack_token and settings.slack_channel):
        do = "Set PLEDGE_SLACK_TOKEN and PLEDGE_SLACK_CHANNEL."
        raise UsageError("pledge digest-check", "Slack is not set up", "a channel that gets a digest", do)
    told: list[str] = []
    absent = check_digest(settings, moment(at, "--at"), told.append)
    show([{"absent": absent, "why": " ".join(told)}], ("absent", "why"), form)
    raise typer.Exit(1 if absent else 0)
