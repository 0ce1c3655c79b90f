"""A delivery comes cut short, doubled, swapped, too large or in another form; then it comes as it should.

Whatever comes: every row of it is admitted, quarantined or says nothing new; no row that was there is lost; no value
is in the lake that was not delivered; and once the delivery comes whole the lake holds what it should.
`DELIVERIES_DISTORTED=2000 pytest -s tests/chaos/test_chaos_deliveries.py` for more of them.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from checks.database import connect
from checks.logs import LOGS
from connectors.lake.tables import Lake
from connectors.sources.file import canonical
from dags import admission
from dags.examining import Earlier
from tests.chaos.counts import SEED, tried
from tests.chaos.distorted import AS_GOOD_AS_WHOLE, IN_PART, UNFIT, Due, Kind, bytes_flipped, deliveries, hundredfold

DISTORTED = tried("DELIVERIES_DISTORTED", share=18, full=2000)
AS_AT = datetime(2026, 3, 3, 6, tzinfo=UTC)
USUAL = 50  # rows
KINDS = (*AS_GOOD_AS_WHOLE, *UNFIT, *IN_PART)


class Door:
    """The door of one lake for one log, and what stands behind it."""

    def __init__(self, folder: Path, log: str) -> None:
        self.lake, self.log, self.came = Lake(str(folder)), log, 0

    def admit(self, path: Path, scheduled: bool = False) -> admission.Admitted:
        self.came += 1
        named, earlier = f"{self.log}{self.came}", Earlier(row_counts=(USUAL,) * 8)
        return admission.admit(self.lake, canonical(self.log), path, AS_AT, named, earlier, scheduled)

    def held(self) -> Counter[str]:
        """The contract's values of every row in the lake."""
        files = self.lake.files(self.log)
        if not files:
            return Counter()
        columns = ", ".join(f'"{name}"' for name in LOGS[self.log].by_name)
        read = "read_parquet($files, hive_partitioning = true, hive_types = {'force': varchar}, union_by_name = true)"
        con = connect()
        try:
            return Counter(map(str, con.execute(f"select {columns} from {read}", {"files": files}).fetchall()))
        finally:
            con.close()


@dataclass(frozen=True)
class Begun:
    """A lake into which the first delivery came as it should, and what stands in it, then and after the second."""

    folder: Path
    before: Counter[str]
    whole: Counter[str]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Begun]:
    @cache
    def begin(log: str) -> Begun:
        folder = tmp_path_factory.mktemp(log)
        due = due_of(log, folder, random.Random())
        door = Door(folder / "lake", log)
        door.admit(due.whole(due.before))
        shutil.copytree(folder / "lake", folder / "begun")
        before = door.held()
        door.admit(due.whole())
        assert len(before) == len(due.before) and len(door.held()) == len(due.before) + len(due.rows)
        return Begun(folder / "begun", before, door.held())

    return begin


def due_of(log: str, folder: Path, drawn: random.Random) -> Due:
    return Due(log, deliveries(log, 100, USUAL), deliveries(log, 0, 30), folder, drawn)


def test_deliveries_that_are_not_what_they_should_be(begun: Callable[[str], Begun], tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    fates, wrong = Counter[str](), list[str]()
    for number in range(DISTORTED):
        kind, log = KINDS[number % len(KINDS)], drawn.choice(sorted(LOGS))
        folder = tmp_path / str(number)
        shutil.copytree(begun(log).folder, folder / "lake")
        fate, problems = played(kind, due_of(log, folder, drawn), begun(log))
        fates[f"{kind.__name__}: {fate}"] += 1
        wrong += [f"{kind.__name__}, {log}, attempt {number}: {each}" for each in problems]
        shutil.rmtree(folder)
    lost = sum("lost" in each for each in wrong)
    print(f"\ndeliveries distorted: {DISTORTED} tried, {DISTORTED - len(wrong)} survived, {lost} lost (seed {SEED})")
    for fate, times in sorted(fates.items()):
        print(f"  {times} × {fate}")
    assert not wrong, "\n".join(wrong)


def played(kind: Kind, due: Due, begun: Begun) -> tuple[str, list[str]]:
    """What became of the distorted delivery, and what is wrong with that."""
    door = Door(due.folder / "lake", due.log)
    scheduled = due.drawn.random() < 0.5  # else it is handed over by name, and its size is nobody's business
    done = door.admit(kind(due), scheduled)
    held, seen = door.held(), done.examined
    accounted = done.rows_admitted + len(seen.refused_rows) + done.rows_unchanged
    unfit = kind in UNFIT or (kind is hundredfold and scheduled)
    invents = kind in (bytes_flipped, hundredfold)
    problems = {
        f"{(begun.before - held).total()} rows lost": begun.before - held,
        f"{seen.rows_read} rows read, {accounted} accounted for": seen.fitness == "fit" and seen.rows_read != accounted,
        f"values nobody delivered: {list(held - begun.whole)[:2]}": not invents and held - begun.whole,
        "not read as the whole delivery": kind in AS_GOOD_AS_WHOLE and held != begun.whole,
        f"taken as {seen.fitness}": unfit and (seen.fitness, held) != ("unfit", begun.before),
        "nobody is told why it is unfit": seen.fitness == "unfit" and not seen.reason,
    }
    if kind in AS_GOOD_AS_WHOLE:
        return seen.fitness, [said for said, holds in problems.items() if holds]
    door.admit(due.whole())
    absent = begun.whole - door.held()
    problems[f"{absent.total()} rows lost even when it comes whole"] = absent
    return seen.fitness, [said for said, holds in problems.items() if holds]
