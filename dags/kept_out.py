"""What was erased and must not come back: read from the records of erasures, for whoever admits or judges."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.commitment import Measure
from checks.errors import UsageError
from connectors.lake.pseudonyms import Pseudonyms, pseudonyms_of, refuse_another_key
from connectors.lake.tables import Lake
from connectors.lake.tombstones import Tombstones
from connectors.settings import Settings
from connectors.signing import secret_of
from connectors.store import erasures
from dags.plan import zones
from dags.sealing import key_path

Row = dict[str, Any]


def midnight(settings: Settings, day: date, force: str) -> datetime:
    zone = zones(settings, [force])[force]
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def tombstone_key(settings: Settings) -> Pseudonyms:
    """What erased references are hashed with: made of the key of pseudonyms, or where there is none, of the signing
    key. Both lie outside the lake and the store."""
    pseudonyms = pseudonyms_of(settings.pseudonym_key)
    return (pseudonyms or Pseudonyms(secret_of(key_path(settings)))).derived("tombstones")


def kept_out(conn: Connection, settings: Settings) -> Tombstones | None:
    """What must not come back, None where nothing was erased.

    Raises:
        UsageError: the key has changed since a record was erased, so that it could come back unseen.
    """
    rows = erasures.standing(conn)
    if not rows:
        return None
    key = tombstone_key(settings)
    for row in rows:
        if row["reference"] and row["key_fingerprint"] != key.fingerprint:
            found = "it is not the key under which records were erased, and they could come back unseen"
            expected = "PLEDGE_PSEUDONYM_KEY and PLEDGE_SIGNING_KEY as they were then"
            raise UsageError(f"erasure {row['run_id']}", found, expected, "Restore the key.")
    before: dict[tuple[str, str], datetime] = {}
    for (log, force), day in erased_before(rows).items():
        before[log, force] = midnight(settings, day, force)
    return Tombstones(key, [row for row in rows if row["reference"]], before)


def erased_before(rows: Sequence[Row]) -> dict[tuple[str, str], date]:
    """The first local day each log of a force still has records of; a log that was never cut off has none."""
    found: dict[tuple[str, str], date] = {}
    for row in rows:
        if row["before"]:
            key = row["log"], row["force"]
            found[key] = max(row["before"], found.get(key, row["before"]))
    return found


def frozen_before(rows: Sequence[Row], logs: Collection[str], force: str) -> date | None:
    """The first local day that cases read from these logs can still be judged on, None = every day."""
    days = [day for (log, of_force), day in erased_before(rows).items() if log in logs and of_force == force]
    return max(days, default=None)


def frozen_of(
    lake: Lake,
    erased: Sequence[Row],
    measure: Measure,
    force: str,
    standards: Collection[str],
    first: date | None,
    version: int | None = None,
) -> tuple[list[str], date | None]:
    """The files that may hold cases of erased records, and `frozen_before`; without an erasure no file is asked for.

    `first` is the first local day wanted, None = every day.
    """
    before = frozen_before(erased, measure.logs, force)
    if not erased:
        return [], before
    about = {"standard": standards, "measure": [measure.name], "force": [force]}
    held = lake.listing("cases", version).chosen("partition.month", **about)
    months = {month for month in held if first is None or month >= f"{first:%Y-%m}"}
    return lake.files("cases", version, **about, month=months), before


def refuse_other_keys(conn: Connection, lake: Lake, settings: Settings) -> None:
    """Raises UsageError where references would come in under another key than before, or erased ones unseen."""
    refuse_another_key(lake, pseudonyms_of(settings.pseudonym_key))
    kept_out(conn, settings)
