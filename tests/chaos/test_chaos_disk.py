"""The disk is full at a random moment of a night; there is room again, and the night is run once more.

`DISKS_FILLED=40 pytest -s tests/chaos/test_chaos_disk.py` for more of them.
"""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.counts import SEED, Counts, refused_clearly, tried
from tests.chaos.disks import disk
from tests.chaos.disturbed import Night, Nights, start
from tests.journey.pledge import Said

FILLED = tried("DISKS_FILLED", share=4, full=80)
SITES = tried("SITES_FILLED", share=1, full=12)
# The folder whose disk fills up, below that of lake and store, and the bytes a night needs of it.
DISKS = {"lake": 150_000, "store": 620_000, "temporary": 9_000, ".": 770_000}


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
            about = f"{which}, {free:,} bytes free"
            counts.settle(night, said, about, codes=(0, 3))
            if said.code and "room" not in said.sentence:
                counts.wrong.append(f"{about}: it does not say that there is no room: {said.sentence}")
    counts.report()


def test_the_disk_is_full_while_the_site_is_built(nights: Nights, tmp_path: Path) -> None:
    drawn, wrong = random.Random(SEED), list[str]()
    with nights.attempt(tmp_path / "night") as night:
        built(night, tmp_path / "undisturbed")
        wanted = files(tmp_path / "undisturbed")
        for number in range(SITES):
            with disk(tmp_path / str(number)) as filled:
                free = drawn.randrange(sum(map(len, wanted.values())))
                filled.leave(free)
                problem = refused_clearly(built(night, filled.place), 3)
                filled.free()
                again = built(night, filled.place)
                if problem or again.code or files(filled.place) != wanted:
                    wrong.append(f"{free:,} bytes free: {problem or again.err[-500:] or 'another site'}")
    print(f"\ndisk full while the site is built: {SITES} tried, {SITES - len(wrong)} survived (seed {SEED})")
    assert not wrong, "\n".join(wrong)


def built(night: Night, out: Path) -> Said:
    return start(["report", "--out", str(out), *night.pledge.places], night.environment).said()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
