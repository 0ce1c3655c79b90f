"""Sources that are fetched over HTTP: what a run wants of them, and fetching it once however often it is tried."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from checks.errors import UsageError
from connectors.settings import Settings
from connectors.sources.delivery import Source
from connectors.sources.http.client import HttpClient
from connectors.sources.http.connection import checked_url
from connectors.sources.http.credential import credential
from connectors.sources.http.fetch import MANIFEST, Say, fetch
from connectors.sources.http.wanted import Wanted
from dags.plan import Plan

# A list of what is there now cannot say what was there at an earlier moment.
LONGEST_DELAY = timedelta(hours=36)


def is_address(text: str) -> bool:
    """Whether what follows NAME= is an address rather than a path."""
    return text.startswith(("https://", "http://"))


def fetched_area(settings: Settings, lake: str) -> Path:
    """The folder what was fetched is kept in: the setting's, else beside the lake."""
    if not settings.fetched and "://" in lake:
        found, expected = f"it is not set, and the lake is at {lake}", "a folder of this machine"
        raise UsageError("PLEDGE_FETCHED", found, expected, "Set it, or leave sources that are fetched out.")
    return Path(settings.fetched) if settings.fetched else Path(lake).parent / "fetched"


def wanted(
    sources: Sequence[Source], address: str, area: Path, as_at: datetime, forces: Collection[str] = ()
) -> Wanted:
    """What is to be fetched as at a moment; `address` '' = where the description says.

    Raises UsageError for an address that may not be asked.
    """
    first = sources[0]
    if first.http is None:
        found, expected = "its description has no HTTP connection", "a path, or connection: with http:"
        raise UsageError(f"source {first.name}", found, expected, "Name the file instead.")
    url = checked_url(f"--source {first.name}=URL", address, first.http.plain_http) if address else first.http.url
    of_sources = {source.force for source in sources if source.force}
    asked = sorted(of_sources or set(forces)) if first.http.is_per_force else []
    return Wanted(tuple(sources), url, tuple(asked), as_at, area)


def fetch_in_time(plan: Plan, each: Wanted, say: Say) -> None:
    """Fetch what a run wants, unless the run judges from a moment so long ago that nothing of it is left to fetch.

    An address the caller names is taken to hold what was there at that moment.
    """
    own_place = each.connection.url == each.url
    delay = datetime.fromisoformat(plan.started_at) - plan.moment
    if own_place and delay > LONGEST_DELAY and not (each.folder / MANIFEST).is_file():
        say(f"{each.name}: not fetched: it would answer of today, and the run judges from {plan.as_at}.")
    else:
        fetch_now(each, say)


def fetch_now(each: Wanted, say: Say) -> None:
    """Fetch what is wanted, unless it is there; raises as `connectors.sources.http.fetch` does."""
    secret = credential(each.sources[0].file, each.connection.secret)
    with HttpClient(each.connection, each.url, secret) as client:
        fetch(each, client, say)
