"""What `pledge doctor` asks of files that are named and of the systems that are connected: lake, sources, Slack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from dags.doctor import OK, WARN, WRONG, Line, Patient
from dags.doctor_bucket import bucket_lines
from dags.doctor_machine import clock_line

NEEDED_SCOPES = ("chat:write", "channels:history")


def _files(patient: Patient) -> Iterator[Line]:
    """Every file and number a setting names, read as a night reads it; what only few set is loaded only for them."""
    from dags.plan import chosen_standards, forces_of, standards_of

    settings = patient.settings
    forces = forces_of(settings)
    known = standards_of(settings)
    names = settings.nightly_standards.split() or [settings.default_standard]
    chosen_standards(settings, names)
    if settings.rebases:
        from connectors.sources import rebases

        rebases.load(Path(settings.rebases))
    if settings.slack_routes:
        from connectors.slack.routes import routes_of

        routes_of(settings, forces)
    _numbers(patient)
    yield Line(OK, "standards", f"{len(known)} known; a night judges by {', '.join(names)}")


def _numbers(patient: Patient) -> None:
    settings, given = patient.settings, patient.environ
    if given.get("PLEDGE_RETENTION"):
        from connectors import retention

        retention.load(settings.retention)
    if given.get("PLEDGE_SUPPRESS_BELOW"):
        from dags.published import threshold

        threshold(settings)
    if given.get("PLEDGE_SLACK_SAY_AGAIN_DAYS"):
        from dags.deciding import say_again_days

        say_again_days(settings)
    if given.get("PLEDGE_WATCH_HOURS"):
        from dags.watching import within_hours

        within_hours(settings.watch_hours)


def _lake(patient: Patient) -> Iterator[Line]:
    from connectors.lake.storage import is_remote, lake_exists
    from connectors.lake.tables import Lake

    place = patient.settings.lake
    lines = list(bucket_lines(patient) if is_remote(place) else _folder_lines(place))
    yield from lines
    if lake_exists(place) and not any(line.state == WRONG for line in lines):
        yield Line(OK, "lake", f"{place}: {len(Lake(place).versions())} logs can be read")


def _folder_lines(place: str) -> Iterator[Line]:
    rights = os.R_OK | os.W_OK | os.X_OK
    if Path(place).is_dir():
        closed = [str(path) for path in (Path(place), *sorted(Path(place).iterdir())) if not os.access(path, rights)]
        if closed:
            found = f"{closed[0]} cannot be read and written by this user"
            yield Line(WRONG, "lake", found, "Change its owner or mode.")
        return
    above = next(folder for folder in Path(place).absolute().parents if folder.is_dir())
    if os.access(above, os.W_OK | os.X_OK):
        yield Line(WARN, "lake", f"{place} is not there yet", "Nothing: the first run makes it.")
    else:
        found = f"{place} is not there, and {above} is closed to this user"
        yield Line(WRONG, "lake", found, "Open it, or PLEDGE_LAKE.")


def _sources(patient: Patient) -> Iterator[Line]:
    from connectors.sources.credential import credential
    from connectors.sources.description import described
    from dags.plan import source_folders

    settings = patient.settings
    if settings.input and not (Path(settings.input).is_dir() and os.access(settings.input, os.R_OK | os.X_OK)):
        yield Line(WRONG, "sources", f"PLEDGE_INPUT: {settings.input} is no folder this user can read", "Correct it.")
    for name in settings.nightly_sources.split():
        for source in described(name, source_folders(settings)):
            for where, secret in _secrets(source):
                credential(where, secret)
            if source.location and "://" not in source.location and not Path(source.location).exists():
                found = f"{name}: {source.location} is not there"
                yield Line(WARN, "sources", found, "Nothing, if it is delivered before the night.")
                continue
            yield Line(OK, "sources", f"{name}: {source.log} is described; its credentials are there")


def _secrets(source: Any) -> Iterator[tuple[str, str]]:
    """The credentials a source names, whatever kind of connection it has."""
    for each in fields(source):
        secret = getattr(getattr(source, each.name), "secret", "")
        if isinstance(secret, str) and secret:
            yield f"source {source.name}", secret


def _slack(patient: Patient) -> Iterator[Line]:
    from connectors.slack.send import Slack

    settings = patient.settings
    if not settings.slack_token:
        yield Line(OK, "slack", "not set up; nothing is announced")
        return
    slack = Slack(settings.slack_token, settings.slack_url, timeout=5, tries=1)
    headers = slack.introduce()
    yield Line(OK, "slack", f"{slack.where} takes the token")
    yield from clock_line(headers.get("date", ""), patient.now, "Slack")
    scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")} - {""}
    lacking = [scope for scope in NEEDED_SCOPES if scopes and scope not in scopes]
    if lacking:
        yield Line(
            WRONG, "slack", f"the app lacks {', '.join(lacking)}", "Add the scope in Slack and install it again."
        )
    if not settings.slack_channel:
        yield Line(WRONG, "slack", "PLEDGE_SLACK_CHANNEL is not set: nothing is announced", "Set it to a channel's ID.")
    else:
        slack.check(settings.slack_channel)
    if not settings.slack_operations_channel:
        found = "PLEDGE_SLACK_OPERATIONS_CHANNEL is not set: nobody is told of a night that fails or is late"
        yield Line(WARN, "slack", found, "Set it to the ID of a channel of whoever runs this.")


CHECKS = (("settings", _files), ("lake", _lake), ("sources", _sources), ("slack", _slack))
