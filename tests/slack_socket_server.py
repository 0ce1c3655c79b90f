"""Slack's Socket Mode as an app sees it: tickets, a real WebSocket, envelopes that come again, forms and user groups.

Beside `slack_server.py`, whose Web API it extends. Whoever presses and submits is a test; the app under test opens
its connections outward to here. Where Slack and this server differ, this server is wrong.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.slack_limits import Body
from tests.slack_server import SlackServer

TRIGGER_LIVES = 3.0
ACK_WITHIN = 3.0


@dataclass
class Envelope:
    """One thing sent to the app: `answers` are the payloads it was answered with, `took` seconds to the first."""

    envelope_id: str
    sent_at: float
    answered: threading.Event = field(default_factory=threading.Event)
    answers: list[Body] = field(default_factory=list)
    took: float = 0.0


class SocketSlackServer(SlackServer):
    """Start with `with`. `groups`: user group → user IDs."""

    def __init__(self, app_token: str = "xapp-test-token", **groups: list[str]) -> None:
        super().__init__()
        self.app_token, self.groups = app_token, groups
        self.views: dict[str, Body] = {}
        self.whispers: list[Body] = []
        self.connections: list[ServerConnection] = []
        self.connected = threading.Event()
        self._tickets: set[str] = set()
        self._triggers: dict[str, float] = {}
        self._envelopes: dict[str, Envelope] = {}
        self._numbers = itertools.count(1)
        self._sockets: Server | None = None

    def up(self) -> None:
        super().up()
        self._sockets = serve(self._talk, "127.0.0.1", 0)
        threading.Thread(target=self._sockets.serve_forever, daemon=True).start()

    def down(self) -> None:
        if self._sockets:
            self._sockets.shutdown()
            self._sockets = None
        self.drop()
        super().down()

    # What the app calls

    def carry_out(self, method: str, token: str, body: Body) -> Body:
        if method == "apps.connections.open":
            return self._open(token)
        more = {
            "views.open": self._open_view,
            "usergroups.users.list": self._users,
            "chat.postEphemeral": self._whisper,
        }
        if method not in more or token != self.token:
            return super().carry_out(method, token, body)
        with self._lock:
            return more[method](body)

    def _open(self, token: str) -> Body:
        if token != self.app_token:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        if not self._sockets:
            return {"ok": False, "error": "internal_error"}
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return {"ok": True, "url": f"ws://127.0.0.1:{self._sockets.socket.getsockname()[1]}/link/?ticket={ticket}"}

    def _open_view(self, body: Body) -> Body:
        issued = self._triggers.pop(body.get("trigger_id", ""), None)
        if issued is None:
            return {"ok": False, "error": "exchanged_trigger_id"}
        if time.monotonic() - issued > TRIGGER_LIVES:
            return {"ok": False, "error": "expired_trigger_id"}
        view = body["view"] if isinstance(body.get("view"), dict) else json.loads(body.get("view") or "{}")
        if error := view_fault(view):
            return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [error]}}
        kept = {**view, "id": f"V{next(self._numbers):06}"}
        self.views[kept["id"]] = kept
        return {"ok": True, "view": kept}

    def _users(self, body: Body) -> Body:
        if body.get("usergroup") not in self.groups:
            return {"ok": False, "error": "no_such_subteam"}
        return {"ok": True, "users": list(self.groups[body["usergroup"]])}

    def _whisper(self, body: Body) -> Body:
        self.whispers.append(body)
        return {"ok": True, "message_ts": self._ts()}

    # The WebSocket

    def _talk(self, connection: ServerConnection) -> None:
        ticket = (connection.request.path if connection.request else "").partition("ticket=")[2]
        if ticket not in self._tickets:
            connection.close(1008)
            return
        self._tickets.discard(ticket)
        self.connections.append(connection)
        connection.send(json.dumps({"type": "hello", "num_connections": len(self.connections)}))
        self.connected.set()
        try:
            for said in connection:
                self._answered(json.loads(said))
        except ConnectionClosed:
            pass
        finally:
            if connection in self.connections:
                self.connections.remove(connection)

    def _answered(self, said: Body) -> None:
        envelope = self._envelopes[said["envelope_id"]]
        envelope.took = envelope.took or time.monotonic() - envelope.sent_at
        envelope.answers.append(said.get("payload") or {})
        envelope.answered.set()

    def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        self.connected.clear()
        for connection in list(self.connections):
            connection.socket.close() if connection.socket.fileno() < 0 else connection.socket.shutdown(2)

    def refresh(self) -> None:
        """Ask the app to connect anew, then close the old connection, as Slack does every few hours."""
        self.connected.clear()
        old = list(self.connections)
        for connection in old:
            connection.send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
        assert self.connected.wait(10), "the app connects anew when asked to"
        for connection in old:
            connection.close()

    # Whoever presses

    def deliver(self, payload: Body, times: int = 1, wait: float = 10) -> Envelope:
        """Send an envelope, `times` over, and again on the next connection until it is answered."""
        envelope = Envelope(str(uuid.uuid4()), time.monotonic())
        self._envelopes[envelope.envelope_id] = envelope
        said = {"type": "interactive", "envelope_id": envelope.envelope_id, "payload": payload}
        until, sent = time.monotonic() + wait, 0
        while not envelope.answered.is_set() or sent < times:
            assert time.monotonic() < until, "the envelope was never answered"
            if not self.connected.wait(until - time.monotonic()) or not self.connections:
                continue
            try:
                self.connections[-1].send(json.dumps(said | {"retry_attempt": sent, "accepts_response_payload": True}))
                sent += 1
            except (ConnectionClosed, OSError):
                continue
            envelope.answered.wait(ACK_WITHIN if sent >= times else 0)
        return envelope

    def press(self, action_id: str, value: str, user: str = "U0MANAGER", times: int = 1) -> Envelope:
        """Press a button of the newest message that carries this value; of the newest at all where none does."""
        said = [(channel, message) for channel, messages in self.messages.items() for message in messages]
        carrying = [(channel, message) for channel, message in said if value in _values(message)]
        channel, message = (carrying or said)[-1]
        trigger = uuid.uuid4().hex
        self._triggers[trigger] = time.monotonic()
        return self.deliver(
            {
                "type": "block_actions",
                "user": {"id": user, "username": "planted.name", "name": "planted.name", "team_id": "T0TEAM"},
                "trigger_id": trigger,
                "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel},
                "channel": {"id": channel, "name": "control-room"},
                "message": message,
                "response_url": "https://hooks.slack.com/actions/planted",
                "actions": [{"type": "button", "action_id": action_id, "value": value, "block_id": "b1"}],
            },
            times,
        )

    def form(self, wait: float = 5) -> Body:
        """The form that was opened last."""
        until = time.monotonic() + wait
        while not self.views:
            assert time.monotonic() < until, "no form was opened"
            time.sleep(0.01)
        return self.views[max(self.views)]

    def submit(self, view: Body, reason: str, text: str, user: str = "U0MANAGER", times: int = 1) -> Envelope:
        values = {
            "reason": {"reason": {"type": "static_select", "selected_option": {"value": reason} if reason else None}},
            "text": {"text": {"type": "plain_text_input", "value": text or None}},
        }
        about = {"user": {"id": user, "name": "planted.name"}, "view": {**view, "state": {"values": values}}}
        return self.deliver({"type": "view_submission", **about}, times)


def _values(message: Body) -> list[str]:
    return [one.get("value", "") for block in message.get("blocks", []) for one in block.get("elements", [])]


def view_fault(view: Body) -> str:
    """What Slack would refuse in a modal; '' if nothing."""
    if view.get("type") != "modal" or not view.get("blocks") or len(view["blocks"]) > 100:
        return "type or blocks"
    if len(view.get("private_metadata", "")) > 3000 or len(view.get("callback_id", "")) > 255:
        return "private_metadata or callback_id"
    if any(len(view.get(name, {}).get("text", "")) > 24 for name in ("title", "submit", "close")):
        return "title, submit or close"
    for block in view["blocks"]:
        if block["type"] == "input" and (fault := _input_fault(block)):
            return fault
        if block["type"] == "section" and not 0 < len(block["text"]["text"]) <= 3000:
            return "section"
    return "" if view.get("submit") else "a form with input blocks needs submit"


def _input_fault(block: Body) -> str:
    element = block["element"]
    if len(block["label"]["text"]) > 2000 or len(block.get("hint", {}).get("text", "")) > 2000:
        return "label or hint"
    if element["type"] == "static_select":
        options = element.get("options", [])
        fits = all(len(one["text"]["text"]) <= 75 and len(one["value"]) <= 150 for one in options)
        return "" if 0 < len(options) <= 100 and fits else "options"
    return "" if 0 < element.get("max_length", 3000) <= 3000 else "max_length"
