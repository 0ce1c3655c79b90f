"""One request against a server that is slow, busy, broken or leads elsewhere."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from checks.errors import NotAnsweringError, UsageError
from connectors.sources.http.client import LONGEST_WAIT_SECONDS, TRIES, Answer, HttpClient
from connectors.sources.http.connection import HttpConnection
from tests.police_uk_server import PoliceUkServer
from tests.slack_server import Drops, Fails, Limits, Waits

FAST: dict[str, Any] = {"requests_per_second": 10_000.0, "timeout_seconds": 5.0}


class Asked:
    """A client whose waits are written down instead of waited."""

    def __init__(self, server: PoliceUkServer, credential: str = "", **stated: Any) -> None:
        self.server, self.waits = server, list[float]()
        connection = HttpConnection(server.url, "list", **{**FAST, **stated})
        self.client = HttpClient(connection, server.url, credential, sleep=self._waited)

    def _waited(self, seconds: float) -> None:
        if seconds > 0.01:  # the rest is the rate
            self.waits.append(seconds)

    def get(self, path: str = "list", **known: str) -> Answer:
        with self.client:
            return self.client.get(self.client.address(path), **known)


@pytest.fixture
def listed(server: PoliceUkServer) -> PoliceUkServer:
    server.other["list"] = [{"id": "a"}]
    return server


def test_json_with_a_byte_order_mark_and_what_tells_it_apart_later(listed: PoliceUkServer) -> None:
    answer = Asked(listed).get()
    assert (answer.status, answer.body) == (200, [{"id": "a"}])
    assert Asked(listed).get(etag=answer.etag) == Answer(304)
    listed.other["list"] = []
    assert Asked(listed).get(etag=answer.etag).body == []


def test_what_is_not_there_is_an_answer(listed: PoliceUkServer) -> None:
    assert Asked(listed).get("nothing").status == 404


@pytest.mark.parametrize(
    "behaviours",
    [(Fails(500), Fails(503)), (Drops(), Drops()), (b"<html>maintenance</html>", b""), (b'[{"id": "a"', b"[1]]")],
)
def test_a_passing_fault_is_made_good(listed: PoliceUkServer, behaviours: tuple[Any, ...]) -> None:
    listed.next("list", *behaviours)
    asked = Asked(listed)
    assert asked.get().body == [{"id": "a"}]
    assert len(listed.asked) == 3
    assert 1 <= asked.waits[0] <= 2 < asked.waits[1] + 0.001, "it waits longer each time"


@pytest.mark.parametrize("behaviour", [Fails(500), Drops(), Limits(0), b"no json"])
def test_a_lasting_fault_is_a_sentence_after_some_tries(listed: PoliceUkServer, behaviour: Any) -> None:
    listed.next("list", *[behaviour] * TRIES)
    with pytest.raises(NotAnsweringError, match=r"/api/list: .+; a whole answer in JSON"):
        Asked(listed).get()
    assert len(listed.asked) == TRIES


def test_a_slow_server_is_left_in_time_and_asked_again(listed: PoliceUkServer) -> None:
    listed.next("list", Waits(0.6))
    assert Asked(listed, timeout_seconds=0.2).get().body == [{"id": "a"}]
    assert len(listed.asked) == 2


def test_a_server_that_is_down(server: PoliceUkServer) -> None:
    asked = Asked(server)
    server.__exit__()
    with pytest.raises(NotAnsweringError, match="ConnectError"):
        asked.get()


class TestRetryAfter:
    def test_seconds_are_waited_out(self, listed: PoliceUkServer) -> None:
        listed.next("list", Limits(7), Limits(int(LONGEST_WAIT_SECONDS)))
        asked = Asked(listed)
        assert asked.get().status == 200
        assert asked.waits == [7, LONGEST_WAIT_SECONDS]

    def test_a_date_counts_by_the_servers_clock(self, listed: PoliceUkServer) -> None:
        listed.next("list", (503, {"Retry-After": "Thu, 31 Dec 2099 23:59:59 GMT"}, b""))
        with pytest.raises(NotAnsweringError, match="to be asked again after"):
            Asked(listed).get()
        listed.next("list", (503, {"Retry-After": "Thu, 01 Jan 1998 00:00:00 GMT"}, b""))
        asked = Asked(listed)
        assert asked.get().status == 200
        assert asked.waits == []

    def test_too_long_a_wait_is_said_at_once(self, listed: PoliceUkServer) -> None:
        listed.next("list", Limits(3600))
        with pytest.raises(NotAnsweringError, match="after 3600 seconds"):
            Asked(listed).get()
        assert len(listed.asked) == 1

    def test_what_is_no_time_is_no_time(self, listed: PoliceUkServer) -> None:
        listed.next("list", Limits("soon"))
        assert Asked(listed).get().status == 200


class TestRedirects:
    def test_within_the_server_they_are_followed(self, listed: PoliceUkServer) -> None:
        listed.next("old", (301, {"Location": "/api/list"}, b""))
        assert Asked(listed).get("old").body == [{"id": "a"}]

    @pytest.mark.parametrize("target", ["http://localhost:1/api/list", "https://example.com/", "//example.com/"])
    def test_elsewhere_they_are_not(self, listed: PoliceUkServer, target: str) -> None:
        listed.next("old", (302, {"Location": target}, b""))
        with pytest.raises(UsageError, match="leads to"):
            Asked(listed).get("old")
        assert "list" not in listed.paths()

    def test_in_circles_they_end(self, listed: PoliceUkServer) -> None:
        listed.next("list", *[(302, {"Location": "list"}, b"")] * 20)
        with pytest.raises(UsageError, match="circles"):
            Asked(listed).get()

    def test_a_page_elsewhere_is_refused(self, listed: PoliceUkServer) -> None:
        with pytest.raises(UsageError, match="leads to"):
            Asked(listed).client.next_page(listed.url, "https://example.com/page2")


class TestCredential:
    def test_it_is_sent_and_never_said(self, listed: PoliceUkServer) -> None:
        stated = {"header": "X-Api-Key", "secret": "NORFOLK_KEY", "prefix": "Key "}
        Asked(listed, "s3cret", **stated).get()
        assert listed.headers[0]["x-api-key"] == "Key s3cret"
        listed.next("list", Fails(401))
        with pytest.raises(UsageError, match=r"HTTP 401.*credential") as refused:
            Asked(listed, "s3cret", **stated).get()
        assert "s3cret" not in str(refused.value)

    def test_another_server_than_the_stated_one_does_not_get_it(self) -> None:
        connection = HttpConnection("https://api.norfolk.example/", "list", header="X-Api-Key", secret="K")
        assert "x-api-key" in HttpClient(connection, connection.url, "s3cret")._http.headers
        assert "x-api-key" not in HttpClient(connection, "https://other.example/", "s3cret")._http.headers


class TestSize:
    def test_an_answer_too_large_is_refused(self, listed: PoliceUkServer) -> None:
        listed.other["list"] = [{"id": "x" * 3000}]
        with pytest.raises(UsageError, match=r"larger; at most 0\.002 MB"):
            Asked(listed, max_answer_mb=0.002).get()

    def test_so_are_many_that_are_large_together(self, listed: PoliceUkServer) -> None:
        listed.other["list"] = [{"id": "x" * 1000}]
        asked = Asked(listed, max_fetch_mb=0.0025)
        for _ in range(2):
            asked.client.get(asked.client.address("list"))
        with pytest.raises(UsageError, match=r"together are larger; at most 0\.0025 MB"):
            asked.get()

    def test_so_is_one_that_is_large_only_unpacked(self, listed: PoliceUkServer) -> None:
        packed = gzip.compress(b'["' + b"x" * 1_000_000 + b'"]')
        listed.next("list", (200, {"Content-Encoding": "gzip"}, packed))
        with pytest.raises(UsageError, match="larger"):
            Asked(listed, max_answer_mb=0.1).get()


def test_no_faster_than_allowed(listed: PoliceUkServer) -> None:
    asked = Asked(listed, requests_per_second=4.0)
    for _ in range(3):
        asked.client.get(asked.client.address("list"))
    assert 0.2 < asked.waits[0] <= 0.25 and 0.4 < asked.waits[1] <= 0.5, "each 0.25 seconds after the one before"
