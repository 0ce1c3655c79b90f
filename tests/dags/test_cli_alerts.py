"""`pledge route`, `pledge silence` and `pledge digest-check` as their users call them; explanations are golden files.

`PLEDGE_WRITE_GOLDEN=1 pytest …` writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one, run_here
from tests.slack_server import SlackServer

GOLDEN = Path(__file__).parent / "golden"
ROUTES = """
routes:
  - name: Norfolk by day
    when: {force: norfolk, kind: [first_miss, still_missed], hours: "06:00-22:00", bank_holiday: false}
    channel: C0000000DAY
    owner: Performance team
  - name: Norfolk by night
    when: {force: norfolk, severity: high, hours: "22:00-06:00"}
    channel: C00000NIGHT
    mention: S00000DUTY
    owner: Duty inspector
    quiet_hours: "03:00-05:30"
  - name: logs
    when: {measure: ""}
    channel: C0000000DATA
    quiet_hours: "20:00-07:00"
    in_quiet_hours: no_mention
    mention: S00000DATA
    owner: Data team
  - name: everything else
    channel: C0123456789
"""
CASES = {
    "by_day": "--force norfolk --measure answer_999 --at 2026-03-06T12:00:00Z",
    "good_friday": "--force norfolk --measure answer_999 --at 2026-04-03T12:00:00Z",
    "night_of_the_clock_change": "--force norfolk --measure answer_999 --at 2026-03-29T03:10:00Z",
    "an_area_elsewhere": "--force suffolk --measure answer_999 --area west --kind kept_again --at 2026-03-06T12:00:00Z",
    "a_log_at_night": "--force gwent --log calls --at 2026-03-06T22:00:00Z",
}


@pytest.fixture(autouse=True)
def only_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("PLEDGE_") or name.lower() in ("http_proxy", "https_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def pledge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    (tmp_path / "routes.yaml").write_text(ROUTES, "utf-8")
    monkeypatch.setenv("PLEDGE_SLACK_ROUTES", str(tmp_path / "routes.yaml"))
    return Pledge(tmp_path)


WRITE = "PLEDGE_WRITE_GOLDEN" in os.environ


@pytest.mark.parametrize("name", CASES)
def test_why_an_announcement_goes_where_it_goes(pledge: Pledge, name: str) -> None:
    said = pledge("route", "explain", *CASES[name].split())
    assert said.code == 0, said.err
    golden = GOLDEN / f"route_{name}.txt"
    if WRITE:
        golden.write_bytes(said.out)
    assert said.out.decode() == golden.read_text("utf-8")


def test_the_same_as_rows(pledge: Pledge) -> None:
    rows = pledge.rows("route", "explain", *CASES["night_of_the_clock_change"].split())
    assert [(row["name"], row["applies"]) for row in rows] == [("Norfolk by day", False), ("Norfolk by night", True)]
    assert rows[1]["held_until"] == "2026-03-29T04:30:00Z"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--force norfolc --measure answer_999", "no force is called norfolc"),
        ("--force norfolk --measure answer_99", "Did you mean answer_999?"),
        ("--force norfolk --log calls --kind miss", "there is no kind miss"),
        ("--force norfolk", "neither or both of --measure and --log"),
        ("--force norfolk --log call", "there is no log call"),
        ("--force norfolk --at noon", "--at: noon is not a moment"),
    ],
)
def test_what_cannot_be_explained(pledge: Pledge, arguments: str, said: str) -> None:
    answer = pledge("route", "explain", *arguments.split())
    assert answer.code == 2 and said in answer.sentence


def test_validate_is_the_loader(pledge: Pledge, tmp_path: Path) -> None:
    rows = pledge.rows("route", "validate")
    assert [row["route"] for row in rows] == ["Norfolk by day", "Norfolk by night", "logs", "everything else"]
    bad = tmp_path / "bad.yaml"
    bad.write_text("routes:\n  - {name: a, channel: C0123456789, when: {force: kent}}\n")
    said = pledge("route", "validate", str(bad))
    assert said.code == 2 and "does not take everything" in said.sentence and said.out == b""


def test_a_silence_from_its_first_to_its_last_day(pledge: Pledge) -> None:
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    wanted = ("--force", "norfolk", "--measure", "answer_999", "--reason", "new telephones", "--by", "A. Author")
    laid = one(json.loads(pledge("silence", "add", *wanted, "--until", until, "--format", "json").out))
    assert (laid["state"], laid["matcher"], laid["muted"]) == ("on", "force norfolk; measure answer_999", 0)
    assert [row["silence_id"] for row in pledge.rows("silence", "list")] == [laid["silence_id"]]
    said = pledge("route", "explain", "--force", "norfolk", "--measure", "answer_999")
    assert f"silence {laid['silence_id']} by A. Author (new telephones)." in said.out.decode()
    other = pledge("route", "explain", "--force", "norfolk", "--measure", "attend_emergency")
    assert "No silence applies." in other.out.decode()
    ended = one(json.loads(pledge("silence", "end", laid["silence_id"], "--by", "B. Boss", "--format", "json").out))
    assert (ended["state"], ended["ended_by"]) == ("ended", "B. Boss")
    assert pledge.rows("silence", "list") == []
    assert one(pledge.rows("silence", "list", "--all"))["state"] == "ended"
    again = pledge("silence", "end", laid["silence_id"], "--by", "B. Boss")
    assert again.code == 2 and "it is over since" in again.sentence


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--until", "2199-01-01", "--force", "norfolk"), "at most 90 days"),
        (("--until", "2020-01-01", "--force", "norfolk"), "it ends before it begins"),
        (("--until", "2199-01-01"), "it would mute everything"),
        (("--until", "soon", "--force", "norfolk"), "--until: soon is not a moment"),
        (("--until", "2199-01-01", "--hours", "9"), "hours 9 are no hours"),
        (("--force", "norfolk"), "--until"),
    ],
)
def test_a_silence_that_is_refused(pledge: Pledge, arguments: tuple[str, ...], said: str) -> None:
    answer = pledge("silence", "add", *arguments, "--reason", "r", "--by", "b")
    assert answer.code == 2 and said in answer.sentence
    listed = pledge("silence", "list")
    assert listed.code == 2 or "(no rows)" in listed.out.decode()


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackServer]:
    with SlackServer(channels=("C0123456789", "C000OPERATE")) as server:
        monkeypatch.setenv("PLEDGE_SLACK_TOKEN", server.token)
        monkeypatch.setenv("PLEDGE_SLACK_URL", server.url)
        monkeypatch.setenv("PLEDGE_SLACK_CHANNEL", "C0123456789")
        monkeypatch.setenv("PLEDGE_SLACK_OPERATIONS_CHANNEL", "C000OPERATE")
        yield server


def test_digest_check(pledge: Pledge, slack: SlackServer) -> None:
    early = pledge("digest-check", "--at", "2026-03-03T06:29:00Z", "--format", "json")
    assert early.code == 0 and one(early.rows)["absent"] is False
    for _ in range(2):
        late = pledge("digest-check", "--at", "2026-03-03T06:30:00Z", "--format", "json")
        assert late.code == 1 and one(late.rows)["absent"] is True, late.err
    assert len(slack.posted("C000OPERATE")) == 1 and slack.posted() == []


def test_digest_check_says_first_what_is_still_to_be_said(pledge: Pledge, slack: SlackServer) -> None:
    slack.down()
    write(pledge.input, "calls", [call("c1", "2026-03-02 10:00:00", 5)])
    assert pledge.run("2026-03-03T05:00:00Z").code == 0
    late = pledge("digest-check", "--at", "2026-03-03T06:30:00Z")
    assert late.code == 1, late.err
    slack.up()
    assert pledge("digest-check", "--at", "2026-03-03T06:45:00Z").code == 0
    assert len(slack.posted()) == 1 and len(slack.posted("C000OPERATE")) == 1


def test_the_store_does_not_answer_and_the_digest_is_called_absent(pledge: Pledge, slack: SlackServer) -> None:
    (pledge.folder / "file").write_text("no folder")
    said = run_here("digest-check", "--at", "2026-03-03T06:30:00Z", "--store", f"sqlite:///{pledge.folder}/file/s")
    assert said.code == 1, said.err
    assert "its folder cannot be made" in slack.posted("C000OPERATE")[0]["text"]


def test_digest_check_without_slack(pledge: Pledge) -> None:
    said = pledge("digest-check")
    assert said.code == 2 and "Slack is not set up" in said.sentence
