"""The machine's clock jumps while a night runs: what a night says depends on its `--as-at` alone.

The clock is moved for the whole process, its libraries included, by a preloaded library of 40 lines of C.
`CLOCKS_MOVED=40 pytest -s tests/chaos/test_chaos_clock.py` for more.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.counts import SEED, Counts, tried
from tests.chaos.disturbed import Night, Nights
from tests.journey.pledge import COMMAND, Said
from tests.slack_server import Holds

MOVED = tried("CLOCKS_MOVED", share=1, full=40)
HOUR, DAY, YEAR = 3600, 86400, 365 * 86400
# Moments before London's clocks go forward and back, of the year the nights are about and of another.
CHANGES = (datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC), datetime(2027, 10, 31, 0, 59, 50, tzinfo=UTC))
LIBRARY = Path(__file__).with_name("moved_clock.c")


@dataclass(frozen=True)
class Clock:
    """A clock that programs started with `environment` go by; `move` counts from the real time."""

    library: Path
    file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.file)}

    def move(self, seconds: int) -> None:
        with self.file.open("r+b") as file:
            file.write(struct.pack("q", seconds))

    @contextmanager
    def jumping(self, drawn: random.Random) -> Iterator[None]:
        """Move it again and again, to and fro, while the block runs."""
        over = threading.Event()

        def jump() -> None:
            while not over.wait(drawn.uniform(0.1, 1.5)):
                self.move(moved(drawn))

        thread = threading.Thread(target=jump)
        thread.start()
        yield
        over.set()
        thread.join()


def moved(drawn: random.Random) -> int:
    """How far a clock jumps, in seconds: a little, a change of the clocks, or far."""
    now = datetime.now(UTC).timestamp()
    far = drawn.choice((1, 90, HOUR, DAY, 3 * DAY, YEAR))
    return drawn.choice((far, -far, *(int(change.timestamp() - now) for change in CHANGES)))


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler makes the library that moves the clock, and there is none")
    folder = tmp_path_factory.mktemp("clock")
    made = Clock(folder / "moved_clock.so", folder / "seconds")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made.library, LIBRARY, "-ldl"], check=True)
    made.file.write_bytes(struct.pack("q", 0))
    return made


def by(clock: Clock, night: Night) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **night.environment, **clock.environment}
    return subprocess.Popen([COMMAND, *night.arguments], env=environment, stdout=-1, stderr=-1)


def said_by(process: subprocess.Popen[bytes]) -> Said:
    out, err = process.communicate(timeout=300)
    return Said(process.returncode, out, err.decode())


def test_the_clock_jumps_while_a_night_runs(nights: Nights, clock: Clock, tmp_path: Path) -> None:
    drawn, counts = random.Random(SEED), Counts("clock jumping", nights)
    for number in range(MOVED):
        with nights.attempt(tmp_path / str(number)) as night:
            clock.move(moved(drawn))
            with clock.jumping(drawn):
                said = said_by(by(clock, night))
            counts.settle(night, said, f"attempt {number}", codes=(0,))
    counts.report()


def test_killed_with_a_post_at_slack_by_a_clock_that_is_put_right(nights: Nights, clock: Clock, tmp_path: Path) -> None:
    """What was claimed in the future is neither said again nor kept back until then."""
    drawn, counts = random.Random(SEED), Counts("killed by a clock that was wrong", nights)
    for number in range(MOVED):
        ahead = drawn.choice((2 * HOUR, 3 * DAY, YEAR))
        with nights.attempt(tmp_path / str(number)) as night:
            clock.move(ahead)
            held = Holds()
            night.slack.next("chat.postMessage", held)
            process = by(clock, night)
            assert held.taken.wait(300), "nothing is said"
            process.kill()
            process.communicate()
            held.release.set()
            clock.move(0)
            counts.settle(night, Said(0, b"", ""), f"{ahead} s ahead", codes=(0,))
    counts.report()
