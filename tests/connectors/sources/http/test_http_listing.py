"""Lists in pages: whole and unmoved, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.errors import NotAnsweringError, UsageError
from connectors.sources.description import read_description
from connectors.sources.http.client import HttpClient
from connectors.sources.http.connection import HttpConnection
from connectors.sources.http.fetch import fetch
from connectors.sources.http.wanted import HttpWanted
from tests.police_uk_server import PoliceUkServer

AS_AT = datetime(2026, 11, 21, 5, tzinfo=UTC)
Fetch = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def calls(server: PoliceUkServer, tmp_path: Path) -> Fetch:
    """Fetch a log of calls as the lines of `connection:` say; returns the ids fetched."""

    def fetched(**stated: Any) -> list[dict[str, Any]]:
        front = {
            "log": "calls",
            "force": "norfolk",
            "connection": {"http": server.url, "records": "calls", "requests_per_second": 10_000, **stated},
        }
        path = tmp_path / "calls_api.sql"
        path.write_text(f"/*---\n{json.dumps(front)}\n---*/\nselect row_number, id as call_id from raw\n")
        source = read_description(path)
        wanted = HttpWanted((source,), server.url, (), AS_AT, tmp_path / "fetched")
        assert isinstance(source.connection, HttpConnection)
        with HttpClient(source.connection, server.url, sleep=lambda _: None) as client:
            fetch(wanted, client, lambda _: None)
        return [json.loads(line) for line in wanted.file("calls").read_text().splitlines()]

    return fetched


def ids(lines: list[dict[str, Any]]) -> list[Any]:
    return [line["id"] for line in lines]


def paged(server: PoliceUkServer, pages: list[list[Any]], name: str = "calls?page=") -> None:
    for number, page in enumerate(pages, 1):
        server.other[f"{name}{number}"] = [{"id": each, "caller": "A. Person"} for each in page]


def test_pages_by_number_up_to_an_empty_one(server: PoliceUkServer, calls: Fetch) -> None:
    paged(server, [["a", "b"], ["c"], []])
    lines = calls(page="page")
    assert ids(lines) == ["a", "b", "c"]
    assert lines[0] == {"id": "a", "caller": True, "fetched_at": AS_AT.isoformat()}


def test_pages_that_name_the_next_one(server: PoliceUkServer, calls: Fetch) -> None:
    server.other["calls"] = {"data": {"items": [{"id": "a"}]}, "links": {"next": "calls?after=a"}, "count": 2}
    server.other["calls?after=a"] = {"data": {"items": [{"id": "b"}]}, "links": {"next": None}, "count": 2}
    assert ids(calls(at="data.items", next="links.next", total="count")) == ["a", "b"]


def test_a_link_header_names_it_too(server: PoliceUkServer, calls: Fetch) -> None:
    server.next("calls", (200, {"Link": f'<{server.url}calls?after=a>; rel="next"'}, b'[{"id": "a"}]'))
    server.other["calls?after=a"] = [{"id": "b"}]
    assert ids(calls()) == ["a", "b"]


def test_a_next_page_elsewhere_is_refused(server: PoliceUkServer, calls: Fetch) -> None:
    server.other["calls"] = {"items": [{"id": "a"}], "next": "https://example.com/calls"}
    with pytest.raises(UsageError, match="leads to"):
        calls(at="items", next="next")


def test_the_same_page_again_and_again_is_refused(server: PoliceUkServer, calls: Fetch) -> None:
    paged(server, [["a", "b"]] * 100)
    with pytest.raises(NotAnsweringError, match="page 2 brings records of an earlier page again"):
        calls(page="page")


def test_a_list_that_moved_once_is_read_again_from_its_beginning(server: PoliceUkServer, calls: Fetch) -> None:
    paged(server, [["a", "b"], ["b", "c"], []])

    def settle(path: str) -> None:
        if server.paths().count("calls?page=2") == 1:
            paged(server, [["new", "a"], ["b", "c"], []])

    server.before = settle
    assert ids(calls(page="page")) == ["new", "a", "b", "c"]


def test_another_number_than_stated_is_no_whole_list(server: PoliceUkServer, calls: Fetch) -> None:
    server.other["calls"] = {"items": [{"id": "a"}], "total": 2}
    with pytest.raises(NotAnsweringError, match="1 records came, 2 were stated"):
        calls(at="items", total="total")


def test_a_page_that_is_gone_is_no_end_of_the_list(server: PoliceUkServer, calls: Fetch) -> None:
    server.other["calls"] = {"items": [{"id": "a"}], "next": "calls?after=a"}
    with pytest.raises(NotAnsweringError, match="it is not there"):
        calls(at="items", next="next")


@pytest.mark.parametrize("answer", ["text", 7, [1, 2], {"items": "none"}, {"error": "no"}])
def test_what_is_no_list_is_refused(server: PoliceUkServer, calls: Fetch, answer: Any) -> None:
    server.other["calls"] = answer
    with pytest.raises(NotAnsweringError, match="no list of objects"):
        calls(at="items" if isinstance(answer, dict) else "")


def test_identical_records_collapse(server: PoliceUkServer, calls: Fetch) -> None:
    server.other["calls"] = [{"id": "a", "x": 1}, {"x": 1, "id": "a"}, {"id": "b"}]
    assert ids(calls()) == ["a", "b"]
