"""The disk is full at a random moment of a night; there is room again, and the night is run once more.

`DISKS_FILLED=40 pytest -s tests/chaos/test_chaos_disk.py` for more of them.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.disks import disk
from tests.chaos.disturbed import SEED, Counts, Nights, tried

FILLED = tried("DISKS_FILLED", share=4, full=80)
# The folder whose disk fills up, below that of lake and store, and the bytes a night needs of it.
DISKS = {"lake": 150_000, "store": 620_000, "temporary": 40_000, ".": 770_000}


def test_the_disk_is_full(nights: Nights, tmp_path: Path) -> None:
    drawn, counts = random.Random(SEED), Counts("disk full", nights)
    for number in range(FILLED):
        which = list(DISKS)[number % len(DISKS)]
        folder, free = tmp_path / str(number), drawn.randrange(DISKS[which])
        with ExitStack() as stack:
            store = f"sqlite:///{folder}/store/pledge.sqlite" if which == "store" else ""
            filled = stack.enter_context(disk(folder / which))
            night = stack.enter_context(nights.attempt(folder, store))
            temporary = folder / "temporary"
            temporary.mkdir(exist_ok=True)
            filled.leave(free)
            said = night.disturbed({"TMPDIR": str(temporary)})
            filled.free()
            counts.settle(night, said, f"{which}, {free:,} bytes free", codes=(0, 3))
    counts.report()
