"""The real `pledge slack listen`: a button, a form, the store's rows, the message edited, a clean stop."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.slack.answers import Subject
from connectors.slack.blocks import Message
from connectors.slack.send import Slack
from connectors.store.announcements import announce
from connectors.store.engine import open_store
from tests.journey.logs import incident, write
from tests.journey.pledge import COMMAND, Pledge, one
from tests.slack_socket_server import SocketSlackServer

LINE = Subject("attend_emergency", "norfolk", date(2026, 3, 2), "first_miss/1")
WORDS = "Planted words of an officer"
CHANNEL = "C0123456789"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SocketSlackServer]:
    with SocketSlackServer(S0DESK=["U0MANAGER"]) as running:
        monkeypatch.setenv("PLEDGE_SLACK_TOKEN", running.token)
        monkeypatch.setenv("PLEDGE_SLACK_APP_TOKEN", running.app_token)
        monkeypatch.setenv("PLEDGE_SLACK_ANSWERERS", "S0DESK")
        monkeypatch.setenv("PLEDGE_SLACK_URL", running.url)
        yield running


@pytest.fixture
def alerted(pledge: Pledge, server: SocketSlackServer) -> Pledge:
    write(pledge.input, "incidents", [incident("i1", "2026-03-02 12:00:00", 20)])
    with pytest.MonkeyPatch.context() as quiet:
        quiet.delenv("PLEDGE_SLACK_TOKEN")
        assert pledge.run("2026-03-03T06:00:00Z").code == 0
    button = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "value": LINE.value}
    elements = [{**button, "action_id": "acknowledge"}, {**button, "action_id": "explain"}]
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Missed"}}
    said = Message("first_miss", "first_miss/1", "Missed", (section, {"type": "actions", "elements": elements}))
    announce(open_store(pledge.store), Slack(server.token, server.url), CHANNEL, said, datetime.now(UTC))
    return pledge


@pytest.fixture
def ear(alerted: Pledge, server: SocketSlackServer) -> Iterator[subprocess.Popen[str]]:
    command = [COMMAND, "slack", "listen", *alerted.places]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.connected.wait(60), process.stderr and process.stderr.read()
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(what: Callable[[], Any]) -> None:
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_from_the_button_to_the_next_night(
    alerted: Pledge, server: SocketSlackServer, ear: subprocess.Popen[str]
) -> None:
    server.press("acknowledge", LINE.value)
    eventually(lambda: "Acknowledged by <@U0MANAGER>" in json.dumps(server.posted()))
    server.press("explain", LINE.value)
    assert server.submit(server.form(), "staff_abstracted", WORDS).answers == [{}]
    eventually(lambda: "Explained by <@U0MANAGER>" in json.dumps(server.posted()))
    ear.send_signal(signal.SIGTERM)
    out, err = ear.communicate(timeout=20)
    assert (ear.returncode, out) == (0, "")
    assert "stopped listening" in err
    assert "Planted" not in err + json.dumps(server.calls, default=str)
    assert one(alerted.rows("breaches"))["status"] == "explained"
    day, breach = sorted(alerted.rows("explanations"), key=lambda row: row["breach_id"])
    assert (day["breach_id"], breach["text"], breach["recorded_by"], breach["via"]) == ("", WORDS, "U0MANAGER", "slack")
    assert len(alerted.tables()["acknowledgements"]) == 2
    _alerts_are_counted_by_the_next_night(alerted)


def _alerts_are_counted_by_the_next_night(pledge: Pledge) -> None:
    with pytest.MonkeyPatch.context() as quiet:
        quiet.delenv("PLEDGE_SLACK_TOKEN")
        assert pledge.run("2026-03-04T06:00:00Z").code == 0
        health = one(pledge.rows("alerts", "--force", "norfolk"))
        assert [health[name] for name in ("kind", "sent", "acknowledged", "explained", "reopened")] == [
            "first_miss", 1, 1, 1, 0,
        ]  # fmt: skip
        assert 0 < health["median_seconds_to_acknowledge"] < 60
        before = pledge.tables()
        assert pledge.run("2026-03-04T06:00:00Z").code == 0
        after = pledge.tables()
    assert {name for name in after if after[name] != before[name]} == {"runs"}


@pytest.mark.parametrize("absent", ["PLEDGE_SLACK_TOKEN", "PLEDGE_SLACK_APP_TOKEN"])
def test_without_a_token(alerted: Pledge, monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.delenv(absent)
    said = alerted("slack", "listen")
    assert (said.code, f"{absent}: not set" in said.sentence) == (2, True)


def test_without_a_store(server: SocketSlackServer, tmp_path: Path) -> None:
    assert Pledge(tmp_path / "empty")("slack", "listen").code == 2
