"""The run whose tables a command reads, and which local day its moment was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.errors import UsageError
from checks.feeds import ALL
from connectors.settings import Settings
from connectors.store import read, write

Row = Mapping[str, Any]


def recorded_run(conn: Connection, run: str | None) -> Row | None:
    """The run of that name, or the newest that got to its end, without its manifest; None where none did.

    Raises UsageError if it is unknown.
    """
    if run:
        write.run_number(conn, run)
        return next(row for row in read.run_rows(conn) if row["run_id"] == run)
    return next((row for row in reversed(read.run_rows(conn)) if row["status"] == "done"), None)


def judged_run(conn: Connection, run: str | None) -> dict[str, Any]:
    """The run of that name, or the newest that judged; its `input_key` says which versions of the lake to read.

    As things stand (no run is named) those are the versions an erasure after it left: the older ones are gone.

    Raises:
        UsageError: there is no such run, or it did not judge.
    """
    from dags.sealing import manifest_of

    rows = list(read.read_table(conn, "runs"))
    if run:
        write.run_number(conn, run)
    fit = [row for row in rows if row["input_key"] and (row["run_id"] == run if run else row["status"] == "done")]
    if not fit:
        found, do = "no run has recorded figures there", "Name one that ended, see `pledge runs`."
        raise UsageError(f"run {run or 'newest'}", found, "a finished run", do)
    judged = max(fit, key=lambda row: row["run_number"])
    after = [row for row in rows if row["status"] == "done" and row["run_number"] > judged["run_number"]]
    if run or not after:
        return judged
    left = {name: said["version"] for name, said in manifest_of(after[-1])["lake"].items()}
    return {**judged, "input_key": json.dumps({**json.loads(judged["input_key"]), **left})}


def local_day(settings: Settings, force: str, moment: datetime) -> date:
    """The day a moment is in a force's time zone."""
    from connectors.sources.forces import DEFAULT_ZONE
    from dags.plan import zones

    zone = DEFAULT_ZONE if force == ALL else zones(settings, [force])[force]
    return moment.astimezone(ZoneInfo(zone)).date()
