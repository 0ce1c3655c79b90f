"""Nights told by routes, quiet hours and silences, on a real store and a local Slack."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.errors import UsageError
from checks.matching import matcher_of
from checks.silencing import StandingSilence, checked
from connectors.slack.send import Slack
from connectors.store import silences
from dags.operations import digest_absent, run_failed, say_due
from tests.dags.test_alerting import CHANNEL, DATA, FEW, KEPT, MISS, PLANTED, Nights, as_at, everything, figure
from tests.slack_server import Fails, SlackServer

NIGHT_DESK, DUTY, OPERATIONS = "C00000NIGHT", "S00000DUTY", "C000OPERATE"
REST: dict[str, Any] = {"name": "rest", "channel": CHANNEL}
FOR_999 = {"name": "999", "when": {"measure": "answer_999"}, "channel": NIGHT_DESK}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(channels=(CHANNEL, DATA, NIGHT_DESK, OPERATIONS)) as running:
        yield running


@pytest.fixture
def nights(store_url: str, server: SlackServer) -> Iterator[Nights]:
    made = Nights(store_url, server)
    made.settings = replace(made.settings, slack_operations_channel=OPERATIONS, slack_url=server.url, store=store_url)
    yield made
    made.engine.dispose()


def routed(nights: Nights, folder: Path, *routes: dict[str, Any]) -> None:
    path = folder / "routes.yaml"
    path.write_text(yaml.safe_dump({"routes": [*routes, REST]}), "utf-8")
    nights.settings = replace(nights.settings, slack_routes=str(path))


def news(nights: Nights, channel: str) -> list[dict[str, Any]]:
    """What was posted in a channel, but for the reminders of what nobody answers."""
    keys = [(each["metadata"]["event_payload"]["key"], each) for each in nights.server.posted(channel)]
    return [each for key, each in keys if not key.startswith("reminder/")]


def quick(nights: Nights) -> Slack:
    return Slack(nights.server.token, nights.server.url, timeout=5, interval=0.01)


def silence(nights: Nights, keys: dict[str, Any], first: datetime, days: float, silence_id: str = "51lence0") -> None:
    laid = StandingSilence(
        silence_id, matcher_of("test", keys), "new telephone system", "A. Author", first, first + timedelta(days=days)
    )
    with nights.engine.begin() as conn:
        silences.add(conn, checked(laid, first), first)


def test_each_channel_is_told_what_its_route_takes_and_who_is_called(nights: Nights, tmp_path: Path) -> None:
    routed(nights, tmp_path, {**FOR_999, "mention": DUTY, "owner": "Duty inspector <!channel>"})
    nights.night(1, figure(1, MISS), figure(1, MISS, "attend_priority"))
    (desk,) = nights.server.posted(NIGHT_DESK)
    assert "Answered" in desk["text"] or "answered" in desk["text"]
    assert "For Duty inspector &lt;!channel&gt;" in desk["text"] and "subteam" not in desk["text"]
    marked = [block["text"]["text"] for block in desk["blocks"] if block["type"] == "section"]
    assert marked[0] == f"For Duty inspector &lt;!channel&gt; <!subteam^{DUTY}>"
    assert "Owner: Duty inspector" in desk["text"]
    (digest,) = nights.server.posted()
    assert "subteam" not in json.dumps(digest) and digest["text"].startswith("Newly missed in Norfolk")
    assert {row["channel"] for row in nights.rows(kind="first_miss")} == {CHANNEL, NIGHT_DESK}
    # The edit of a message that calls somebody keeps its words.
    nights.night(2, figure(2, KEPT))
    (desk, _) = news(nights, NIGHT_DESK)
    assert "Kept again" in desk["text"] and "For Duty inspector &lt;!channel&gt;\n" in desk["text"]


def test_another_route_an_hour_later_says_nothing_twice(nights: Nights, tmp_path: Path) -> None:
    """The same run again when other hours send its news elsewhere."""
    routed(nights, tmp_path, {**FOR_999, "when": {"hours": "00:00-03:30"}})
    nights.record(1, figure(1, MISS), figure(1, FEW, "attend_emergency"), fit=True)
    nights.say(1)
    before, posted = everything(nights.engine), dict(nights.server.messages)
    nights.record(1, run="-again")
    for minutes in (60, 600):
        assert nights.say(1, "-again", minutes=minutes) == "sent"
    after = everything(nights.engine)
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before and nights.server.messages == posted
    # Even when the miss is decided again.
    nights.record(1, figure(1, MISS), run="-third")
    nights.say(1, "-third", minutes=700)
    assert nights.server.messages == posted


def test_quiet_hours_hold_the_message_and_it_is_said_once(nights: Nights, tmp_path: Path) -> None:
    """At 03:00 it is held until 06:00; the digest is not."""
    routed(nights, tmp_path, {**FOR_999, "quiet_hours": "22:00-06:00"})
    nights.record(1, figure(1, MISS))
    assert nights.say(1) == "sent"
    assert len(nights.server.posted()) == 1 and nights.server.posted(NIGHT_DESK) == []
    assert nights.told() == ["No new miss told here on Monday 2 March 2026: 1 held until quiet hours end"]
    (held,) = nights.rows(kind="night")
    assert held["state"] == "claimed" and held["not_before"] == as_at(1) + timedelta(hours=3)
    for minutes in (60, 179):
        assert say_due(nights.settings, as_at(1) + timedelta(minutes=minutes), quick(nights)) == 0
    assert nights.server.posted(NIGHT_DESK) == []
    nights.server.next("chat.postMessage", Fails(500, taken=True))
    for minutes in (180, 180, 195):
        say_due(nights.settings, as_at(1) + timedelta(minutes=minutes), quick(nights))
    assert [each.split(" on ")[0] for each in nights.told(NIGHT_DESK)] == ["Newly missed in Norfolk"]
    assert {row["state"] for row in nights.rows()} == {"sent"}


def test_what_is_over_before_the_quiet_hours_end_is_said_as_it_stands(nights: Nights, tmp_path: Path) -> None:
    routed(nights, tmp_path, {**FOR_999, "quiet_hours": "22:00-06:00"})
    nights.night(1, figure(1, MISS))
    nights.record(1, figure(1, KEPT, restated_why="late rows"), run="-late")
    nights.say(1, "-late", minutes=60)
    say_due(nights.settings, as_at(1) + timedelta(hours=4), quick(nights))
    assert "not missed after all" in nights.server.posted(NIGHT_DESK)[0]["text"]


def test_in_quiet_hours_without_a_mention(nights: Nights, tmp_path: Path) -> None:
    calm = {"quiet_hours": "22:00-06:00", "in_quiet_hours": "no_mention"}
    routed(nights, tmp_path, {**FOR_999, **calm, "mention": DUTY, "owner": "Duty inspector"})
    nights.night(1, figure(1, MISS))
    assert DUTY not in json.dumps(nights.server.posted(NIGHT_DESK)) and len(nights.server.posted(NIGHT_DESK)) == 1
    nights.record(2, figure(2, KEPT))
    nights.record(3, figure(3, MISS))
    nights.say(3, minutes=180)
    assert DUTY in json.dumps(news(nights, NIGHT_DESK)[-1]), "at 06:00 it calls"


def test_the_hours_of_summer_time(nights: Nights, tmp_path: Path) -> None:
    """At 03:00 UTC it is 03:00 in London until 28 March and 04:00 from 29 March."""
    routed(nights, tmp_path, {"name": "early", "when": {"hours": "00:00-04:00"}, "channel": NIGHT_DESK})
    nights.night(26, figure(26, MISS))
    nights.night(27, figure(27, MISS, "attend_priority"))
    assert [row["channel"] for row in nights.rows(kind="first_miss")] == [NIGHT_DESK, CHANNEL]


def test_the_bank_holidays_of_scotland_are_not_those_of_england(nights: Nights, tmp_path: Path) -> None:
    """Easter Monday, 6 April 2026, is one in England alone."""
    kept_by = {"norfolk": "england", "police-scotland": "scotland"}
    forces = {slug: {"name": slug, "nation": nation} for slug, nation in kept_by.items()}
    (tmp_path / "forces.yaml").write_text(yaml.safe_dump({"forces": forces}), "utf-8")
    nights.settings = replace(nights.settings, forces=str(tmp_path / "forces.yaml"))
    routed(nights, tmp_path, {"name": "holiday desk", "when": {"bank_holiday": True}, "channel": NIGHT_DESK})
    nights.night(35, figure(35, MISS), figure(35, MISS, force="police-scotland"))
    assert as_at(35).date().isoformat() == "2026-04-06"
    places = {row["force"]: row["channel"] for row in nights.rows(kind="first_miss")}
    assert places == {"norfolk": NIGHT_DESK, "police-scotland": CHANNEL}


def test_a_silence_mutes_counts_and_its_end_is_said_once(nights: Nights, tmp_path: Path) -> None:
    routed(nights, tmp_path, FOR_999)
    silence(nights, {"measure": ["answer_999"]}, as_at(1), 2)
    nights.night(1, figure(1, MISS), figure(1, KEPT, "attend_priority"))
    nights.night(2, figure(2, MISS))
    assert nights.server.posted(NIGHT_DESK) == []
    muted = nights.rows(silence_id="51lence0")
    assert [(row["state"], row["kind"], row["channel"]) for row in muted] == [
        ("suppressed", "first_miss", NIGHT_DESK)
    ] * 2
    assert {row["reason"] for row in muted} == {"silenced by A. Author: new telephone system"}
    digest = nights.server.posted()[0]["text"]
    assert digest.startswith("No new miss told here on Monday 2 March 2026: 1 silenced\n")
    assert "Decided but not said, because of a silence – 1 announcement: 51lence0 1." in digest
    assert "Author" not in json.dumps(nights.server.messages), "who and why stay in the store"
    nights.night(3, figure(3, MISS))
    nights.night(4, figure(4, MISS, signal="common_cause"))
    told = nights.told(NIGHT_DESK)
    assert len(told) == 2 and told[1].startswith("Newly missed in Norfolk on Wednesday 4 March")
    assert told[0] == "A silence is over: 2 announcements were not said in this channel"
    assert [row["state"] for row in nights.rows(kind="silence_ended")] == ["sent"]


def test_the_same_silenced_night_again_adds_nothing(nights: Nights) -> None:
    silence(nights, {"force": ["norfolk"]}, as_at(1), 5)
    nights.record(1, figure(1, MISS), fit=False, reason="no header")
    nights.record(1, figure(1, MISS, "attend_priority"), run="-more")
    nights.say(1, "-more")
    before, posted = everything(nights.engine), dict(nights.server.messages)
    assert len(nights.rows(silence_id="51lence0")) == 2, "the feed, and the promise that does not depend on it"
    nights.record(1, run="-again")
    for minutes in (30, 60):
        nights.say(1, "-again", minutes=minutes)
    after = everything(nights.engine)
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before and nights.server.messages == posted


def test_an_episode_that_ends_in_a_silence_is_closed_where_it_stands(nights: Nights) -> None:
    nights.night(1, figure(1, MISS))
    silence(nights, {"measure": ["answer_999"]}, as_at(1) + timedelta(hours=1), 1.5)
    nights.night(2, figure(2, KEPT))
    assert "Kept again" in nights.server.posted()[0]["text"] and "kept again" not in nights.told()[1]
    assert nights.rows(kind="first_miss")[0]["resolved_at"]
    nights.night(3, figure(3, KEPT))
    assert not [row for row in nights.rows(kind="kept_again") if row["state"] == "sent"], "it ended once"
    assert "A silence is over: 1 announcement was not said in this channel" in nights.told()
    nights.night(4, figure(4, MISS))
    assert len(nights.rows(kind="first_miss")) == 2, "a new miss is a new episode"


def test_a_silence_ended_early_and_one_that_muted_nothing(nights: Nights) -> None:
    silence(nights, {"force": ["kent"]}, as_at(1), 9)
    with nights.engine.begin() as conn:
        ended = silences.end(conn, "51lence0", "B. Boss", as_at(1) + timedelta(hours=1))
        assert ended.silence_id == "51lence0"
    with pytest.raises(UsageError, match="it is over since"), nights.engine.begin() as conn:
        silences.end(conn, "51lence0", "B. Boss", as_at(1) + timedelta(hours=2))
    with pytest.raises(UsageError, match="there is none of that id"), nights.engine.begin() as conn:
        silences.end(conn, "other", "B. Boss", as_at(1))
    nights.record(1, figure(1, MISS, force="kent"))
    for minutes in (60, 90):
        nights.say(1, minutes=minutes)
    assert nights.told()[0] == "A silence is over: it muted nothing" and nights.told()[1].startswith(
        "Newly missed in Kent"
    )
    assert len(nights.told()) == 2
    assert "Boss" not in json.dumps(nights.server.messages) and "ended early" in nights.server.posted()[0]["text"]


def test_one_that_was_ended_before_it_began_is_never_spoken_of(nights: Nights) -> None:
    silence(nights, {"force": ["kent"]}, as_at(2), 9)
    with nights.engine.begin() as conn:
        silences.end(conn, "51lence0", "B. Boss", as_at(1))
    nights.night(3, figure(3, MISS, force="kent"))
    assert len(nights.told()) == 1


def test_the_digest_does_not_deny_what_other_channels_are_told(nights: Nights, tmp_path: Path) -> None:
    routed(nights, tmp_path, FOR_999)
    nights.night(1, figure(1, MISS), figure(1, KEPT, "attend_priority"))
    nights.night(2, figure(2, MISS), figure(2, MISS, "attend_priority"), figure(2, MISS, force="kent"))
    assert nights.told()[0] == "No new miss told here on Monday 2 March 2026: 1 told in other channels"
    assert nights.told()[1].startswith("Newly missed in Norfolk")
    assert "New misses that are not told here: 1 told in other channels." in nights.server.posted()[1]["text"]


def test_two_silences_one_mutes(nights: Nights) -> None:
    silence(nights, {"force": ["norfolk"]}, as_at(1), 2, "5h0rt000")
    silence(nights, {"kind": ["first_miss"]}, as_at(1), 3, "l0nger00")
    nights.night(1, figure(1, MISS))
    assert Counter(row["silence_id"] for row in nights.rows(state="suppressed")) == {"l0nger00": 1}


def test_the_digest_is_absent_at_half_past_six(nights: Nights) -> None:
    """06:29:59 is not late yet; afterwards operations are told once a day, and the promises never."""
    told: list[str] = []
    day = datetime(2026, 3, 3, tzinfo=UTC)
    assert not digest_absent(nights.settings, day + timedelta(hours=6, minutes=29, seconds=59), told.append)
    for minutes in (0, 15, 300):
        assert digest_absent(nights.settings, day + timedelta(hours=6, minutes=30 + minutes), told.append)
    (late,) = nights.server.posted(OPERATIONS)
    assert late["text"].startswith("Pipeline: the digest of Monday 2 March 2026 is absent")
    assert "No run has got as far" in late["text"] and nights.server.posted() == []
    assert digest_absent(nights.settings, day + timedelta(days=1, hours=7), told.append)
    assert len(nights.server.posted(OPERATIONS)) == 2


def test_the_digest_was_said_or_slack_did_not_take_it(nights: Nights) -> None:
    half_past_six = datetime(2026, 3, 3, 6, 30, tzinfo=UTC)
    nights.server.down()
    nights.night(1, figure(1, KEPT))
    assert digest_absent(nights.settings, half_past_six)
    nights.server.up()
    say_due(nights.settings, half_past_six + timedelta(hours=1), quick(nights))
    assert len(nights.told()) == 1 and len(nights.told(OPERATIONS)) == 1
    assert "Slack has not taken it" in nights.server.posted(OPERATIONS)[0]["text"]
    assert not digest_absent(nights.settings, half_past_six + timedelta(hours=2))


def test_half_past_six_by_the_clock_of_summer(nights: Nights) -> None:
    """On 29 March 2026 06:30 in London is 05:30 UTC."""
    day = datetime(2026, 3, 29, 5, 29, tzinfo=UTC)
    assert not digest_absent(nights.settings, day)
    assert digest_absent(nights.settings, day + timedelta(minutes=1))


def test_a_failure_is_told_once_per_run_and_part_and_without_its_values(
    nights: Nights, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = "; ".join(PLANTED)
    for _ in range(2):
        run_failed(nights.settings, "run-1", "the run failed", ValueError(f"{planted} could not be read"), as_at(1))
        quoted = ", ".join(f"“{value}”" for value in PLANTED)
        error = UsageError("calls.csv", f"{quoted} are no times", "times", "Correct them.")
        run_failed(nights.settings, "run-1", "Norfolk was not judged", error, as_at(1))
    told = nights.server.posted(OPERATIONS)
    assert [each["text"].splitlines()[0] for each in told] == [
        "Pipeline: the run failed", "Pipeline: Norfolk was not judged",
    ]  # fmt: skip
    assert "ValueError; the log of the task has the rest." in told[0]["text"] and "are no times" in told[1]["text"]
    everywhere = json.dumps([told, nights.rows()], default=str) + caplog.text
    assert not [value for value in PLANTED if value in everywhere]
    assert nights.server.posted() == []


def test_the_store_is_away_and_operations_hear_of_it_once(nights: Nights, tmp_path: Path) -> None:
    away = replace(nights.settings, store=f"sqlite:///{tmp_path / 'file'}/nothing.sqlite")
    (tmp_path / "file").write_text("not a folder")
    for _ in range(2):
        assert run_failed(away, "run-1", "the run failed", RuntimeError(), as_at(1)) == "sent"
    assert len(nights.server.posted(OPERATIONS)) == 1


def test_without_an_operations_channel_nobody_is_told(nights: Nights) -> None:
    alone = replace(nights.settings, slack_operations_channel="")
    assert run_failed(alone, "run-1", "the run failed", RuntimeError(), as_at(1)) == ""
    assert digest_absent(alone, as_at(1) + timedelta(hours=6))
    assert nights.server.posted() == [] and nights.rows() == []
