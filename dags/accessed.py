"""Recording who reads cases: around the reading, so that a reading that is broken off is recorded, too."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from checks.errors import PledgeError
from connectors.settings import Settings
from connectors.store.accesses import add_access, known_as
from connectors.store.engine import open_store

Row = Mapping[str, Any]


def who(settings: Settings) -> str:
    """Who is at work: PLEDGE_USER, else the user of this machine."""
    try:
        return settings.user or getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return "unknown"


@contextmanager
def recorded(
    settings: Settings, command: str, filters: Mapping[str, object], form: str, say: Callable[[str], None]
) -> Iterator[Callable[[Iterable[Row]], Iterator[Row]]]:
    """Count the rows that are handed out and record the access when it ends, however it ends.

    Where it cannot be recorded the reading goes on, and that is said on standard error.
    """
    counted = 0

    def count(rows: Iterable[Row]) -> Iterator[Row]:
        nonlocal counted
        for row in rows:
            counted += 1
            yield row

    try:
        yield count
    finally:
        asked = [name.rstrip("_") for name, value in filters.items() if value not in (None, "", [], ())]
        try:
            _add(settings, command, asked, form, counted)
        except (PledgeError, DBAPIError, OSError) as error:
            why = "the store cannot be written" if isinstance(error, DBAPIError) else str(error)
            say(f"This reading is not in the access log ({why}): whoever answers for it must record it by hand.")


def _add(settings: Settings, command: str, asked: list[str], form: str, rows: int) -> None:
    address = make_url(settings.store)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        raise FileNotFoundError("there is no store")
    with open_store(settings.store, create=False).begin() as conn:
        by, at = known_as(conn, who(settings)), datetime.now(UTC)
        add_access(conn, at=at, by=by, command=command, filters=asked, rows=rows, form=form)
