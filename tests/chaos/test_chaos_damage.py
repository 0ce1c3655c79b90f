"""Files of the lake or the store are damaged between two nights; they are restored, and the night is run again.

The damaged night fails clearly, or says nothing that is not so. `FILES_DAMAGED=40 pytest -s
tests/chaos/test_chaos_damage.py` for more, `DAMAGE=store_flipped` for one kind.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from tests.chaos.counts import SEED, Counts, tried
from tests.chaos.damage import KINDS, checkpoint
from tests.chaos.disturbed import Night, Nights, figures
from tests.journey.pledge import Said

DAMAGED = tried("FILES_DAMAGED", share=4, full=140)


def test_files_are_damaged(nights: Nights, tmp_path: Path) -> None:
    drawn, counts = random.Random(SEED), Counts("files damaged", nights)
    right = nights.figures_before | nights.figures_after
    kinds = [kind for kind in KINDS if os.environ.get("DAMAGE", "") in kind.__name__]
    for number in range(DAMAGED):
        damage = kinds[number % len(kinds)]
        with nights.attempt(tmp_path / str(number)) as night:
            about = f"attempt {number}, {damage.__name__}"
            kept = tmp_path / "kept"
            if "checkpoint" in damage.__name__:
                checkpoint(night.pledge.folder)
            shutil.copytree(night.pledge.folder, kept)
            path = damage(night.pledge.folder, drawn)
            said = night.disturbed()
            problem = wrong_figures(night, said, right)
            restore(night.pledge.folder, kept, path)
            counts.settle_figures(night, said, about)
            counts.wrong += [f"{about}: {problem}"] if problem else []
    counts.report()


def wrong_figures(night: Night, said: Said, right: frozenset[tuple[object, ...]]) -> str:
    """What the damaged night says that is not so."""
    if said.code != 0:
        return ""
    wrong = [row for row in figures(night.pledge) - right if row[-1] != "cannot_judge"]
    return f"{len(wrong)} wrong figures, such as {wrong[0]}" if wrong else ""


def restore(folder: Path, kept: Path, path: Path) -> None:
    """Bring a damaged file back as it was; of a store all its files."""
    if path.parent == folder:
        for file in folder.glob("pledge.sqlite*"):
            file.unlink()
        for file in kept.glob("pledge.sqlite*"):
            shutil.copy(file, folder)
    else:
        shutil.copy(kept / path.relative_to(folder), path)
    shutil.rmtree(kept)
