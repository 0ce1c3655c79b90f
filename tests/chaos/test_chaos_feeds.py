"""A night's only feed comes in a state in which it cannot be read: that is no broken promise. Then it comes whole.

`FEEDS_BROKEN=40 pytest -s tests/chaos/test_chaos_feeds.py` for more.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path

from tests.chaos.counts import SEED, refused_clearly, tried
from tests.chaos.distorted import UNFIT, Due
from tests.chaos.disturbed import Night, Nights, figures
from tests.journey.pledge import Said

BROKEN = tried("FEEDS_BROKEN", share=1, full=40)
MISSES = {"first_miss", "still_missed"}
BLIND = {"cannot_judge"}


def test_a_broken_feed_is_no_broken_promise(nights: Nights, tmp_path: Path) -> None:
    drawn, wrong, fates = random.Random(SEED), list[str](), Counter[str]()
    for number in range(BROKEN):
        with nights.attempt(tmp_path / str(number)) as night:
            path = night.pledge.input / "calls.csv"
            whole = path.read_bytes()
            rows = list(csv.DictReader(whole.decode().splitlines()))
            kind = UNFIT[(number + SEED) % len(UNFIT)]
            came = kind(Due("calls", rows, [], path.parent, drawn))
            problems = [*said_of_a_broken_feed(night, night.disturbed())]
            came.unlink()
            path.write_bytes(whole)
            again, found = night.undisturbed(), figures(night.pledge)
            # Of the day on which the file came that could not be read nothing is known until the next one.
            if again.code or nights.figures_after - found or {row[-1] for row in found - nights.figures_after} > BLIND:
                problems.append(f"not made good: {again.err[-500:]}")
            wrong += [f"{kind.__name__}, attempt {number}: {each}" for each in problems]
            fates[kind.__name__] += 1
    print(f"\nfeeds broken: {BROKEN} tried, {BROKEN - len(wrong)} survived: {dict(fates)} (seed {SEED})")
    assert not wrong, "\n".join(wrong)


def said_of_a_broken_feed(night: Night, said: Said) -> list[str]:
    """What is wrong with a night that could not read its feed."""
    problems = [refused_clearly(said, 1)]
    alarms = [row["key"] for row in night.pledge.tables()["announcements"] if row["kind"] in MISSES]
    problems.append(f"alarmed: {alarms}" if alarms else "")
    verdict = night.pledge.figure("answer_999", "day", "2026-03-02")["verdict"]
    problems.append("" if verdict == "cannot_judge" else f"judged as {verdict}")
    return [each for each in problems if each]
