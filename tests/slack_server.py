"""A local server that answers as Slack's Web API does: token, limits, refusals in HTTP 200, metadata.

    with SlackServer() as server:
        server.next("chat.postMessage", Fails(500), Drops(taken=True))   # what the next calls get
        ...
        server.posted("C0123456789")                    # the channel's messages, oldest first

It knows nothing of the product. Where Slack and this server differ, this server is wrong.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.slack_limits import fault

Body = dict[str, Any]


@dataclass(frozen=True)
class Refuses:
    """`ok: false` with this error and HTTP 200."""

    error: str


@dataclass(frozen=True)
class Fails:
    """An HTTP error; `taken`: the call was carried out all the same. `answer` replaces the body."""

    status: int = 500
    taken: bool = False
    answer: str = "<html>upstream error</html>"


@dataclass(frozen=True)
class Limits:
    """HTTP 429 with Retry-After in seconds."""

    retry_after: int | str = 0


@dataclass(frozen=True)
class Drops:
    """The connection is cut without an answer, before or after the call was carried out."""

    taken: bool = False


@dataclass(frozen=True)
class Waits:
    """The call is carried out and answered only after some seconds."""

    seconds: float


@dataclass
class Holds:
    """The call is carried out, `taken` is set, and the answer waits until `release` is set."""

    taken: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


Behaviour = Refuses | Fails | Limits | Drops | Waits | Holds


class SlackServer:
    """Start with `with`; `url` is the base address. `down()` refuses connections until `up()`."""

    def __init__(self, token: str = "xoxb-test-token", channels: tuple[str, ...] = ("C0123456789",)) -> None:
        self.token, self.channels = token, set(channels)
        self.messages: dict[str, list[Body]] = defaultdict(list)
        self.calls: list[tuple[str, Body]] = []
        self._script: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._last_ts = 0
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def __enter__(self) -> SlackServer:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        handler = type("Handler", (_Handler,), {"slack": self})
        self._server = _QuietServer(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    def next(self, method: str, *behaviours: Behaviour) -> None:
        self._script[method].extend(behaviours)

    def forget_script(self) -> None:
        """What `next` asked for and no call has met yet is not going to happen."""
        with self._lock:
            self._script.clear()

    def posted(self, channel: str = "C0123456789") -> list[Body]:
        """The channel's messages, oldest first, without the replies in threads."""
        return [message for message in self.messages[channel] if "thread_ts" not in message]

    def replies(self, ts: str, channel: str = "C0123456789") -> list[Body]:
        return [message for message in self.messages[channel] if message.get("thread_ts") == ts]

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def behaviour(self, method: str, body: Body) -> Behaviour | None:
        with self._lock:
            self.calls.append((method, body))
            return self._script[method].popleft() if self._script[method] else None

    def carry_out(self, method: str, token: str, body: Body) -> Body:
        if not token:
            return _no("not_authed")
        if token != self.token:
            return _no("invalid_auth")
        known = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
        }
        with self._lock:
            return known[method](body) if method in known else _no("unknown_method")

    def _auth_test(self, _body: Body) -> Body:
        return {"ok": True, "user_id": "U0BOT", "team_id": "T0TEAM", "bot_id": "B0BOT"}

    def _post(self, body: Body) -> Body:
        channel = body.get("channel", "")
        if channel not in self.channels:
            return _no("channel_not_found")
        if error := fault(body):
            return _no(error)
        parents = {m["ts"] for m in self.messages[channel] if "thread_ts" not in m}
        if body.get("thread_ts") and body["thread_ts"] not in parents:
            return _no("thread_not_found")
        message = {"type": "message", "bot_id": "B0BOT", "ts": self._ts()} | _content(body)
        self.messages[channel].append(message)
        return {"ok": True, "channel": channel, "ts": message["ts"], "message": message}

    def _update(self, body: Body) -> Body:
        said = [m for m in self.messages[body.get("channel", "")] if m["ts"] == body.get("ts")]
        if not said:
            return _no("message_not_found")
        if error := fault(body):
            return _no(error)
        content = {k: v for k, v in _content(body).items() if k != "thread_ts"}
        said[0].update(content, edited={"ts": self._ts()})
        return {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": body.get("text", "")}

    def _history(self, body: Body) -> Body:
        """Newest first, threads' replies left out, metadata only when asked for, pages by cursor."""
        channel = body.get("channel", "")
        if channel not in self.channels:
            return _no("channel_not_found")
        oldest, latest = float(body.get("oldest") or 0), float(body.get("latest") or "inf")
        said = [m for m in reversed(self.messages[channel]) if "thread_ts" not in m]
        return self._page([m for m in said if oldest < float(m["ts"]) < latest], body)

    def _replies(self, body: Body) -> Body:
        """The parent, then its replies, oldest first."""
        ts = body.get("ts", "")
        thread = [m for m in self.messages[body.get("channel", "")] if ts in (m["ts"], m.get("thread_ts"))]
        return self._page(thread, body) if thread else _no("thread_not_found")

    def _page(self, said: list[Body], body: Body) -> Body:
        if str(body.get("include_all_metadata", "")).lower() not in ("1", "true"):
            said = [{k: v for k, v in m.items() if k != "metadata"} for m in said]
        start, limit = int(body.get("cursor") or 0), min(int(body.get("limit") or 100), 999)
        more = start + limit < len(said)
        cursor = str(start + limit) if more else ""
        page = said[start : start + limit]
        return {"ok": True, "messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}

    def _ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def _no(error: str) -> Body:
    return {"ok": False, "error": error}


def _content(body: Body) -> Body:
    return {k: body[k] for k in ("text", "blocks", "metadata", "thread_ts") if k in body}


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    slack: SlackServer

    def do_POST(self) -> None:
        method = urlsplit(self.path).path.removeprefix("/api/")
        body = self._body()
        token = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        behaviour = self.slack.behaviour(method, body)
        match behaviour:
            case Refuses(error):
                return self._answer(200, _no(error))
            case Limits(retry_after):
                return self._answer(429, _no("ratelimited"), {"Retry-After": str(retry_after)})
            case Fails(taken=False) | Drops(taken=False):
                return self._end(behaviour)
            case Waits(seconds):
                time.sleep(seconds)
        answer = self.slack.carry_out(method, token, body)
        if isinstance(behaviour, Holds):
            behaviour.taken.set()
            behaviour.release.wait(30)
        if isinstance(behaviour, Fails | Drops):
            return self._end(behaviour)
        return self._answer(200, answer)

    do_GET = do_POST  # noqa: N815

    def _body(self) -> Body:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked: Body = dict(parse_qsl(urlsplit(self.path).query))
        if "json" in self.headers.get("Content-Type", ""):
            return asked | json.loads(raw or "{}")
        return asked | dict(parse_qsl(raw))

    def _end(self, behaviour: Fails | Drops) -> None:
        if isinstance(behaviour, Drops):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(behaviour.status, behaviour.answer)

    def _answer(self, status: int, answer: Body | str, headers: dict[str, str] | None = None) -> None:
        said = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(answer, str) else "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(said)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Silent: tests read `calls`."""
