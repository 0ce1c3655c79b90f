"""A whole list, however many pages it has: taken only when it did not move while its pages were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from checks.errors import NotAnsweringError
from connectors.settings import masked
from connectors.sources.http.answers import Known
from connectors.sources.http.connection import HttpConnection

MOST_PAGES = 100_000
# Asks for a list's page; with True even if this fetch has its answer already.
Ask = Callable[[str, bool], Known]
Record = dict[str, Any]


class _MovedError(Exception):
    """The list changed between two of its pages."""


def read_list(
    connection: HttpConnection, address: str, ask: Ask, *, again: bool = False, tries: int = 3
) -> list[Record]:
    """Every record of a list, identical ones once.

    Raises:
        NotAnsweringError: it moved each time it was read (a record on two pages, one page twice, another number of
            records than stated), or an answer of it is no list of objects.
    """
    for attempt in range(tries):
        try:
            return list(_records(connection, address, ask, again or attempt > 0))
        except _MovedError as moved:
            found = str(moved)
    raise NotAnsweringError(masked(address), found, "a list that stands still", "Run again later; nothing was taken.")


def _records(connection: HttpConnection, address: str, ask: Ask, again: bool) -> Iterator[Record]:
    earlier: set[str] = set()
    following, number, total = _first(connection, address), 1, None
    while following:
        known = ask(following, again)
        if known.absent:
            raise _wrong(following, "it is not there")
        records = list_of(following, known.body["records"])
        if earlier.intersection(known.body["digests"]):
            raise _MovedError(f"page {number} brings records of an earlier page again")
        earlier.update(known.body["digests"])
        yield from records
        total = known.body.get("total", total)
        number += 1
        following = _following(connection, address, known, number, bool(records))
        if number > MOST_PAGES:
            raise _wrong(address, f"more than {MOST_PAGES:,} pages")
    if connection.total and total != len(earlier):
        raise _MovedError(f"{len(earlier):,} records came, {total} were stated")


def _first(connection: HttpConnection, address: str) -> str:
    return _numbered(address, connection.page, 1) if connection.page else address


def _following(connection: HttpConnection, address: str, known: Known, number: int, any_records: bool) -> str:
    if connection.page:
        return _numbered(address, connection.page, number) if any_records else ""
    return known.next_page


def _numbered(address: str, parameter: str, number: int) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode({parameter: number})}"


def list_of(address: str, found: Any) -> list[Record]:
    """A list of objects; raises NotAnsweringError for anything else, such as an error that is said in JSON."""
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise _wrong(address, "the answer is no list of objects")
    return found


def _wrong(address: str, found: str) -> NotAnsweringError:
    return NotAnsweringError(
        masked(address), found, "a list of records", "Check `records` and `at` of its description."
    )
