"""From a miss to its explanation, with the real commands: `pledge run` by night, `pledge slack listen` beside it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.slack.answers import Subject, subjects
from tests.journey.logs import incident, write
from tests.journey.pledge import Pledge, one
from tests.journey.test_journey_answers import CHANNEL, WORDS, eventually, listening
from tests.slack_socket_server import SocketSlackServer

# Answers are given by the clock, so the nights lie around the day on which this is run.
TODAY = datetime.now(UTC).date()
MEASURE = "attend_emergency"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SocketSlackServer]:
    with SocketSlackServer(S0DESK=["U0MANAGER"]) as running:
        monkeypatch.setenv("PLEDGE_SLACK_TOKEN", running.token)
        monkeypatch.setenv("PLEDGE_SLACK_APP_TOKEN", running.app_token)
        monkeypatch.setenv("PLEDGE_SLACK_CHANNEL", CHANNEL)
        monkeypatch.setenv("PLEDGE_SLACK_ANSWERERS", "S0DESK")
        monkeypatch.setenv("PLEDGE_SLACK_SAY_AGAIN_DAYS", "1")
        monkeypatch.setenv("PLEDGE_SLACK_URL", running.url)
        yield running


def as_at(night: int) -> str:
    return f"{TODAY + timedelta(days=night - 1)}T06:00:00Z"


def miss(night: int) -> date:
    """The day that the night judges."""
    return TODAY + timedelta(days=night - 2)


def night(pledge: Pledge, number: int) -> None:
    """Of 40 emergencies of the day, half are reached too late, as on the days before."""
    rows = [
        incident(f"{day}-{n}", f"{day} 10:{n:02}:00", 5 + 20 * (n % 2))
        for day in map(miss, range(1, number + 1))
        for n in range(40)
    ]
    write(pledge.input, "incidents", rows)
    said = pledge.run(as_at(number))
    assert said.code == 0, said.err


def line(message: dict[str, Any]) -> Subject:
    return one(subject for subject in subjects(message["blocks"]) if subject.measure == MEASURE)


def test_from_a_miss_to_its_explanation(pledge: Pledge, server: SocketSlackServer) -> None:
    night(pledge, 1)
    standing = one(server.posted())
    assert standing["text"].startswith("Newly missed in Norfolk")
    assert f"Chain head: run 1, {one(pledge.rows('runs'))['hash'][:16]}…" in standing["text"]
    about = line(standing)
    assert about.place == (MEASURE, "norfolk", miss(1))
    with listening(pledge, server) as ear:
        server.press("acknowledge", about.value)
        eventually(lambda: "Acknowledged by <@U0MANAGER>" in json.dumps(standing["blocks"]))
        assert {row["status"] for row in pledge.rows("breaches", "--measure", MEASURE)} == {"acknowledged"}
        night(pledge, 2)
        assert "Still missed – " in standing["text"] and "Answered: 1 acknowledged" in standing["text"]
        assert "Acknowledged by <@U0MANAGER>" in json.dumps(standing["blocks"]), "the night's edit keeps the answer"
        assert [one.place for one in subjects(standing["blocks"])] == [about.place], "it can still be explained"
        assert any("Still missed" in reply["text"] for reply in server.replies(standing["ts"]))
        server.press("explain", about.value)
        assert server.submit(server.form(), "staff_abstracted", WORDS).answers == [{}]
        eventually(lambda: "Explained by <@U0MANAGER>" in json.dumps(standing["blocks"]))
        assert "Still missed – " in standing["text"], "the answer's edit keeps what the night said"
        _stopped(ear)
    night(pledge, 3)
    assert "Explained by <@U0MANAGER>" in json.dumps(standing["blocks"])
    explained = {name: state for name, state in pledge.states("explained").items() if f"/{miss(1)}-" in name}
    assert len(explained) == 20 and set(explained.values()) == {"met"}
    _counted(pledge)
    _again_adds_nothing(pledge, server)
    assert WORDS not in json.dumps([server.messages, [c for c in server.calls if c[0] != "views.open"]], default=str)


def _stopped(ear: subprocess.Popen[str]) -> None:
    ear.terminate()
    _, err = ear.communicate(timeout=20)
    assert ear.returncode == 0 and "Planted" not in err


def _counted(pledge: Pledge) -> None:
    rows = {(row["force"], row["kind"]): row for row in pledge.rows("alerts")}
    first = rows["norfolk", "first_miss"]
    assert [first[name] for name in ("sent", "acknowledged", "explained", "reopened")] == [1, 1, 1, 0]
    assert 0 < first["median_seconds_to_acknowledge"] < 120
    again = rows["norfolk", "still_missed"]
    assert [again[name] for name in ("sent", "acknowledged", "explained")] == [2, 0, 0]
    assert rows["all", "digest"]["sent"] == 3


def _again_adds_nothing(pledge: Pledge, server: SocketSlackServer) -> None:
    before, posted = pledge.tables(), json.dumps(server.messages)
    assert pledge.run(as_at(3)).code == 0
    after = pledge.tables()
    assert {name for name in after if after[name] != before[name]} == {"runs"}
    assert json.dumps(server.messages) == posted


def test_what_nobody_answers_is_reminded_of(pledge: Pledge, server: SocketSlackServer) -> None:
    night(pledge, 1)
    night(pledge, 3)
    reminder = one(message for message in server.posted() if "without an answer" in message["text"])
    assert [subject.place for subject in dict.fromkeys(subjects(reminder["blocks"]))] == [(MEASURE, "norfolk", miss(1))]
    posted = len(server.posted())
    assert pledge.run(as_at(3)).code == 0
    assert len(server.posted()) == posted
