"""The days of one force's judging, laid out on a connection: its logs as far as those days need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import duckdb

from checks.commitment import Measure
from checks.judging import prepare
from dags.look_back import LookBack
from dags.plan import Plan

Files = Mapping[str, Sequence[str]]


@dataclass
class Laid:
    """One force's logs on `con`: laid out anew only where a measure is judged on other days than the one before it.

    `held` names all files of its logs at `versions`; `back` None = every measure is judged on the days of the plan.
    """

    con: duckdb.DuckDBPyConnection
    plan: Plan
    zone: Mapping[str, str]
    bank_holidays: Sequence[tuple[str, date]]
    back: LookBack | None
    held: Files
    versions: Mapping[str, int]
    _reaching: Files = field(default_factory=dict)
    _first_day: tuple[date | None] | None = None

    def by_first_day(self, measure: Measure, standards: Sequence[str]) -> list[tuple[date | None, list[str]]]:
        """The standards a measure is judged by, together by the first day on which it is."""
        found: dict[date | None, list[str]] = defaultdict(list)
        for name in standards:
            day = self.back.judged_from(measure, name, self.versions) if self.back else self.plan.window.first_day
            found[day].append(name)
        return sorted(found.items(), key=lambda each: each[1])

    def lay_out(self, first_day: date | None) -> None:
        """Lay out what a measure judged from this day on reads."""
        if self.back and first_day and not self._reaching:
            self._reaching = self.back.files(self.versions)
        if self._first_day != (first_day,):
            files = self._reaching if self.back and first_day else self._all()
            window = replace(self.plan.window, first_day=first_day)
            prepare(self.con, window, self.zone, files, bank_holidays=self.bank_holidays)
            self._first_day = (first_day,)

    def _all(self) -> Files:
        lake = self.plan.open_lake()
        return {log: lake.at_hand(log, names) for log, names in self.held.items()}

    def missed_files(self, first_day: date | None, standards: Sequence[str]) -> list[str]:
        """The files of the cases whose explanation is owed on these days."""
        if self.back:
            return self.back.missed_files(first_day, standards)
        (force,) = self.zone
        return self.plan.open_lake().files("cases", standard=standards, force=[force])

    def tell_late(self, say: Callable[[str], None]) -> None:
        """Say which months changed that are final."""
        if self.back and self.back.late:
            first, last = min(self.back.late), max(self.back.late)
            say(
                f"{self.back.force}: rows of {first} to {last} changed, and days before {self.back.day} are final: "
                f"`pledge run --from {first}-01 --to … --reason …` judges them again."
            )
