"""The ear: Socket Mode, over connections that go out only. Nothing here decides or words anything.

Every envelope is answered within Slack's three seconds, whatever the store does; one that comes twice is carried out
once. Lost connections are made again, by the SDK's own client.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from checks.errors import NotAnsweringError, UsageError
from connectors.slack.answering import BUSY, Answering
from connectors.slack.answers import EXPLAIN, TEXT

ANSWER_WITHIN = 2.0
"""Seconds a form waits for the store; Slack waits three for the answer to the envelope."""
CATCH_UP_EVERY = 60.0
"""Seconds between looks at what was answered elsewhere."""
REMEMBERED = 1_000
"""How many envelopes are remembered, to know one that comes again."""
AT_ONCE = 8
WRONG_TOKEN = {"invalid_auth", "not_authed", "not_allowed_token_type", "account_inactive", "token_revoked"}

log = logging.getLogger(__name__)
Wrong = dict[str, str]


class Listener:
    """Hears what people press and hands it to `answering`.

    Args:
        app_token: the app-level token (`connections:write`); it appears in no log or error.
        url: address of the Web API.
        say: told of connections lost and made again.
        ping_interval: seconds between looks at the connection; a lost one is made again at the next.
    """

    def __init__(
        self, app_token: str, url: str, answering: Answering, say: Callable[[str], None], ping_interval: float = 5
    ) -> None:
        self._answering, self._say = answering, say
        self._workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answer")
        self._heard: OrderedDict[str, Future[Wrong]] = OrderedDict()
        self._lock = threading.Lock()
        self._where = f"Slack at {urlsplit(url).hostname}, apps.connections.open"
        quiet = logging.getLogger("connectors.slack.wire")
        quiet.setLevel(logging.CRITICAL)  # the SDK logs what it hears
        self._client = SocketModeClient(
            app_token,
            logger=quiet,
            web_client=WebClient(base_url=url, timeout=10, logger=quiet),
            ping_interval=ping_interval,
            on_error_listeners=[self._lost],
        )
        self._client.socket_mode_request_listeners.append(self._hear)

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop` is set, then finish what was begun.

        Raises:
            UsageError: Slack refuses the app-level token; NotAnsweringError: it cannot be reached at the start.
        """
        try:
            self._connect()
            self._say("Slack: listening for answers.")
            self._answering.catch_up()
            while not stop.wait(CATCH_UP_EVERY):
                self._answering.catch_up()
        finally:
            self._client.close()
            self._workers.shutdown(wait=True)

    def _connect(self) -> None:
        try:
            self._client.connect()
        except SlackApiError as refused:
            code = str(refused.response.get("error", ""))
            if code in WRONG_TOKEN or code == "missing_scope":
                do = "Put an app-level token (xapp-…) with connections:write in PLEDGE_SLACK_APP_TOKEN."
                raise UsageError(self._where, f"refused with {code}", "an app-level token", do) from None
            raise self._silent(f"HTTP {refused.response.status_code}") from None
        except (SlackClientError, OSError, ValueError) as failed:
            raise self._silent(type(failed).__name__) from None
        if not self._client.is_connected():
            raise self._silent("no WebSocket")

    def _silent(self, found: str) -> NotAnsweringError:
        return NotAnsweringError(self._where, f"no usable answer ({found})", "a connection", "Start it again.")

    def _lost(self, error: Exception) -> None:
        self._say(f"Slack: the connection was lost ({type(error).__name__}); it is made again.")

    def _hear(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """Answer one envelope; in a thread of the client's."""
        wrong: Wrong = {}
        done, is_new = self._begun(request)
        if request.payload.get("type") == "view_submission":
            try:
                wrong = done.result(ANSWER_WITHIN)
            except TimeoutError:
                wrong = {TEXT: BUSY}
        answer: dict[str, Any] = {"envelope_id": request.envelope_id}
        if wrong:
            answer["payload"] = {"response_action": "errors", "errors": wrong}
        try:
            client.send_socket_mode_response(answer)
        except (SlackClientError, OSError):  # Slack sends the envelope again over the next connection
            log.warning("an envelope could not be answered%s", "" if is_new else " again")

    def _begun(self, request: SocketModeRequest) -> tuple[Future[Wrong], bool]:
        """The work on this envelope, begun now or when it came first."""
        with self._lock:
            known = self._heard.get(request.envelope_id)
            if known is not None:
                return known, False
            done: Future[Wrong] = Future()
            self._heard[request.envelope_id] = done
            self._workers.submit(self._carry_out, done, request.type, request.payload)
            while len(self._heard) > REMEMBERED:
                self._heard.popitem(last=False)
            return done, True

    def _carry_out(self, done: Future[Wrong], kind: str, payload: dict[str, Any]) -> None:
        """Do what was asked; `done` learns what is wrong with a form as soon as that is known."""
        wrong: Wrong = {TEXT: BUSY}
        try:
            if kind == "interactive" and payload.get("type") == "view_submission":
                wrong = self._submitted(payload)
                done.set_result(wrong)
                if not wrong:
                    self._answering.show_submitted(payload)
            elif kind == "interactive" and payload.get("type") == "block_actions":
                self._answering.pressed(payload)
        except Exception as unforeseen:  # one bad payload must not stop the ear, nor its words reach a log
            log.warning("what was pressed could not be carried out (%s)", type(unforeseen).__name__)
        finally:
            if not done.done():
                done.set_result(wrong)

    def _submitted(self, payload: dict[str, Any]) -> Wrong:
        if payload["view"].get("callback_id") != EXPLAIN:
            return {}
        return self._answering.submitted(payload)
