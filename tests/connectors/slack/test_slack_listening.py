"""Pressed, explained, recorded, shown: over a real WebSocket, whatever is lost, sent twice, slow or not allowed."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from checks.errors import NotAnsweringError, UsageError
from connectors.slack.answering import BUSY, NOT_SET, NOT_YOU, Answering
from connectors.slack.answers import Subject
from connectors.slack.blocks import Message
from connectors.slack.listening import Listener
from connectors.store.announcements import announce
from connectors.store.cases import sync_breaches
from connectors.store.explaining import acknowledge, explain
from connectors.store.write import start_run
from tests.connectors.slack.conftest import quick
from tests.kept_cases import replace_cases
from tests.slack_server import Fails, Limits, Refuses
from tests.slack_socket_server import SocketSlackServer

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 3, 6, 12, tzinfo=UTC)
CHANNEL = "C0123456789"
URGENT, CALLS = (Subject(measure, "norfolk", DAY, "night/1") for measure in ("attend_emergency", "answer_999"))
WORDS = "Mrs Planted of 4 Planted Street waited"


@pytest.fixture
def server() -> Iterator[SocketSlackServer]:
    with SocketSlackServer(S0DESK=["U0MANAGER", "U0SECOND"]) as running:
        yield running


@pytest.fixture
def missed(engine: Engine, server: SocketSlackServer) -> Engine:
    """Two misses in the store, and the night's message with a line and buttons for each measure."""
    with engine.begin() as conn:
        start_run(conn, {"run_id": "r1", "as_at": NOW, "started_at": NOW, "standards": ["s"]})
        for subject in (URGENT, CALLS):
            started = datetime(2026, 3, 2, 12, tzinfo=UTC)
            case = {"case_id": "a", "state": "missed", "clock_started_at": started, "local_day": DAY}
            replace_cases(conn, "s", subject.measure, "norfolk", [case], run_id="r1")
            sync_breaches(conn, "r1", "s", subject.measure, "norfolk")
    announce(engine, quick(server), CHANNEL, said(URGENT, CALLS), NOW)
    return engine


def said(*about: Subject) -> Message:
    blocks: list[dict[str, Any]] = []
    for subject in about:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": subject.in_words}})
        buttons = [
            {"type": "button", "action_id": name, "text": {"type": "plain_text", "text": name}, "value": subject.value}
            for name in ("acknowledge", "explain")
        ]
        blocks.append({"type": "actions", "elements": buttons})
    return Message("first_miss", "night/1", "Two promises missed", tuple(blocks))


@dataclass
class Ear:
    """A listener at work."""

    server: SocketSlackServer
    stop: threading.Event
    thread: threading.Thread

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def listening(missed: Engine, server: SocketSlackServer) -> Iterator[Callable[..., Ear]]:
    ears: list[Ear] = []

    def listen(groups: tuple[str, ...] = ("S0DESK",)) -> Ear:
        stop = threading.Event()
        answering = Answering(missed, quick(server), groups, lambda: NOW, stop, patience=20)
        listener = Listener(server.app_token, server.url, answering, lambda _: None, ping_interval=0.2)
        ears.append(Ear(server, stop, threading.Thread(target=listener.run, args=(stop,))))
        ears[-1].thread.start()
        assert server.connected.wait(10)
        return ears[-1]

    yield listen
    for ear in ears:
        ear.end()


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def shown(server: SocketSlackServer) -> str:
    return json.dumps(server.posted()[0]["blocks"])


def eventually(what: Callable[[], Any], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def whispered(server: SocketSlackServer, words: str) -> None:
    eventually(lambda: any(words in one["text"] for one in server.whispers))


def statuses(engine: Engine) -> dict[str, str]:
    return dict(rows(engine, "SELECT measure, status FROM breaches"))  # type: ignore[arg-type]


def test_acknowledge_then_explain(missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear]) -> None:
    listening()
    assert server.press("acknowledge", URGENT.value).took < 3
    eventually(lambda: "Acknowledged by <@U0MANAGER>, 3 March 06:12 UTC." in shown(server))
    assert statuses(missed) == {"attend_emergency": "acknowledged", "answer_999": "open"}
    server.press("explain", URGENT.value, "U0SECOND")
    form = server.form()
    assert "attend" not in form["title"]["text"]
    assert "Norfolk" in form["blocks"][0]["text"]["text"]
    assert server.submit(form, "no_unit_free", WORDS, "U0SECOND").answers == [{}]
    eventually(lambda: "Explained by <@U0SECOND>" in shown(server))
    buttons = [
        one["value"] for block in server.posted()[0]["blocks"] for one in block.get("elements", ()) if "value" in one
    ]
    assert buttons == [CALLS.value] * 2
    assert server.posted()[0]["metadata"]["event_payload"] == {"key": "night/1"}
    assert statuses(missed) == {"attend_emergency": "explained", "answer_999": "open"}
    assert rows(missed, "SELECT DISTINCT reason, text, recorded_by, via FROM explanations") == [
        ("no_unit_free", WORDS, "U0SECOND", "slack")
    ]
    assert "Planted" not in json.dumps(server.calls, default=str)
    assert server.posted()[0]["text"].endswith("Answered: 0 acknowledged, 1 explained.")


def test_two_lines_answered_at_once_are_both_shown(server: SocketSlackServer, listening: Callable[..., Ear]) -> None:
    listening()
    presses = [
        threading.Thread(target=server.press, args=("acknowledge", one.value, user))
        for one in (URGENT, CALLS)
        for user in ("U0MANAGER", "U0SECOND")
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    eventually(lambda: shown(server).count("Acknowledged by") == 2)


def test_an_envelope_that_comes_again_is_carried_out_once(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear]
) -> None:
    ear = listening()
    assert len(server.press("acknowledge", URGENT.value, times=3).answers) >= 1
    server.press("explain", URGENT.value)
    assert server.submit(server.form(), "it_failure", "", times=2).answers[0] == {}
    ear.end()
    assert len(rows(missed, "SELECT 1 FROM acknowledgements WHERE breach_id = ''")) == 1
    assert len(rows(missed, "SELECT 1 FROM explanations WHERE breach_id = ''")) == 1


@pytest.mark.parametrize(("groups", "why"), [(("S0DESK",), NOT_YOU), ((), NOT_SET)])
def test_who_is_no_member_is_told_so(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear], groups: tuple[str, ...], why: str
) -> None:
    listening(groups)
    for button in ("acknowledge", "explain"):
        server.press(button, URGENT.value, "U0STRANGER")
    eventually(lambda: [(one["user"], one["text"]) for one in server.whispers] == [("U0STRANGER", why)] * 2)
    assert server.views == {}
    assert statuses(missed) == {"attend_emergency": "open", "answer_999": "open"}


def test_a_member_who_left_cannot_submit_the_form_still_open(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.slack.answering.REMEMBERED", 0)
    listening()
    server.press("explain", URGENT.value)
    form = server.form()
    server.groups["S0DESK"].remove("U0MANAGER")
    assert server.submit(form, "it_failure", WORDS).answers == [
        {"response_action": "errors", "errors": {"text": NOT_YOU}}
    ]
    assert rows(missed, "SELECT * FROM explanations") == []


def test_what_is_wrong_with_a_form_is_said_in_it(server: SocketSlackServer, listening: Callable[..., Ear]) -> None:
    listening()
    server.press("explain", URGENT.value)
    form = server.form()
    for reason, words, field in (("other", "", "text"), ("", WORDS, "reason"), ("it_failure", WORDS + "\x00", "text")):
        answer = server.submit(form, reason, words).answers[0]
        assert list(answer["errors"]) == [field]
        assert "Planted" not in json.dumps(answer)


def test_lost_and_refreshed_connections_are_made_again(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear]
) -> None:
    listening()
    server.drop()
    server.press("acknowledge", URGENT.value)
    eventually(lambda: "Acknowledged by" in shown(server))
    server.refresh()
    server.press("acknowledge", CALLS.value)
    eventually(lambda: statuses(missed)["answer_999"] == "acknowledged")


def test_slack_fails_and_limits(missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear]) -> None:
    listening()
    server.next("usergroups.users.list", Limits(0), Fails(500))
    server.next("chat.update", Fails(500), Limits(0), Fails(503), Fails(500))
    server.press("acknowledge", URGENT.value)
    eventually(lambda: "Acknowledged by" in shown(server))
    server.next("views.open", Fails(500))
    server.press("explain", URGENT.value)
    assert server.form()


def test_a_form_that_cannot_be_opened_in_time(server: SocketSlackServer, listening: Callable[..., Ear]) -> None:
    listening()
    server.next("views.open", Refuses("expired_trigger_id"))
    server.press("explain", URGENT.value)
    whispered(server, "Press Explain again")
    assert server.views == {}


def test_a_locked_store_keeps_nobody_waiting_and_loses_nothing(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear], tmp_path: Path
) -> None:
    listening()
    server.press("explain", URGENT.value)
    form = server.form()
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert server.press("acknowledge", CALLS.value).took < 1
    submitted = server.submit(form, "no_unit_free", WORDS)
    assert submitted.took < 3
    assert submitted.answers == [{"response_action": "errors", "errors": {"text": BUSY}}]
    other.execute("ROLLBACK")
    other.close()
    assert server.submit(form, "no_unit_free", WORDS).answers == [{}]
    eventually(lambda: "Explained by" in shown(server) and "Acknowledged by" in shown(server))
    assert len(rows(missed, "SELECT 1 FROM explanations WHERE breach_id = ''")) == 1


def test_answers_given_elsewhere_are_shown_once(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the command, or recorded by a listener that died before it could show them."""
    monkeypatch.setattr("connectors.slack.listening.CATCH_UP_EVERY", 0.05)
    with missed.begin() as conn:
        explain(conn, URGENT.scope, "it_failure", WORDS, "Sgt Planted", NOW)
    listening()
    eventually(lambda: "Explained, 3 March 06:12 UTC: A system or a line failed." in shown(server))
    with missed.begin() as conn:
        acknowledge(conn, CALLS.scope, "Sgt Planted", NOW)
    eventually(lambda: "Acknowledged, 3 March" in shown(server))
    time.sleep(0.3)
    assert server.count("chat.update") == 2
    assert "Planted" not in json.dumps(server.calls)


def test_a_line_about_nothing_missed_any_more(
    missed: Engine, server: SocketSlackServer, listening: Callable[..., Ear], caplog: pytest.LogCaptureFixture
) -> None:
    with missed.begin() as conn:
        replace_cases(conn, "s", "answer_999", "norfolk", [], run_id="r1")
        sync_breaches(conn, "r1", "s", "answer_999", "norfolk")
    listening()
    with caplog.at_level(logging.DEBUG):
        server.press("acknowledge", CALLS.value)
        whispered(server, "nothing was missed")
        for odd in ("", "no json", "[]", '{"measure": 1, "force": "x", "day": "2026-03-02"}'):
            server.press("acknowledge", odd)
        server.press("acknowledge", URGENT.value)
        eventually(lambda: "Acknowledged by" in shown(server))
    assert "planted" not in caplog.text


def test_the_tokens_are_wrong(missed: Engine, server: SocketSlackServer) -> None:
    stop = threading.Event()
    answering = Answering(missed, quick(server), (), lambda: NOW, stop)
    with pytest.raises(UsageError, match=r"refused with invalid_auth.*PLEDGE_SLACK_APP_TOKEN") as refused:
        Listener("xapp-wrong", server.url, answering, lambda _: None).run(stop)
    assert "xapp-wrong" not in str(refused.value)
    server.down()
    with pytest.raises(NotAnsweringError, match=r"apps\.connections\.open: no usable answer"):
        Listener(server.app_token, server.url, answering, lambda _: None).run(stop)
