"""The real client over real HTTP against a server that answers as Slack does."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

import pytest

from checks.errors import NotAnsweringError, UsageError
from connectors.slack.blocks import Line, Message, message
from connectors.slack.send import Slack
from tests.connectors.slack.conftest import quick
from tests.slack_server import Drops, Fails, Limits, Refuses, SlackServer, Waits

CHANNEL = "C0123456789"


def said(key: str = "digest/2026-11-02") -> Message:
    line = Line("missed", "Missed – 999 calls", "87.1 % of 1,204 & more")
    return message("digest", key, "1 promise missed", [line], ["run 1"], "")


def test_a_post_arrives_with_blocks_fallback_and_key(server: SlackServer, slack: Slack) -> None:
    ts = slack.post(CHANNEL, said())
    (posted,) = server.posted()
    assert posted["ts"] == ts
    assert posted["metadata"]["event_payload"] == {"key": "digest/2026-11-02"}
    assert posted["blocks"][1]["text"]["text"] == "*Missed – 999 calls:* 87.1 % of 1,204 &amp; more"
    assert "87.1 % of 1,204" in posted["text"]


@pytest.mark.parametrize(
    ("error", "to_do"),
    [
        ("invalid_auth", "PLEDGE_SLACK_TOKEN"),
        ("missing_scope", "channels:history"),
        ("not_in_channel", "Invite"),
        ("is_archived", "PLEDGE_SLACK_CHANNEL"),
        ("never_heard_of", "Look it up"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(
    server: SlackServer, slack: Slack, error: str, to_do: str
) -> None:
    server.next("chat.postMessage", Refuses(error))
    with pytest.raises(UsageError, match=to_do) as refused:
        slack.post(CHANNEL, said())
    assert error in str(refused.value)
    assert server.count("chat.postMessage") == 1


def test_a_wrong_token_is_named_but_never_shown(server: SlackServer, caplog: pytest.LogCaptureFixture) -> None:
    secret = "xoxb-very-secret-token"
    caplog.set_level(logging.DEBUG)
    slack = Slack(secret, server.url, interval=0)
    server.next("conversations.history", Fails(500), Drops(), Refuses("invalid_auth"))
    for call in (
        lambda: slack.post(CHANNEL, said()),
        lambda: slack.check(CHANNEL),
        lambda: slack.find(CHANNEL, "k"),
    ):
        with pytest.raises(UsageError, match="PLEDGE_SLACK_TOKEN") as refused:
            call()
        assert secret not in str(refused.value) + repr(refused.value) + repr(refused.value.__cause__)
    assert secret not in caplog.text and secret not in repr(slack)


def test_a_token_that_would_break_the_header_is_refused_unseen(server: SlackServer) -> None:
    with pytest.raises(UsageError) as refused:
        Slack("xoxb-secret\nX-Other: 1", server.url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["http://slack.example/api/", "ftp://slack.com", "slack.com", ""])
def test_the_token_is_sent_to_no_address_in_the_clear(address: str) -> None:
    with pytest.raises(UsageError, match="https"):
        Slack("xoxb-1", address)


def test_a_channel_name_is_refused_because_it_cannot_be_read(server: SlackServer, slack: Slack) -> None:
    with pytest.raises(UsageError, match="PLEDGE_SLACK_CHANNEL"):
        slack.post("#control-room", said())
    assert server.calls == []


def test_rate_limited_then_taken(server: SlackServer, slack: Slack) -> None:
    server.next("chat.postMessage", Limits(retry_after=0))
    slack.post(CHANNEL, said())
    assert len(server.posted()) == 1 and server.count("chat.postMessage") == 2


@pytest.mark.parametrize("retry_after", [3600, "soon"])
def test_a_wait_too_long_is_left_to_the_next_run(server: SlackServer, slack: Slack, retry_after: int | str) -> None:
    server.next("chat.postMessage", Limits(retry_after))
    started = time.monotonic()
    with pytest.raises(NotAnsweringError, match="429"):
        slack.post(CHANNEL, said())
    assert time.monotonic() - started < 2 and server.count("chat.postMessage") == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_failing_then_taken(server: SlackServer, slack: Slack, status: int) -> None:
    server.next("chat.postMessage", Fails(status), Fails(status))
    slack.post(CHANNEL, said())
    assert len(server.posted()) == 1 and server.count("chat.postMessage") == 3


@pytest.mark.parametrize("answer_lost", [Fails(500, taken=True), Drops(taken=True), Fails(200, taken=True)])
def test_a_post_whose_answer_is_lost_is_found_and_not_repeated(
    server: SlackServer, slack: Slack, answer_lost: Fails | Drops
) -> None:
    server.next("chat.postMessage", answer_lost)
    ts = slack.post(CHANNEL, said())
    assert [m["ts"] for m in server.posted()] == [ts]
    assert server.count("chat.postMessage") == 1


def test_an_error_of_slacks_own_making_is_found_or_repeated(server: SlackServer, slack: Slack) -> None:
    server.next("chat.postMessage", Refuses("internal_error"), Drops())
    slack.post(CHANNEL, said())
    assert len(server.posted()) == 1


def test_failing_to_the_end_is_not_answering(server: SlackServer, slack: Slack) -> None:
    server.next("chat.postMessage", *[Fails(500)] * 9)
    with pytest.raises(NotAnsweringError, match="HTTP 500"):
        slack.post(CHANNEL, said())
    assert server.posted() == [] and server.count("chat.postMessage") == slack.tries


@pytest.mark.parametrize("answer", ["<html>Sign in to the network</html>", "[]", '"ok"', "", "null"])
def test_an_answer_that_is_not_slacks_is_not_answering(server: SlackServer, slack: Slack, answer: str) -> None:
    server.next("auth.test", *[Fails(200, answer=answer)] * 3)
    with pytest.raises(NotAnsweringError):
        slack.check(CHANNEL)


def test_slow_is_not_answering_and_not_posted_again_blindly(server: SlackServer) -> None:
    server.next("chat.postMessage", Waits(0.6))
    with pytest.raises(NotAnsweringError, match="TimeoutError"):
        quick(server, timeout=0.2).post(CHANNEL, said())
    assert server.count("chat.postMessage") == 1
    time.sleep(0.6)
    assert len(server.posted()) == 1  # Slack took it after all: a second post would have been one too many


def test_down_is_not_answering(server: SlackServer, slack: Slack) -> None:
    server.down()
    with pytest.raises(NotAnsweringError, match="ConnectionRefusedError"):
        slack.post(CHANNEL, said())


def test_a_message_is_found_by_its_key_among_many(server: SlackServer, slack: Slack) -> None:
    ts = slack.post(CHANNEL, said("digest/1"))
    for number in range(2, 260):
        server.carry_out("chat.postMessage", server.token, {"channel": CHANNEL, "text": f"talk {number}"})
    slack.post(CHANNEL, said("digest/2"))
    assert slack.find(CHANNEL, "digest/1", since=datetime.now(UTC) - timedelta(days=1)) == ts
    assert slack.find(CHANNEL, "digest/1", since=datetime.now(UTC) + timedelta(days=1)) is None
    assert slack.find(CHANNEL, "digest/3", since=datetime.now(UTC) - timedelta(days=1)) is None


def test_check_finds_a_missing_right_before_the_first_night(server: SlackServer, slack: Slack) -> None:
    slack.check(CHANNEL)
    server.next("conversations.history", Refuses("missing_scope"))
    with pytest.raises(UsageError, match="channels:history"):
        slack.check(CHANNEL)
    assert server.posted() == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        (
            {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
        ({"text": "x", "channel": "C0000000000"}, "channel_not_found"),
    ],
)
def test_the_server_enforces_slacks_limits(server: SlackServer, body: dict[str, object], error: str) -> None:
    answer = server.carry_out("chat.postMessage", server.token, {"channel": CHANNEL, **body})
    assert answer == {"ok": False, "error": error}


def test_an_edit_replaces_what_the_message_says(server: SlackServer, slack: Slack) -> None:
    ts = slack.post(CHANNEL, said())
    server.next("chat.update", Fails(500), Drops(), Fails(500, taken=True))
    with pytest.raises(NotAnsweringError):
        slack.update(CHANNEL, ts, said())
    line = Line("kept_again", "Kept again – 999 calls", "93.9 %")
    slack.update(CHANNEL, ts, message("digest", said().key, "0 promises missed", [line], [], ""))
    (posted,) = server.posted()
    assert posted["ts"] == ts and "Kept again" in posted["text"] and "edited" in posted
    assert slack.find(CHANNEL, said().key) == ts, "the key stays"


def test_an_edit_of_a_deleted_message_is_refused(server: SlackServer, slack: Slack) -> None:
    with pytest.raises(UsageError, match="somebody deleted"):
        slack.update(CHANNEL, "1.000001", said())


@pytest.mark.parametrize("trouble", [Drops(taken=True), Fails(500, taken=True), Drops(), Limits(0)])
def test_a_reply_stands_once_in_its_thread(server: SlackServer, slack: Slack, trouble: Drops | Fails | Limits) -> None:
    parent = slack.post(CHANNEL, said())
    server.next("chat.postMessage", trouble)
    ts = slack.post(CHANNEL, said("still_missed/1"), parent)
    (reply,) = server.replies(parent)
    assert reply["ts"] == ts and len(server.posted()) == 1
    assert slack.find(CHANNEL, "still_missed/1") is None, "the channel's history holds no replies"
    assert slack.find(CHANNEL, "still_missed/1", thread_ts=parent) == ts
    assert slack.find(CHANNEL, "still_missed/2", thread_ts=parent) is None


def test_a_reply_far_down_a_long_thread_is_found(server: SlackServer, slack: Slack) -> None:
    parent = slack.post(CHANNEL, said())
    for number in range(250):
        server.carry_out(
            "chat.postMessage", server.token, {"channel": CHANNEL, "text": str(number), "thread_ts": parent}
        )
    ts = slack.post(CHANNEL, said("still_missed/1"), parent)
    assert slack.find(CHANNEL, "still_missed/1", thread_ts=parent) == ts


def test_a_reply_to_what_is_not_there_is_refused(server: SlackServer, slack: Slack) -> None:
    with pytest.raises(UsageError, match="thread_not_found"):
        slack.post(CHANNEL, said(), "1.000001")


@pytest.mark.parametrize(
    "block",
    [
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "x" * 76}}]},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "block_id": "x" * 256},
    ],
)
def test_the_server_enforces_the_limits_of_buttons_and_ids(server: SlackServer, block: dict[str, object]) -> None:
    answer = server.carry_out("chat.postMessage", server.token, {"channel": CHANNEL, "blocks": [block]})
    assert answer == {"ok": False, "error": "invalid_blocks"}
