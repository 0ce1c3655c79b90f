"""The night's digest: once per night, whatever is run again; Slack being away changes no figure and loses no word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one
from tests.slack_server import Refuses, SlackServer

FIRST, SECOND = "2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z"


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    with SlackServer() as server:
        monkeypatch.setenv("PLEDGE_SLACK_TOKEN", server.token)
        monkeypatch.setenv("PLEDGE_SLACK_CHANNEL", "C0123456789")
        monkeypatch.setenv("PLEDGE_SLACK_URL", server.url)
        yield server


@pytest.fixture
def ready(pledge: Pledge) -> Pledge:
    write(pledge.input, "calls", calls("2026-03-02", 25))
    return pledge


def calls(day: str, seconds: int) -> list[dict[str, str]]:
    return [call(f"{day}-{n}", f"{day} 10:{n:02}:00", seconds) for n in range(40)]


def announced(pledge: Pledge, *kinds: str) -> list[dict[str, Any]]:
    rows = [row for row in pledge.tables()["announcements"] if row["kind"] in (kinds or ("digest",))]
    return sorted(rows, key=lambda row: str(row["created_at"]))


def test_one_digest_a_night(ready: Pledge, slack: SlackServer) -> None:
    assert ready.run(FIRST).code == 0
    assert ready.run(FIRST).code == 0
    told = one(slack.posted())
    assert "answered" in told["text"]
    assert "2 March" in told["text"]
    write(ready.input, "calls", calls("2026-03-03", 5))
    assert ready.run(SECOND).code == 0
    headlines = [message["text"].splitlines()[0] for message in slack.posted()]
    assert [("2 March" in line, "3 March" in line) for line in headlines] == [(True, False), (False, True)], headlines
    assert [row["state"] for row in announced(ready)] == ["sent", "sent"]


def test_slack_is_down_for_a_night(ready: Pledge, slack: SlackServer) -> None:
    slack.down()
    said = ready.run(FIRST)
    assert said.code == 0, said.err
    assert "could not be said" in said.err
    assert [row["status"] for row in ready.rows("runs")] == ["done"]
    assert [row["state"] for row in announced(ready)] == ["failed"]
    slack.up()
    write(ready.input, "calls", calls("2026-03-03", 5))
    assert ready.run(SECOND).code == 0
    assert ["2 March" in message["text"].splitlines()[0] for message in slack.posted()] == [True, False]
    assert [row["state"] for row in announced(ready)] == ["sent", "sent"]


def test_slack_refuses_the_token(ready: Pledge, slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGE_SLACK_TOKEN", "xoxb-wrong")
    said = ready.run(FIRST)
    assert said.code == 0, said.err
    assert "xoxb-wrong" not in said.err
    assert slack.posted() == []
    row = one(announced(ready))
    assert row["state"] == "failed"
    assert "xoxb-wrong" not in row["last_error"]
    monkeypatch.setenv("PLEDGE_SLACK_TOKEN", slack.token)
    slack.next("chat.postMessage", Refuses("not_in_channel"))
    assert ready.run(FIRST).code == 0
    assert slack.posted() == []
    assert ready.run(FIRST).code == 0
    assert len(slack.posted()) == 1
