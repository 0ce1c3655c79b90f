"""A night that is disturbed and one that makes it good: together they must leave what one undisturbed night leaves.

    with nights.attempt(folder) as night:            # after a calm night, with a Slack of its own
        said = night.disturbed()
        again = night.undisturbed()
        assert end_state(night.pledge) == nights.wanted and posted(night.slack) == nights.posted

Nothing of the product is replaced: what is broken is its disk, its database, its clock, its files.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

from connectors.settings import load
from connectors.store.announcements import CLAIM_EXPIRES
from connectors.store.tables import COUNTS, FIGURE
from dags.operations import say_due
from tests.journey import test_journey_killed
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, Said, run_here
from tests.slack_server import SlackServer

CALM, DISTURBED = "2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z"
FORCES = ("norfolk", "suffolk")
SECRET = "xoxb-planted-secret"
_LONGEST = 300  # seconds


def deliver(folder: Path, day: str, slow: int) -> None:
    """A day's calls of two forces, every third of them `slow` seconds, and one that cannot be read."""
    rows = [
        call(f"{force}-{day}-{n}", f"{day} 10:{n:02}:00", slow if n % 3 == 0 else 5, force=force)
        for force in FORCES
        for n in range(36)
    ]
    write(folder, "calls", [*rows, call(f"odd-{day}", f"{day} 11:00:00", line="998")])


def arguments(pledge: Pledge, as_at: str = DISTURBED) -> list[str]:
    return ["run", "--input", str(pledge.input), "--as-at", as_at, "--format", "csv", *pledge.places]


@dataclass(frozen=True)
class Running:
    """A command on its way in a process of its own."""

    process: BaseProcess
    answer: Connection

    def said(self) -> Said:
        """What it said, once it has ended."""
        assert self.answer.poll(_LONGEST), "it hangs"
        try:
            said: Said = self.answer.recv()
        except EOFError:
            self.process.join()
            raise AssertionError(f"it died without a word, exit code {self.process.exitcode}") from None
        self.process.join()
        return said


def start(command: Sequence[str], environment: Mapping[str, str], prepare: Callable[[], None] | None = None) -> Running:
    """Start a command; `prepare` (of a module, not a lambda) is done first in its process."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["dags.night", "tests.chaos.disturbed", "great_expectations"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_to_its_end, args=(theirs, tuple(command), {**os.environ, **environment}))
    process.start()
    theirs.close()
    return Running(process, ours)


def _to_its_end(answer: Connection, command: Sequence[str], environment: dict[str, str]) -> None:
    os.environ.clear()  # that of whatever test came first
    os.environ.update(environment)
    tempfile.tempdir = None  # TMPDIR may be another now
    answer.send(run_here(*command))
    answer.close()


@dataclass(frozen=True)
class Night:
    """A lake and store after a calm night, the next night's delivery, and a Slack that remembers the calm night."""

    pledge: Pledge
    slack: SlackServer

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PLEDGE_SLACK_TOKEN": SECRET,
            "PLEDGE_SLACK_CHANNEL": "C0123456789",
            "PLEDGE_SLACK_URL": self.slack.url,
        }

    @property
    def arguments(self) -> list[str]:
        return arguments(self.pledge)

    def disturbed(self, environment: Mapping[str, str] | None = None) -> Said:
        """Run it in a process of its own, whatever may become of that."""
        return start(self.arguments, {**self.environment, **(environment or {})}).said()

    def undisturbed(self) -> Said:
        with patch.dict(os.environ, self.environment):
            return run_here(*self.arguments)

    def say_due(self) -> None:
        """What is done every 15 minutes of a day, once the claims of a run that died have expired."""
        with patch.dict(os.environ, self.environment):
            say_due(replace(load(os.environ), store=self.pledge.store), datetime.now(UTC) + 2 * CLAIM_EXPIRES)


@dataclass(frozen=True)
class Nights:
    """What every attempt begins with, and what it has to end in; `took` = the seconds of an undisturbed one."""

    folder: Path
    said: Mapping[str, Any]
    wanted: Mapping[str, Any] = field(default_factory=dict)
    posted: Sequence[str] = ()
    took: float = 0.0
    figures_before: frozenset[tuple[Any, ...]] = frozenset()
    figures_after: frozenset[tuple[Any, ...]] = frozenset()

    @contextmanager
    def attempt(self, folder: Path, store: str = "") -> Iterator[Night]:
        """A copy of the calm night's end in a folder, which may be there already; removed at the end.

        Args:
            store: URL of another store; where it is SQLite the calm night's end is copied there.
        """
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        if store.startswith("sqlite"):
            beside = Path(store.removeprefix("sqlite:///")).parent
            beside.mkdir(exist_ok=True)
            for file in folder.glob("*.*"):
                shutil.move(file, beside)
        pledge = Pledge(folder, store)
        with SlackServer(token=SECRET) as slack:
            slack.messages.update(deepcopy(dict(self.said)))
            yield Night(pledge, slack)
        shutil.rmtree(folder, ignore_errors=True)


def nights(folder: Path, store_of: Callable[[str], str] = lambda _: "") -> Nights:
    """The calm night, and the next one undisturbed.

    Args:
        store_of: the URL of the store of night `calm`, then of `undisturbed`, which holds the calm night's end.
    """
    pledge = Pledge(folder / "calm", store_of("calm"))
    with SlackServer(token=SECRET) as slack:
        deliver(pledge.input, "2026-03-01", 5)
        calm = Night(pledge, slack)
        with patch.dict(os.environ, calm.environment):
            said = run_here(*arguments(pledge, CALM))
        assert said.code == 0, said.err
        deliver(pledge.input, "2026-03-02", 90)
        begun = Nights(pledge.folder, deepcopy(dict(slack.messages)))
    with begun.attempt(folder / "undisturbed", store_of("undisturbed")) as night:
        start(["settings"], {}).said()  # waits for the imports
        began = time.monotonic()
        said = night.disturbed()
        assert said.code == 0, said.err
        took = time.monotonic() - began
        ended = end_state(night.pledge), posted(night.slack), took
        return Nights(begun.folder, begun.said, *ended, figures(calm.pledge), figures(night.pledge))


def end_state(pledge: Pledge) -> dict[str, Any]:
    """Every table without what belongs to a run or to the clock."""
    told = ("key", "kind", "channel", "state", "reason")
    said = sorted(str([row[name] for name in told]) for row in pledge.tables()["announcements"])
    of_the_clock = ("alert_health",)  # it counts by the month in which a message was really sent
    ended = test_journey_killed.end_state(pledge)
    return {**{name: rows for name, rows in ended.items() if name not in of_the_clock}, "announcements": said}


def figures(pledge: Pledge) -> frozenset[tuple[Any, ...]]:
    """The figures that stand, the verdict last, without what says when they were said."""
    return frozenset(tuple(row[name] for name in (*FIGURE, *COUNTS, "verdict")) for row in pledge.rows("verdicts"))


def posted(slack: SlackServer) -> list[str]:
    """The keys of all that was posted, replies too."""
    said = [message for channel in slack.messages.values() for message in channel]
    return sorted(message["metadata"]["event_payload"]["key"] for message in said)
