"""How often something was broken on purpose and what came of it: tried, survived, lost, said twice."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.disturbed import SECRET, Night, Nights, end_state, figures, posted
from tests.journey.pledge import Said

_FULL = bool(os.environ.get("PLEDGE_CHAOS"))
# The share in `make test` breaks the same things every time, so that it tells of the change that is tested.
SEED = int(os.environ.get("PLEDGE_CHAOS_SEED") or (random.randrange(10**6) if _FULL else 2008))
# <where>: <found>; <expected>. <do>
_ONE_SENTENCE = re.compile(r"pledge: \S.*: .+; .+\. .+")


def tried(setting: str, share: int, full: int) -> int:
    """How often a test breaks something: its setting, else all of it in `make chaos`, else a share."""
    return int(os.environ.get(setting) or (full if _FULL else share))


def refused_clearly(said: Said, *codes: int) -> str:
    """What is wrong with how a command failed; '' where it is one sentence, of a kind that was to be expected."""
    if said.code not in codes:
        return f"exit code {said.code}, not one of {codes}: {said.err[-800:]}"
    if "Traceback" in said.err or "nobody foresaw" in said.err:
        return f"a traceback: {said.err[-800:]}"
    if SECRET in said.err or SECRET.encode() in said.out:
        return "a secret was said"
    if said.code >= 2 and not _ONE_SENTENCE.fullmatch(said.sentence):
        return f"not one sentence: {said.sentence}"
    return ""


@dataclass
class Counts:
    """How often something was tried, and what came of it; `report` fails where anything was lost or said twice."""

    subject: str
    nights: Nights
    tried: int = 0
    survived: int = 0
    lost: int = 0
    said_twice: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def settle(self, night: Night, disturbed: Said, about: str, codes: Sequence[int] = (0, 3)) -> None:
        """Make the disturbed night good by another and compare what both leave with an undisturbed one."""
        again = night.undisturbed()
        night.say_due()
        problems = [refused_clearly(disturbed, *codes), "" if again.code == 0 else f"made good: {again.err[-800:]}"]
        self.compare(night, about, [each for each in problems if each])
        self.endings[_ending(disturbed)] += 1

    def settle_figures(self, night: Night, disturbed: Said, about: str) -> None:
        """The same of a night that could record a part: it is restated afterwards, so that only the figures that stand
        are compared."""
        problem, again = refused_clearly(disturbed, 0, 1, 2, 3, 4), night.undisturbed()
        night.say_due()
        lost = len(self.nights.figures_after ^ figures(night.pledge))
        twice = sum(count - 1 for count in Counter(posted(night.slack)).values())
        told = [problem] * bool(problem) + [f"made good: {again.err[-800:]}"] * bool(again.code)
        told += [f"{lost} figures differ"] * bool(lost) + [f"{twice} said twice"] * bool(twice)
        self.tried, self.survived = self.tried + 1, self.survived + (not told)
        self.lost, self.said_twice = self.lost + lost, self.said_twice + twice
        self.wrong += [f"{about}: {each}" for each in told]
        self.endings[_ending(disturbed)] += 1

    def compare(self, night: Night, about: str, problems: Sequence[str] = ()) -> None:
        """Compare what a night left with an undisturbed one."""
        found, said = end_state(night.pledge), Counter(posted(night.slack))
        wanted, to_be_said = self.nights.wanted, Counter(self.nights.posted)
        differ = [name for name in wanted if found.get(name) != wanted[name]]
        self.tried += 1
        self.lost += sum((Counter(wanted[name]) - Counter(found[name])).total() for name in differ)
        self.lost += (to_be_said - said).total()
        self.said_twice += (said - to_be_said).total()
        told = [*problems, *(f"table {name} differs: {_differ(wanted[name], found[name])}" for name in differ)]
        told += ["Slack differs"] if said != to_be_said else []
        self.survived += not told
        self.wrong += [f"{about}: {problem}" for problem in told]

    def report(self) -> None:
        """Print the counts; fail where something went wrong."""
        print(
            f"\n{self.subject}: {self.tried} tried, {self.survived} survived, {self.lost} lost, "
            f"{self.said_twice} said twice (seed {SEED})"
        )
        for ending, count in self.endings.most_common():
            print(f"  {count} × {ending}")
        assert not self.wrong, "\n".join(self.wrong)


def _ending(said: Said) -> str:
    """How a night ended, without the places and numbers of this one."""
    sentence = said.sentence if said.code else "done"
    return re.sub(r"(/[^\s:;]+)+", "…", re.sub(r"127\.0\.0\.1:\d+", "…", sentence))[:200]


def _differ(wanted: Any, found: Any) -> str:
    missing, more = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    return f"{missing.total()} missing, {more.total()} more, such as {next(iter([*missing, *more]), '')!s:.600}"
