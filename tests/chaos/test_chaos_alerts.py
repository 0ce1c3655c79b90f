"""Nights on which the announcing process is killed at random points, runs twice at once, and Slack misbehaves.

What is in Slack and in the store afterwards is what one undisturbed run a night leaves: every announcement exactly
once, in order, none lost. 50 nights here; `make chaos` (PLEDGE_CHAOS=1) simulates 1,000 and prints the counts.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.store.engine import open_store
from connectors.store.tables import announcements
from tests.chaos.nights import DATA, PROMISES, Attempt, announce, prepare
from tests.slack_server import Drops, Fails, Holds, Limits, SlackServer

NIGHTS = int(os.environ.get("PLEDGE_CHAOS_NIGHTS", "1000" if os.environ.get("PLEDGE_CHAOS") else "50"))
SEED = int(os.environ.get("PLEDGE_CHAOS_SEED", "7"))
WEATHER = (
    [],
    [Fails(500)],
    [Fails(500, taken=True)],
    [Drops()],
    [Drops(taken=True)],
    [Limits(0)],
    [Drops(taken=True), Fails(503), Fails(503, taken=True), Drops()],
)
METHODS = ("chat.postMessage", "chat.postMessage", "chat.update", "conversations.history")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def servers() -> Iterator[tuple[SlackServer, SlackServer]]:
    with SlackServer(channels=(PROMISES, DATA)) as calm, SlackServer(channels=(PROMISES, DATA)) as rough:
        yield calm, rough


class Chaos:
    """The nights in the rough: `counts` tells what was done to them."""

    def __init__(self, store: str, server: SlackServer) -> None:
        self.store, self.server = store, server
        self.engine = open_store(store)
        self.drawn, self.counts = random.Random(SEED), Counter[str]()
        self.usual = 0.2  # seconds an attempt takes on this machine
        self.context = get_context("forkserver")
        self.context.set_forkserver_preload(["__main__", "tests.chaos.nights"])

    def night(self, number: int) -> None:
        prepare(self.engine, number)
        down = self.drawn.random() < 0.08
        if down:
            self.counts["nights Slack was down"] += 1
            self.server.down()
        for attempt in range(self.drawn.choice((0, 1, 1, 1))):
            self.killed(number, attempt * 2, can_hold=not down)
        self.last_attempt(number, self.drawn.choice((5, 40)))
        if down:
            self.server.up()

    def killed(self, number: int, minutes: int, can_hold: bool) -> None:
        """Once at a random moment, once exactly while Slack has the call and its answer is on the way."""
        held, longest = Holds(), self.drawn.uniform(0.0, 1.2) * self.usual
        if can_hold and self.drawn.random() < 0.4:
            self.server.next(self.drawn.choice(METHODS[:3]), held)
            longest = 2 * self.usual
        process = self.start(Attempt(self.store, self.server.url, self.server.token, number, 0, minutes))
        until = time.monotonic() + longest
        while process.is_alive() and time.monotonic() < until and not held.taken.is_set():
            time.sleep(0.002)
        where = "with a call at Slack" if held.taken.is_set() else "at a random moment"
        self.counts[f"killed {where}" if process.is_alive() else "done before the kill"] += 1
        process.kill()
        process.join()
        held.release.set()
        self.server.forget_script()

    def last_attempt(self, number: int, minutes: int) -> None:
        for behaviour in self.drawn.choice(WEATHER):
            self.server.next(self.drawn.choice(METHODS), behaviour)
        about = (self.store, self.server.url, self.server.token, number)
        runs = [Attempt(*about, 0, minutes)]
        if self.drawn.random() < 0.3:
            prepare(self.engine, number, 1)
            runs.append(Attempt(*about, 1, minutes))
            self.counts["nights of two runs at once"] += 1
        started = time.monotonic()
        for process in [self.start(each) for each in runs]:
            process.join()
            assert process.exitcode == 0, "a run failed because of Slack or another run"
        self.usual = 0.8 * self.usual + 0.2 * (time.monotonic() - started)
        self.server.forget_script()

    def start(self, attempt: Attempt) -> BaseProcess:
        process = self.context.Process(target=announce, args=(attempt,))
        process.start()
        return process


def rows(store: str) -> list[dict[str, Any]]:
    engine = open_store(store)
    with engine.connect() as conn:
        found = conn.execute(select(announcements).order_by(announcements.c.created_at)).mappings().all()
    engine.dispose()
    return [dict(row) for row in found]


def keys(server: SlackServer, channel: str, reminders: bool = False) -> list[str]:
    """What was posted, in order; either the reminders or all but them, which depend on when a line was really said."""
    found = [m["metadata"]["event_payload"]["key"] for m in server.posted(channel)]
    return [key for key in found if key.startswith("reminder/") == reminders]


def thread_keys(server: SlackServer, channel: str) -> list[str]:
    replies = [m for m in server.messages[channel] if "thread_ts" in m]
    return sorted(m["metadata"]["event_payload"]["key"] for m in replies)


def shown(server: SlackServer, channel: str) -> dict[str, list[str]]:
    """What every line of every message says now, after all edits (the small print names the run)."""
    return {
        m["metadata"]["event_payload"]["key"]: [b["text"]["text"] for b in m["blocks"] if "text" in b]
        for m in server.messages[channel]
        if not m["metadata"]["event_payload"]["key"].startswith("reminder/")
    }


def test_every_announcement_exactly_once_in_order_none_lost(
    tmp_path: Path, servers: tuple[SlackServer, SlackServer]
) -> None:
    calm, rough = servers
    stores = [f"sqlite:///{tmp_path / name}.sqlite" for name in ("calm", "rough")]
    calm_engine, chaos = open_store(stores[0]), Chaos(stores[1], rough)
    for number in range(NIGHTS):
        prepare(calm_engine, number)
        announce(Attempt(stores[0], calm.url, calm.token, number))
        chaos.night(number)
    for more in (1, 2):  # two undisturbed runs say what is left: the first may find a claim of a killed one
        announce(Attempt(stores[1], rough.url, rough.token, NIGHTS - 1, 0, more * 60))
    expected, found = ([row for row in rows(store) if row["kind"] != "reminder"] for store in stores)
    reminders = [row for row in rows(stores[1]) if row["kind"] == "reminder"]
    assert {row["state"] for row in [*found, *reminders]} == {"sent", "suppressed"}, "nothing is left unsaid"
    assert {row["key"] for row in found} == {row["key"] for row in expected}
    assert len(found) == len(expected) and not any(row["edit_due"] for row in found)
    for channel in (PROMISES, DATA):
        assert keys(rough, channel) == keys(calm, channel), "once each, in order"
        said = {row["key"].partition("/")[2] for row in reminders if row["channel"] == channel}
        assert sorted(keys(rough, channel, reminders=True)) == sorted(said), "once a day"
        assert thread_keys(rough, channel) == thread_keys(calm, channel)
        assert shown(rough, channel) == shown(calm, channel)
    in_slack = {m["ts"] for channel in (PROMISES, DATA) for m in rough.messages[channel]}
    assert {row["slack_ts"] for row in [*found, *reminders] if row["state"] == "sent"} == in_slack
    report(chaos, [*found, *reminders], rough)


def report(chaos: Chaos, found: list[dict[str, Any]], server: SlackServer) -> None:
    """The counts, and that the play was played."""
    kinds = Counter(row["kind"] for row in found if row["state"] == "sent")
    silent = Counter(row["reason"].partition(":")[0] for row in found if row["state"] == "suppressed")
    assert {"first_miss", "still_missed", "kept_again", "cannot_judge", "restated", "digest", "night"} <= set(kinds)
    assert chaos.counts["killed at a random moment"] and chaos.counts["killed with a call at Slack"]
    print(f"\n{NIGHTS} nights: {dict(chaos.counts)}")
    posted, edits = sum(map(len, server.messages.values())), server.count("chat.update")
    print(f"posted {posted} messages and replies, each once; {edits} edits")
    print(f"said {dict(kinds)}; suppressed {dict(silent)}")
