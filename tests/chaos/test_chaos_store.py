"""The store is away, slow, read only or held by another process at a random moment of a night, which is then run again.

PostgreSQL is stopped and restarted, and stands behind a network that is slow and is cut; SQLite lies on a disk that is
read only, and is held by another process. `STORES_BROKEN=40 pytest -s tests/chaos/test_chaos_store.py` for more.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.store.engine import WAIT_SECONDS
from tests.chaos.counts import SEED, Counts, tried
from tests.chaos.disks import disk
from tests.chaos.disturbed import Night, Nights, start
from tests.chaos.disturbed import nights as of_a_calm_night
from tests.chaos.postgres import Postgres, postgres
from tests.chaos.proxy import Cuts, Passes, Proxy, Refuses, dropping, may_drop
from tests.journey.conftest import forget_settings
from tests.journey.pledge import Said

BROKEN = tried("STORES_BROKEN", share=3, full=70)
AT_ONCE = tried("NIGHTS_AT_ONCE", share=1, full=20)
HELD = tried("STORES_HELD", share=1, full=20)
# What passes between a night and its database, in bytes.
PASSES = 1_200_000


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="module")
def nights_on_postgres(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    of = {"calm": "template1", "undisturbed": "calm"}
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        folder = tmp_path_factory.mktemp("nights_on_postgres")
        return of_a_calm_night(folder, lambda name: server.copied(name, of[name]))


@dataclass(frozen=True)
class Attempt:
    """A night over a network that can be cut; it is broken at a `share` of the `seconds` that a night takes."""

    server: Postgres
    proxy: Proxy
    night: Night
    share: float
    seconds: float

    def absent(self) -> Said:
        self.proxy.now(Refuses())
        return self.night.disturbed()

    def slow(self) -> Said:
        self.proxy.now(Passes(delay=0.005))
        return self.night.disturbed()

    def cut(self) -> Said:
        self.proxy.now(Cuts(after=int(self.share * PASSES)))
        return self.night.disturbed()

    def restarted(self) -> Said:
        with later(self.share * self.seconds, self.server.stop, self.server.start):
            return self.night.disturbed()

    def stopped(self) -> Said:
        with later(self.share * self.seconds, self.server.stop):
            said = self.night.disturbed()
        self.server.start()
        return said

    def silent(self) -> Said:
        """Nothing passes, and nobody is told: it takes a minute until the connection counts as cut."""
        with dropping(self.proxy.port) as drop, later(self.share * self.seconds, drop):
            return self.night.disturbed()


HOW = (Attempt.cut, Attempt.restarted, Attempt.stopped, Attempt.cut, Attempt.absent, Attempt.slow)
if os.environ.get("PLEDGE_CHAOS") and may_drop():
    HOW += (Attempt.silent,)


@contextmanager
def later(seconds: float, *acts: Callable[[], object]) -> Iterator[None]:
    """Do something after some seconds, while the block runs."""
    timer = threading.Timer(seconds, lambda: [act() for act in acts])
    timer.start()
    yield
    timer.join()


def test_postgresql_is_away_slow_or_cut_off(nights_on_postgres: Nights, server: Postgres, tmp_path: Path) -> None:
    drawn, counts = random.Random(SEED), Counts("PostgreSQL away, slow or cut off", nights_on_postgres)
    for number in range(BROKEN):
        how, share = HOW[number % len(HOW)], drawn.uniform(0.02, 1.0)
        with Proxy(server.socket) as proxy:
            store = server.copied(f"attempt_{number}", "calm", proxy.port)
            with nights_on_postgres.attempt(tmp_path / str(number), store) as night:
                said = how(Attempt(server, proxy, night, share, nights_on_postgres.took))
                proxy.now(Passes())
                counts.settle(night, said, f"{how.__name__} after {share:.2f} of it")
    counts.report()


def test_two_nights_at_once_on_postgresql(nights_on_postgres: Nights, server: Postgres, tmp_path: Path) -> None:
    """On SQLite: tests/journey/test_journey_killed.py."""
    counts = Counts("two nights at once on PostgreSQL", nights_on_postgres)
    for number in range(AT_ONCE):
        store = server.copied(f"at_once_{number}", "calm")
        with nights_on_postgres.attempt(tmp_path / str(number), store) as night:
            both = [start(night.arguments, night.environment) for _ in range(2)]
            failed = [said.err for said in [each.said() for each in both] if said.code]
            night.say_due()
            counts.compare(night, f"attempt {number}", failed)
    counts.report()


def test_sqlite_is_held_by_another_process(nights: Nights, tmp_path: Path) -> None:
    """It is waited for; where that takes too long the night says so."""
    drawn, counts = random.Random(SEED), Counts("SQLite held by another process", nights)
    for number in range(HELD):
        with nights.attempt(tmp_path / str(number)) as night:
            share, too_long = drawn.uniform(0.0, 1.0), number % 10 == 9
            seconds = WAIT_SECONDS + 10 if too_long else drawn.uniform(0.5, 5)
            file = night.pledge.store.removeprefix("sqlite:///")
            with later(share * nights.took, lambda file=file, seconds=seconds: hold(file, seconds)):
                said = night.disturbed()
            counts.settle(
                night, said, f"held for {seconds:.0f} s after {share:.2f} of it", (0, 3) if too_long else (0,)
            )
    counts.report()


def hold(file: str, seconds: float) -> None:
    with closing(sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Event().wait(seconds)
        other.execute("ROLLBACK")


def test_the_disk_of_sqlite_is_read_only(nights: Nights, tmp_path: Path) -> None:
    counts = Counts("SQLite read only", nights)
    folder = tmp_path / "night"
    with disk(folder / "store") as broken, nights.attempt(folder, f"sqlite:///{folder}/store/pledge.sqlite") as night:
        broken.read_only()
        said = night.disturbed()
        broken.free()
        counts.settle(night, said, "read only", codes=(2, 3))
    counts.report()
