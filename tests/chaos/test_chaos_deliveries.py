"""A delivery comes cut short, doubled, swapped, too large or in another form; then it comes as it should.

Whatever comes: every row of it is admitted, quarantined or says nothing new; no row that was there is lost; no value
is in the lake that was not delivered; and once the delivery comes whole the lake holds what it should.
`DELIVERIES_DISTORTED=2000 pytest -s tests/chaos/test_chaos_deliveries.py` for more of them.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from checks.database import connect
from checks.logs import LOGS
from connectors.lake.tables import Lake
from connectors.sources.file import canonical
from dags import admission
from tests.chaos import distorted
from tests.chaos.distorted import AS_GOOD_AS_WHOLE, IN_PART, UNFIT, Due, Kind, deliveries
from tests.chaos.disturbed import SEED, tried

DISTORTED = tried("DELIVERIES_DISTORTED", share=30, full=2000)
AS_AT = datetime(2026, 3, 3, 6, tzinfo=UTC)
KINDS = (*AS_GOOD_AS_WHOLE, *UNFIT, *IN_PART)


class Door:
    """The door of one lake for one log, and what stands behind it."""

    def __init__(self, folder: Path, log: str) -> None:
        self.lake, self.log, self.came = Lake(str(folder / "lake")), log, 0

    def admit(self, path: Path) -> admission.Admitted:
        self.came += 1
        earlier = admission.Earlier()
        return admission.admit(self.lake, canonical(self.log), path, AS_AT, f"d{self.came}", earlier, scheduled=False)

    def held(self) -> Counter[str]:
        """The contract's values of every row in the lake."""
        files = self.lake.files(self.log)
        if not files:
            return Counter()
        columns = ", ".join(f'"{name}"' for name in LOGS[self.log].by_name)
        con = connect()
        try:
            read = (
                "read_parquet($files, hive_partitioning = true, hive_types = {'force': varchar}, union_by_name = true)"
            )
            return Counter(map(str, con.execute(f"select {columns} from {read}", {"files": files}).fetchall()))
        finally:
            con.close()


def test_deliveries_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    fates, wrong = Counter[str](), list[str]()
    for number in range(DISTORTED):
        kind = KINDS[number % len(KINDS)]
        log = drawn.choice([log for log in LOGS if log in distorted.EXAMPLES])
        folder = tmp_path / str(number)
        folder.mkdir()
        count = drawn.randrange(25, 60)
        due = Due(log, deliveries(log, 100, count), deliveries(log, 0, 30), folder, drawn)
        fate, problems = played(kind, due)
        fates[f"{kind.__name__}: {fate}"] += 1
        wrong += [f"{kind.__name__}, {log}, attempt {number}: {each}" for each in problems]
    print(f"\ndeliveries distorted: {DISTORTED} tried, {DISTORTED - len(wrong)} survived (seed {SEED})")
    for fate, times in sorted(fates.items()):
        print(f"  {times} × {fate}")
    assert not wrong, "\n".join(wrong)


def played(kind: Kind, due: Due) -> tuple[str, list[str]]:
    """What became of the distorted delivery, and what is wrong with that."""
    door = Door(due.folder, due.log)
    door.admit(due.whole(due.before))
    before = door.held()
    whole = truth(due)
    done = door.admit(kind(due))
    held = door.held()
    seen = done.examined
    problems = [] if len(before) == len(due.before) else ["the first delivery was not admitted whole"]
    if before - held:
        problems.append(f"{(before - held).total()} rows lost")
    if seen.fitness == "fit" and seen.rows_read != done.rows_admitted + len(seen.refused_rows) + done.rows_unchanged:
        problems.append(
            f"{seen.rows_read} read, {done.rows_admitted} admitted, {len(seen.refused_rows)} quarantined, "
            f"{done.rows_unchanged} unchanged"
        )
    if held - whole and kind is not distorted.bytes_flipped:
        problems.append(f"a value nobody delivered: {next(iter(held - whole))}")
    if kind in AS_GOOD_AS_WHOLE and held != whole:
        problems.append(f"not read as the whole delivery: {seen.reason} {seen.quarantined[:1]}")
    if kind in UNFIT and (seen.fitness, held) != ("unfit", before):
        problems.append(f"taken as {seen.fitness}")
    if seen.fitness == "unfit" and not seen.reason:
        problems.append("nobody is told why it is unfit")
    door.admit(due.whole())
    if whole - door.held():
        problems.append(f"{(whole - door.held()).total()} rows are still wrong or absent when it comes whole")
    return seen.fitness, problems


def truth(due: Due) -> Counter[str]:
    """What the lake holds when both deliveries came as they should."""
    door = Door(due.folder / "as it should be", due.log)
    for rows in (due.before, due.rows):
        door.admit(due.whole(rows))
    return door.held()
