"""The night's digest: once per night, whatever is run again; Slack being away changes no figure and loses no word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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


ROUTES = """
routes:
  - {name: calls, when: {measure: [answer_999]}, channel: C000000DESK, mention: S0DUTY000, owner: Duty inspector}
  - {name: rest, channel: C0123456789}
"""


@pytest.fixture
def routed(ready: Pledge, slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    slack.channels |= {"C000000DESK", "C000OPERATE"}
    (ready.folder / "routes.yaml").write_text(ROUTES, "utf-8")
    monkeypatch.setenv("PLEDGE_SLACK_ROUTES", str(ready.folder / "routes.yaml"))
    monkeypatch.setenv("PLEDGE_SLACK_OPERATIONS_CHANNEL", "C000OPERATE")
    return ready


def test_by_routes_the_same_run_twice_adds_one_run(routed: Pledge, slack: SlackServer) -> None:
    laid = ("--measure", "attend_emergency", "--reason", "r", "--by", "b", "--until")
    assert routed("silence", "add", *laid, (datetime.now(UTC) + timedelta(days=9)).isoformat()).code == 0
    assert routed.run(FIRST).code == 0
    before, posted = routed.tables(), {channel: list(said) for channel, said in slack.messages.items()}
    assert "For Duty inspector" in one(slack.posted("C000000DESK"))["text"]
    assert routed.run(FIRST).code == 0
    after = routed.tables()
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before
    assert {channel: list(said) for channel, said in slack.messages.items()} == posted
    assert slack.posted("C000OPERATE") == []


def test_a_broken_file_of_routes_is_said_before_the_night(routed: Pledge, slack: SlackServer) -> None:
    (routed.folder / "routes.yaml").write_text("routes: []")
    said = routed.run(FIRST)
    assert said.code == 2 and "it lists no routes" in said.sentence
    assert slack.posted() == []
    assert not routed.lake.exists()


def test_a_force_that_is_not_judged_is_told_to_operations_alone(routed: Pledge, slack: SlackServer) -> None:
    write(routed.input, "calls", [*calls("2026-03-02", 25), call("k1", "2026-03-02 10:00:00", 5, force="kent")])
    assert routed.run(FIRST).code == 0
    for file in (routed.lake / "calls").glob("force=kent/*/*.parquet"):
        file.write_bytes(b"PAR1 damaged")
    write(routed.input, "calls", calls("2026-03-03", 5))
    said = routed.run(SECOND)
    assert said.code == 3, said.err
    (failure,) = slack.posted("C000OPERATE")
    assert failure["text"].startswith("Pipeline: Kent was not judged")
    assert not [each for each in slack.posted() if "Pipeline" in each["text"]]


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
