"""`pledge slack …`: what runs beside the nights."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from types import FrameType

import typer

from checks.errors import UsageError
from dags.options import FormatOption, LakeOption, StoreOption, say, settings_of
from dags.tables import Format

slack_app = typer.Typer(help="Slack: hear what people answer.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    app.add_typer(slack_app, name="slack")


@slack_app.callback()
def slack() -> None:
    """A group of its own, though it has one command so far."""


@slack_app.command()
def listen(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """Hear the buttons of alerts (Acknowledge, Explain) until stopped; connections go out only."""
    from connectors.slack.answering import Answering
    from connectors.slack.listening import Listener
    from connectors.slack.send import Slack
    from connectors.store.engine import open_store

    settings = settings_of(lake, store)
    for name in ("slack_token", "slack_app_token"):
        if not getattr(settings, name):
            variable = f"PLEDGE_{name.upper()}"
            raise UsageError(variable, "not set", "a token of your Slack app", "Set it; see README, Answers.")
    engine = open_store(settings.store, create=False)
    groups = tuple(settings.slack_answerers.split())
    if not groups:
        say("PLEDGE_SLACK_ANSWERERS names no user group: nobody may answer.")
    stop = threading.Event()
    _stop_on_signals(stop)
    web = Slack(settings.slack_token, settings.slack_url)
    answering = Answering(engine, web, groups, lambda: datetime.now(UTC), stop)
    Listener(settings.slack_app_token, settings.slack_url, answering, say).run(stop)
    engine.dispose()
    say("Slack: stopped listening; nothing is left undone.")


def _stop_on_signals(stop: threading.Event) -> None:
    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
