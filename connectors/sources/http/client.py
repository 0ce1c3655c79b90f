"""One request to an HTTP source, made good where it can be: tried again, in good time, no faster than allowed."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import httpx
import tenacity

from checks.errors import NotAnsweringError, UsageError
from connectors.settings import masked
from connectors.sources.http.connection import HttpConnection, is_loopback

NOT_MODIFIED = 304
GONE = (404, 410)
TRIES = 5
LONGEST_WAIT_SECONDS = 120.0
MOST_REDIRECTS = 5
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Answer:
    """What an address answered: `body` is parsed JSON; `status` is 200, 304 (nothing new), 404 or 410."""

    status: int
    body: Any = None
    etag: str = ""
    last_modified: str = ""
    next_page: str = ""


class _PassingError(NotAnsweringError):
    """The same request may succeed later; `retry_after` in seconds where the server says when."""

    retry_after: float | None = None


class HttpClient:
    """Asks one server. Use it with `with`.

    Args:
        url: the base address, as `checked_url` gives it; the credential goes to it alone.
        credential: the value of the connection's header, '' = none.
        pause: how to wait, and for a first pause of how many seconds after a failure (doubled each time).
    """

    def __init__(
        self,
        connection: HttpConnection,
        url: str,
        credential: str = "",
        sleep: Callable[[float], None] = time.sleep,
        pause: float = 1.0,
    ) -> None:
        self._base, self._connection, self._sleep = httpx.URL(url), connection, sleep
        headers = {"Accept": "application/json", "User-Agent": "policing-pledge"}
        if credential and (self._base.host == httpx.URL(connection.url).host or is_loopback(self._base.host)):
            headers[connection.header] = connection.prefix + credential
        timeout = httpx.Timeout(connection.timeout_seconds, connect=10.0)
        self._http = httpx.Client(headers=headers, timeout=timeout, verify=_trusted())
        self._next_at = 0.0
        self._backoff = tenacity.wait_exponential_jitter(initial=pause, max=30, jitter=pause)
        self.requests = self._bytes = 0

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def address(self, path: str) -> str:
        """The full address of a path below the base, or of a page a server named."""
        return str(self._base.join(path))

    def get(self, address: str, etag: str = "", last_modified: str = "") -> Answer:
        """Ask for JSON; `etag` and `last_modified` are those of the answer that is known already.

        Raises:
            NotAnsweringError: no whole answer after several tries.
            UsageError: the server refuses, or leads elsewhere.
        """
        known = {"If-None-Match": etag, "If-Modified-Since": "" if etag else last_modified}
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(TRIES),
            wait=self._wait,
            retry=tenacity.retry_if_exception(_can_wait),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._redirected, address, {name: value for name, value in known.items() if value})

    def _wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.retry_after if isinstance(failure, _PassingError) else None
        return asked if asked is not None else self._backoff(state)

    def _redirected(self, address: str, headers: Mapping[str, str]) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._once(address, headers)
            if isinstance(answer, Answer):
                return answer
            address = self._same_server(address, answer)
        raise UsageError(masked(address), "it redirects in circles", "an answer", "Correct the address.")

    def _same_server(self, address: str, target: str) -> str:
        """Where a server leads; raises UsageError unless it is itself, with no less protection."""
        try:
            there = httpx.URL(address).join(target)
        except httpx.InvalidURL:
            there = httpx.URL("")
        here = self._base
        upgraded = here.scheme == "http" and there.scheme == "https"
        if there.host != here.host or not (upgraded or (there.scheme, there.port) == (here.scheme, here.port)):
            found = f"it leads to {there.scheme}://{there.host}"
            raise UsageError(masked(address), found, f"only {here.scheme}://{here.host}", "Correct the address.")
        return str(there)

    def next_page(self, address: str, target: str) -> str:
        """The full address of the page a server names as the next one."""
        return self._same_server(address, target)

    def _once(self, address: str, headers: Mapping[str, str]) -> Answer | str:
        """One request: its answer, or where it redirects to."""
        self._keep_to_rate()
        self.requests += 1
        try:
            with self._http.stream("GET", address, headers=dict(headers)) as response:
                return self._answer(address, response, bool(headers))
        except httpx.InvalidURL as error:
            raise UsageError(masked(address), "it is no address", "one", "Correct it.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _passing(address, f"no whole answer ({type(error).__name__})") from error

    def _keep_to_rate(self) -> None:
        early = self._next_at - time.monotonic()
        if early > 0:
            self._sleep(early)
        self._next_at = max(self._next_at, time.monotonic()) + 1 / self._connection.requests_per_second

    def _answer(self, address: str, response: httpx.Response, conditional: bool) -> Answer | str:
        status = response.status_code
        if status in _REDIRECTS:
            return response.headers.get("Location", "")
        if (status == NOT_MODIFIED and conditional) or status in GONE:
            return Answer(status)
        if status in _PASSING:
            raise _passing(address, f"HTTP {status}", _retry_after(response))
        if status != 200:
            do = "Check the credential its description names." if status in (401, 403) else "Correct its description."
            raise UsageError(masked(address), f"HTTP {status}", "an answer", do)
        body = self._body(address, response.iter_bytes())
        headers = response.headers
        following = response.links.get("next", {}).get("url", "")
        return Answer(200, body, headers.get("ETag", ""), headers.get("Last-Modified", ""), following)

    def _body(self, address: str, chunks: Iterable[bytes]) -> Any:
        """The JSON of an answer, read within bounds of size and time: a line that drips never times out by itself."""
        most, until = self._connection.max_answer_mb * 1e6, time.monotonic() + 4 * self._connection.timeout_seconds
        read = bytearray()
        for chunk in chunks:
            read += chunk
            if len(read) > most:
                expected = f"at most {self._connection.max_answer_mb:g} MB"
                raise UsageError(
                    masked(address), "the answer is larger", expected, "Raise max_answer_mb if it is right."
                )
            self._bytes += len(chunk)
            if self._bytes > self._connection.max_fetch_mb * 1e6:
                expected = f"at most {self._connection.max_fetch_mb:g} MB in a fetch"
                raise UsageError(
                    masked(address), "all answers together are larger", expected, "Ask for less, or raise it."
                )
            if time.monotonic() > until:
                raise _passing(address, "the answer does not end")
        try:
            return json.loads(read.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise _passing(address, "the answer is no JSON") from error


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The certificates trusted: reading them takes longer than a request."""
    return httpx.create_ssl_context()


def _can_wait(error: BaseException) -> bool:
    return isinstance(error, _PassingError) and (error.retry_after or 0) <= LONGEST_WAIT_SECONDS


def _passing(address: str, found: str, retry_after: float | None = None) -> _PassingError:
    wait = f", to be asked again after {retry_after:g} seconds" if retry_after else ""
    error = _PassingError(
        masked(address), found + wait, "a whole answer in JSON", "Run again: what was answered is kept."
    )
    error.retry_after = retry_after
    return error


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait by the Retry-After header: a number, or a date by the server's own clock."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    with suppress(ValueError, TypeError, KeyError):
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(response.headers["Date"])
        return max(0.0, wait.total_seconds())
    return None
