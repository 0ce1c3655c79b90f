"""Sources that are fetched: what a run wants of them, and fetching it once however often it is tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from checks.errors import UsageError
from connectors.lake.storage import beside, is_remote
from connectors.settings import Settings
from connectors.sources import connections
from connectors.sources.credential import credential
from connectors.sources.delivery import Source
from connectors.sources.drops import fetch as drops
from connectors.sources.http.client import HttpClient
from connectors.sources.http.connection import HttpConnection
from connectors.sources.http.fetch import fetch as fetch_over_http
from connectors.sources.http.wanted import HttpWanted
from connectors.sources.sql import fetch as sql
from connectors.sources.sql.connection import SqlConnection
from connectors.sources.wanted import Wanted
from connectors.sources.whole_fetch import Say, is_whole
from dags.plan import Plan

# A list of what is there now cannot say what was there at an earlier moment.
LONGEST_DELAY = timedelta(hours=36)


def is_fetched(source: Source, place: str) -> bool:
    """Whether a source is fetched, from `place` or, where that is '', from its own place."""
    return connections.is_address(place) or (not place and source.connection is not None)


def fetched_area(settings: Settings, lake: str) -> Path:
    """The folder what was fetched is kept in: the setting's, else beside the lake."""
    if not settings.fetched and is_remote(lake):
        found, expected = f"it is not set, and the lake is at {lake}", "a folder of this machine"
        raise UsageError("PLEDGE_FETCHED", found, expected, "Set it, or leave sources that are fetched out.")
    return Path(settings.fetched) if settings.fetched else beside(lake, "fetched")


def wanted(
    sources: Sequence[Source], address: str, area: Path, as_at: datetime, forces: Collection[str] = ()
) -> Wanted:
    """What is to be fetched as at a moment; `address` '' = where the description says.

    Raises UsageError for an address that may not be asked.
    """
    first, connection = sources[0], sources[0].connection
    if connection is None:
        found, expected = "its description has no connection", "a path, or connection: with http:, sql: or drops:"
        raise UsageError(f"source {first.name}", found, expected, "Name the file instead.")
    where = f"--source {first.name}=URL"
    url = connections.checked_address(where, connection, address) if address else connection.url
    if isinstance(connection, SqlConnection):
        return sql.SqlWanted(tuple(sources), url, (), as_at, area)
    if not isinstance(connection, HttpConnection):
        return drops.DropWanted(tuple(sources), url, (), as_at, area)
    of_sources = {source.force for source in sources if source.force}
    asked = sorted(of_sources or set(forces)) if connection.is_per_force else []
    return HttpWanted(tuple(sources), url, tuple(asked), as_at, area)


def knowing(each: Wanted, earlier: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]], fit: str) -> Wanted:
    """What is wanted, with what became of the source's `earlier` deliveries, by source and log."""
    rows = [row for source in each.sources for row in earlier.get((source.name, source.log), ())]
    known = frozenset((row["log"], row["sha256"]) for row in rows)
    admitted = frozenset((row["log"], row["sha256"]) for row in rows if row["fitness"] == fit)
    return replace(each, known=known, admitted=admitted)


def fetch_in_time(plan: Plan, each: Wanted, say: Say) -> None:
    """Fetch what a run wants, unless the run judges from a moment so long ago that nothing of it is left to fetch.

    An address the caller names is taken to hold what was there at that moment, and dropped files are as old as they
    are.
    """
    connection = each.sources[0].connection
    own_place = connection is not None and connection.url == each.url and not isinstance(each, drops.DropWanted)
    delay = datetime.fromisoformat(plan.started_at) - plan.moment
    if own_place and delay > LONGEST_DELAY and not is_whole(each.folder):
        say(f"{each.name}: not fetched: it would answer of today, and the run judges from {plan.as_at}.")
    else:
        fetch_now(each, say)


def fetch_now(each: Wanted, say: Say) -> None:
    """Fetch what is wanted, unless it is there; raises as the `fetch` of its kind of connection does."""
    if isinstance(each, sql.SqlWanted):
        sql.fetch(each, say)
    elif isinstance(each, drops.DropWanted):
        drops.fetch(each, say)
    elif isinstance(each, HttpWanted):
        secret = credential(each.where, each.connection.secret)
        with HttpClient(each.connection, each.url, secret) as client:
            fetch_over_http(each, client, say)


def newest_only(each: Wanted) -> Wanted:
    """What a look at a source asks for: of dropped files only the newest of each log."""
    return replace(each, newest_only=True) if isinstance(each, drops.DropWanted) else each


def brought(each: Wanted, source: Source) -> list[tuple[Source, Path]]:
    """The files a whole fetch brought of one log, each with how it is read.

    How old a delivery may be is asked of the newest file only: those before it waited for it.
    """
    if not (isinstance(each, drops.DropWanted) and is_whole(each.folder)):
        return [(source, each.file(source.log))]
    files = each.files(source.log)
    return [(source if newest else _of_any_age(source), path) for path, newest in files] or [
        (source, each.file(source.log))
    ]


def _of_any_age(source: Source) -> Source:
    expected = {key: value for key, value in (source.expected or {}).items() if key != "max_age_hours"}
    return replace(source, expected=expected or None)
