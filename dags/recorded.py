"""The run whose tables a command reads, and which local day its moment was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.feeds import ALL
from connectors.settings import Settings
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store import read, write
from dags.plan import zones

Row = Mapping[str, Any]


def recorded_run(conn: Connection, run: str | None) -> Row | None:
    """The run of that name, or the newest that got to its end; None where none did. Raises UsageError if unknown."""
    if run:
        write.run_number(conn, run)
        return next(row for row in read.read_table(conn, "runs") if row["run_id"] == run)
    return max(
        (row for row in read.read_table(conn, "runs") if row["status"] == "done"),
        key=lambda row: row["run_number"],
        default=None,
    )


def local_day(settings: Settings, force: str, moment: datetime) -> date:
    """The day a moment is in a force's time zone."""
    zone = DEFAULT_ZONE if force == ALL else zones(settings, [force])[force]
    return moment.astimezone(ZoneInfo(zone)).date()
