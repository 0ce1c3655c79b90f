"""Running contenders in turn, each a process of its own, and what the operating system says of them."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.memory import used_by


@dataclass(frozen=True)
class Contender:
    """A command; `fresh` is called before each of its runs, outside of what is measured."""

    command: Sequence[str]
    fresh: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Cost:
    """Of one run: wall and processor seconds, megabytes resident at most; of its steps where it tells them, wall."""

    wall: float
    cpu: float
    megabytes: float
    steps: Mapping[str, float] = field(default_factory=dict)
    said: str = ""

    def without(self, wall: float, cpu: float) -> Cost:
        return Cost(self.wall - wall, self.cpu - cpu, self.megabytes, self.steps, self.said)


def of_module(name: str, *arguments: object) -> list[str]:
    """The command of a contender that is a module of this package."""
    return [sys.executable, "-m", f"tests.bench.{name}", *map(str, arguments)]


def pledge(*arguments: object) -> list[str]:
    """A command of the product."""
    return [str(Path(sys.executable).with_name("pledge")), *map(str, arguments)]


def interleaved(contenders: Mapping[str, Contender], repeats: int, folder: Path) -> dict[str, list[Cost]]:
    """Run A, B, C, A, B, C …: what disturbs the machine disturbs them all alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            contender.fresh()
            cost = measured(contender.command, folder)
            print(f"  {name}: {cost.wall:.1f} s, {cost.cpu:.1f} s of processor, {cost.megabytes:,.0f} MB", flush=True)
            costs[name].append(cost)
    return costs


def typical(costs: Sequence[Cost]) -> Cost:
    """The median of each, every one by itself."""
    steps = {name: median(cost.steps.get(name, 0.0) for cost in costs) for name in costs[0].steps}
    each = (median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "megabytes"))
    return Cost(*each, steps, costs[-1].said)


def measured(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end; stops the bench when it fails."""
    out, err = folder / "out.txt", folder / "err.txt"
    started = time.monotonic()
    with out.open("w") as said, err.open("w") as told:
        files = [(os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, told.fileno(), 2)]
        used = used_by(command, folder / "used.json", {**os.environ, "PLEDGE_LOG": "json"}, files)
    wall = time.monotonic() - started
    if used.code:
        raise SystemExit(f"{' '.join(command)}\n{err.read_text()[-3000:]}")
    steps = _steps(err.read_text("utf-8"))
    return Cost(wall, used.processor_seconds, used.megabytes, steps, out.read_text("utf-8"))


def _steps(log: str) -> dict[str, float]:
    """Seconds of each step of a night, those of the forces added up."""
    found: dict[str, float] = {}
    for line in log.splitlines():
        said = json.loads(line) if line.startswith("{") else {}
        if "seconds" in said:
            found[said["step"]] = found.get(said["step"], 0.0) + said["seconds"]
    return found
