"""The line to Slack: post a message or a reply, edit one, find one by its key. Nothing here decides or words."""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import (
    ConnectionErrorRetryHandler,
    HttpRequest,
    HttpResponse,
    RateLimitErrorRetryHandler,
    RetryHandler,
    RetryState,
)
from slack_sdk.http_retry.builtin_handlers import ServerErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator

from checks.errors import NotAnsweringError, UsageError
from connectors.slack.blocks import EVENT_TYPE, Message

HISTORY_PAGE = 200
# Answers after which the same call may succeed. Of the last two Slack says that part of it may be done.
PASSING = {
    "ratelimited",
    "rate_limited",
    "service_unavailable",
    "request_timeout",
    "fatal_error",
    "internal_error",
}
TO_DO = {
    "missing_scope": "Give the app chat:write, usergroups:read and channels:history (groups:history if private).",
    "not_in_channel": "Invite the app to the channel.",
    "channel_not_found": "Put the channel's ID in PLEDGE_SLACK_CHANNEL and invite the app to it.",
    "message_not_found": "Nothing: somebody deleted the message.",
    "is_archived": "Put the ID of a channel that is in use in PLEDGE_SLACK_CHANNEL.",
    **dict.fromkeys(
        (
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "not_allowed_token_type",
        ),
        "Put a valid bot token (xoxb-…) in PLEDGE_SLACK_TOKEN.",
    ),
}


class RateLimitHandler(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks, but not for ever: beyond `longest_wait` seconds it gives up."""

    def __init__(self, max_retry_count: int, longest_wait: float) -> None:
        super().__init__(max_retry_count)
        self.longest_wait = longest_wait

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        asked = {name.lower(): value for name, value in response.headers.items()}.get("retry-after", ["1"])[0]
        return asked.isdigit() and int(asked) <= self.longest_wait


class Slack:
    """Slack's Web API as a bot sees it.

    Args:
        token: the bot token; it appears in no repr, log or error.
        base_url: https, or http to this machine.
        timeout: seconds until a silent Slack counts as not answering.
        interval: seconds before a further try and before a post of unclear fate is looked for.
        tries: how often a request is sent at most.
        longest_wait: the longest `Retry-After`, in seconds, that is waited for.

    Raises:
        UsageError: the token or the address cannot be right.
    """

    def __init__(
        self,
        token: str,
        base_url: str = WebClient.BASE_URL,
        timeout: float = 10,
        interval: float = 1,
        tries: int = 3,
        longest_wait: float = 30,
    ) -> None:
        if not re.fullmatch(r"[!-~]+", token.strip()):
            raise UsageError("PLEDGE_SLACK_TOKEN", "not a token", "one word", "Put the bot token (xoxb-…) there.")
        address = urlsplit(base_url)
        if not (address.scheme == "https" or (address.scheme == "http" and _this_machine(address.hostname))):
            raise UsageError("PLEDGE_SLACK_URL", "not https", "an https address", "Correct it; a token is sent there.")
        self.where = f"Slack at {address.hostname}"
        self.interval, self.tries = interval, tries
        self._address, self._token, self._timeout = base_url, token.strip(), timeout
        rate_limit = RateLimitHandler(tries - 1, longest_wait)
        pause = FixedValueRetryIntervalCalculator(interval)
        again = [ConnectionErrorRetryHandler(tries - 1, pause), ServerErrorRetryHandler(tries - 1, pause)]
        self._asking = self._client([rate_limit, *again])
        # A post is never sent again blindly: after a lost answer Slack may already have taken it.
        self._posting = self._client([rate_limit])

    def _client(self, handlers: list[RetryHandler]) -> WebClient:
        quiet = logging.getLogger("connectors.slack.wire")
        quiet.setLevel(logging.CRITICAL)  # the SDK logs requests with their content; our errors say what is needed
        return WebClient(
            self._token,
            self._address,
            self._timeout,  # type: ignore[arg-type]  # annotated int, handed on to urllib, which takes fractions
            logger=quiet,
            retry_handlers=handlers,
        )

    def check(self, channel: str) -> None:
        """Can the token be used, and the channel be read? Raises as `post` does."""
        self._call(self._asking, "auth.test", {})
        self._call(self._asking, "conversations.history", {"channel": self._channel(channel), "limit": 1})

    def introduce(self) -> dict[str, str]:
        """Ask whether the token is taken; the headers of the answer, in small letters: `date`, `x-oauth-scopes` …

        Raises as `post` does.
        """
        headers: dict[str, str] = {}
        self._call(self._asking, "auth.test", {}, headers)
        return headers

    def post(self, channel: str, message: Message, thread_ts: str = "") -> str:
        """Post once (in a thread, if given) and give the `ts`; what may have gone through is looked for first.

        Raises:
            NotAnsweringError: down, failing, rate limited to the end or slow. A later call may succeed, but
                must look with `find` first: a slow Slack may still take the message.
            UsageError: Slack refused it; says what to do.
        """
        body = {"channel": self._channel(channel), **_body(message), "unfurl_links": False}
        if thread_ts:
            body["thread_ts"] = thread_ts
        for left in reversed(range(self.tries)):
            try:
                return str(self._call(self._posting, "chat.postMessage", body)["ts"])
            except NotAnsweringError as failure:
                if _rate_limited(failure.__cause__):
                    raise
                time.sleep(self.interval)
                taken = self.find(channel, message.key, thread_ts=thread_ts)
                if taken:
                    return taken
                if not left or isinstance(failure.__cause__, TimeoutError):
                    raise
        raise AssertionError("the last try returns or raises")

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Let the message at `ts` say something else; doing it twice does no harm. Raises as `post` does."""
        self._call(self._asking, "chat.update", {"channel": self._channel(channel), "ts": ts, **_body(message)})

    def find(self, channel: str, key: str, since: datetime | None = None, thread_ts: str = "") -> str | None:
        """The `ts` of the message that carries this key: in a thread, or among those after `since`, else the newest."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        asked: dict[str, Any] = {
            "channel": self._channel(channel),
            "limit": HISTORY_PAGE,
            "include_all_metadata": True,
        }
        if since is not None:
            asked["oldest"] = f"{since.timestamp():.6f}"
        if thread_ts:
            asked["ts"] = thread_ts
        while True:
            page = self._call(self._asking, method, asked)
            for said in page.get("messages", []):
                about = said.get("metadata") or {}
                if about.get("event_type") == EVENT_TYPE and about.get("event_payload", {}).get("key") == key:
                    return str(said["ts"])
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"] or not (since or thread_ts):
                return None

    def ask(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Any call that may be made twice without harm (a list, a view, an edit); raises as `post` does."""
        return self._call(self._asking, method, body)

    def _channel(self, channel: str) -> str:
        """Only by its ID can a channel both be written to and read; a name does for writing alone."""
        if not re.fullmatch(r"[CGD][A-Z0-9]{5,}", channel):
            expected = "one such as C0123456789"
            raise UsageError("PLEDGE_SLACK_CHANNEL", "not a channel's ID", expected, TO_DO["channel_not_found"])
        return channel

    def _call(
        self, client: WebClient, method: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        where = f"{self.where}, {method}"
        try:
            answer = (
                client.api_call(method, json=body)
                if {"blocks", "view"} & {*body}
                else client.api_call(method, params=body)
            )
            if headers is not None:
                headers.update((name.lower(), str(value)) for name, value in answer.headers.items())
            return dict(answer.data)  # type: ignore[arg-type]  # bytes only for gzip, which fails below
        except SlackApiError as refused:
            raise _refused(where, refused) from refused
        except (SlackClientError, OSError, HTTPException, ValueError, TypeError, AttributeError) as failed:
            cause = failed.reason if isinstance(failed, URLError) and isinstance(failed.reason, OSError) else failed
            raise _not_answering(where, f"no usable answer ({type(cause).__name__})") from cause


def _body(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks), "metadata": message.metadata}


def _refused(where: str, refused: SlackApiError) -> NotAnsweringError | UsageError:
    status, answer = refused.response.status_code, refused.response.data
    code = str(answer.get("error", "")) if isinstance(answer, dict) else ""
    if status >= 500 or status == 429 or code in PASSING:
        return _not_answering(where, f"HTTP {status} {code if code in PASSING else ''}".strip())
    if not re.fullmatch(r"[a-z0-9_]{1,60}", code):
        return _not_answering(where, f"HTTP {status} without an answer of Slack's")
    return UsageError(
        where, f"refused with {code}", "the call to be taken", TO_DO.get(code, "Look it up in Slack's API.")
    )


def _not_answering(where: str, found: str) -> NotAnsweringError:
    return NotAnsweringError(where, found, "an answer", "Nothing to do now: it is said when Slack is back.")


def _rate_limited(cause: BaseException | None) -> bool:
    return isinstance(cause, SlackApiError) and cause.response.status_code == 429


def _this_machine(host: str | None) -> bool:
    return host == "localhost" or host == "::1" or (host or "").startswith("127.")
