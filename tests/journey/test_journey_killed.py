"""A run killed at any moment, and two at once: run again, everything ends as if nothing had happened.

`KILLS=50 pytest -s tests/journey/test_journey_killed.py` for more of them. The runs are processes of their own, started
from one that has done the imports already: those take longer than the run.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess as Process
from pathlib import Path
from typing import Any

import pytest

from tests.journey.conftest import AS_AT
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, run_here

KILLS = int(os.environ.get("KILLS", "5"))
# What says when and by which run a thing was done, not what was found.
OF_THE_RUN = {
    "run_id", "run_number", "opened_run", "closed_run", "first_run", "last_changed_run", "started_at", "finished_at",
    "previous_hash", "hash", "location", "code_version", "input_key", "basis",
}  # fmt: skip
FORCES = ("norfolk", "suffolk")


def logs(folder: Path) -> None:
    days = ("2026-02-28", "2026-03-01", "2026-03-02")
    calls = [
        call(f"{force}{day}{n}", f"{day} 10:{n:02}:00", 5 + 3 * n, force=force, line="101" if n % 3 else "999")
        for force in FORCES
        for day in days
        for n in range(4)
    ]
    write(folder, "calls", [*calls, call("bad", "2026-03-02 11:00:00", line="998")])
    rows = [
        incident(f"{force}{n}", f"2026-03-02 1{n}:00:00", 10 + 2 * n, force=force) for force in FORCES for n in range(3)
    ]
    write(folder, "incidents", rows)


def arguments(pledge: Pledge) -> list[str]:
    return ["run", "--input", str(pledge.input), "--as-at", AS_AT, "--format", "csv", *pledge.places]


def end_state(pledge: Pledge) -> dict[str, Any]:
    """Every table without what belongs to a run, what the runs that ended say, and the cases in the lake."""
    tables = {
        name: sorted(str({key: value for key, value in row.items() if key not in OF_THE_RUN}) for row in rows)
        for name, rows in pledge.tables().items()
        if name != "runs"
    }
    runs = {row["figures_hash"] for row in pledge.rows("runs") if row["status"] == "done"}
    named = [word for measure in ("answer_999", "attend_emergency", "explained") for word in ("--measure", measure)]
    cases = [{k: v for k, v in row.items() if k not in OF_THE_RUN} for row in pledge.rows("cases", *named)]
    return {**tables, "figures_hashes": runs, "lake_cases": cases}


def started(pledge: Pledge, *command: str) -> Process:
    """A run (or another command) on its way in a process of its own."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["dags.night", "tests.journey.pledge", "great_expectations"])
    process = context.Process(target=to_its_end, args=(command or arguments(pledge),))
    process.start()
    return process


def to_its_end(arguments: Sequence[str]) -> None:
    said = run_here(*arguments)
    sys.stderr.write(said.err if said.code else "")
    sys.exit(said.code)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], float]:
    """The input, the end state of an undisturbed run on it, and how long that took."""
    pledge = Pledge(tmp_path_factory.mktemp("undisturbed"))
    logs(pledge.input)
    started(pledge, "settings").join(120)  # waits for the imports
    began = time.monotonic()
    process = started(pledge)
    process.join(300)
    took = time.monotonic() - began
    assert process.exitcode == 0
    return pledge.input, end_state(pledge), took


def test_killed_at_random_moments(undisturbed: tuple[Path, dict[str, Any], float], tmp_path: Path) -> None:
    source, wanted, took = undisturbed
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    killed = 0
    for attempt in range(KILLS):
        pledge = Pledge(tmp_path / str(attempt))
        shutil.copytree(source, pledge.input, dirs_exist_ok=True)
        moment = took * moments.uniform(0.05, 1.0)
        killed += killed_after(pledge, moment)
        said = pledge.run(AS_AT)
        assert said.code == 0, f"seed {seed}, killed after {moment:.2f} s: {said.err}"
        assert end_state(pledge) == wanted, f"seed {seed}, killed after {moment:.2f} of {took:.2f} s"
        shutil.rmtree(pledge.folder)
    print(f"{killed} of {KILLS} runs were killed before their end (seed {seed})")


def killed_after(pledge: Pledge, seconds: float) -> bool:
    process = started(pledge)
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode == -signal.SIGKILL


def test_two_runs_at_once(undisturbed: tuple[Path, dict[str, Any], float], tmp_path: Path) -> None:
    source, wanted, _ = undisturbed
    pledge = Pledge(tmp_path)
    shutil.copytree(source, pledge.input, dirs_exist_ok=True)
    both = [started(pledge) for _ in range(2)]
    for process in both:
        process.join(300)
    assert [process.exitcode for process in both] == [0, 0]
    assert end_state(pledge) == wanted
    chain = {row["previous_hash"]: row["hash"] for row in pledge.rows("runs")}
    assert len(chain) == 2, "each run follows another one, or none"
    assert chain[chain[""]]
