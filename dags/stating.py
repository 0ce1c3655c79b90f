"""Which figures a run states anew: those that a changed case or a clock can have changed since a run stated them all.

What else a figure rests on (code, standards, reference data, feeds, erasures) has a hash; where that is another one
than the last run's, every figure of the look-back is stated anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from checks.feeds import ALL, Feeds
from checks.series import Rebases
from checks.standard import Standard
from connectors.lake.tables import Lake
from connectors.settings import Settings
from dags.look_back import CASES, WHOLE, first_day, first_figure, input_of, judged_whole
from dags.plan import Plan, forces_of, zones
from dags.versions import code_hash

Row = Mapping[str, Any]
BASIS = "basis"
_TWELVE = 11


@dataclass(frozen=True)
class Scope:
    """The figures stated anew.

    `first` = the first day a figure of them may begin on (None: any day). `months` = the local months, by force, of
    which something may have changed (None: every month); a force that is not named has none.
    """

    first: date | None = None
    months: Mapping[str, frozenset[date]] | None = None

    def has(self, force: str, period: str, start: date) -> bool:
        """Whether a figure is stated anew."""
        if self.first and start < self.first:
            return False
        if self.months is None:
            return True
        months = self.months.get(force, frozenset())
        if period in ("day", "month"):
            return start.replace(day=1) in months
        last = start.replace(month=12) if period == "year" else _later(start, _TWELVE)
        return any(start <= month <= last for month in months)

    @property
    def is_everything(self) -> bool:
        return self.first is None and self.months is None

    @property
    def cases_from(self) -> date | None:
        """The first day of the cases that its figures count; None = every case."""
        if self.months is None:
            return self.first
        earliest = min((month for months in self.months.values() for month in months), default=date.max)
        return max(first_figure(earliest), self.first or date.min) if earliest < date.max else date.max

    @property
    def days_in(self) -> frozenset[date] | None:
        """The months whose days are stated anew for any force; None = all."""
        return None if self.months is None else frozenset().union(*self.months.values())


EVERYTHING = Scope()


def scope(
    plan: Plan, lake: Lake, runs: Sequence[Row], standards: Sequence[Standard], forces: Sequence[str], basis: str,
    cases: int | None, say: Callable[[str], None],
) -> Scope:  # fmt: skip
    """What a run states anew, by what the newest run left and by what changed in the lake since."""
    done = sorted((row for row in runs if row["status"] == "done"), key=lambda row: row["run_number"])
    pairs = [(each.name, force) for each in standards for force in forces]
    judged = next((row for row in reversed(done) if all(judged_whole(row, *pair) for pair in pairs)), None)
    if plan.counted_from:
        return _of_part(plan, forces)
    if plan.first_day or plan.last_day or plan.forces or judged is None or cases is None:
        return EVERYTHING
    first = first_figure(first_day(plan.moment))
    last, said = done[-1], input_of(done[-1])
    changed = lake.changed_cases(input_of(judged).get(CASES), cases)
    oldest = min((month for _, _, force, month in changed if force in forces), default="9999-12")
    if _month(oldest) < first:  # what was never judged came in, or was erased
        return EVERYTHING
    if last is not judged or not said.get(WHOLE) or said.get(BASIS) != basis or last["as_at"] > plan.moment:
        if said.get(BASIS) and said[BASIS] != basis:
            say(f"Other code, standards, feeds or reference data than the last run's: every figure since {first} anew.")
        return Scope(first)
    clock = _months_between(last["as_at"], plan.moment)
    months = {force: clock | {_month(month) for *_, of, month in changed if of == force} for force in forces}
    months[ALL] = clock.union(*months.values(), (_month(month) for *_, month in changed))
    return Scope(first, months)


def _of_part(plan: Plan, forces: Sequence[str]) -> Scope:
    """The figures of a backfill's part: of its days, and what is longer and ends in it."""
    window = plan.window
    month, months = (window.first_day or date.min).replace(day=1), set()
    while month <= (window.last_day or plan.moment.date()):
        months.add(month)
        month = _later(month, 1)
    return Scope(plan.counted.window.first_day, dict.fromkeys([*forces, ALL], frozenset(months)))


def basis(
    settings: Settings, standards: Iterable[Standard], feeds: Feeds, erased: Sequence[Row], rebases: Rebases
) -> str:
    """A hash of what every figure rests on but the cases and the time."""
    forces = sorted({*feeds.held, *feeds.days})
    parts = (
        code_hash(),
        [(each.name, each.sha256) for each in standards],
        sorted((force, sorted(logs)) for force, logs in feeds.held.items()),
        sorted((force, sorted(columns)) for force, columns in feeds.never.items() if columns),
        sorted((force, [repr(gap) for gap in gaps]) for force, gaps in feeds.gaps.items()),
        sorted(str(row.get("run_id")) for row in erased),
        sorted(zones(settings, [*forces, ALL]).items()),
        [repr(each) for each in forces_of(settings).values()],
        sorted((repr(each), repr(placed)) for each, placed in rebases.items()),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _months_between(before: datetime, now: datetime) -> frozenset[date]:
    """The months in which a day, and so a longer period, may have ended between two moments."""
    day, last = before.date() - timedelta(days=2), now.date() + timedelta(days=1)
    months = {last.replace(day=1)}
    while day <= last:
        months.add(day.replace(day=1))
        day = _later(day.replace(day=1), 1)
    return frozenset(months)


def _later(month: date, months: int) -> date:
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _month(text: str) -> date:
    return date(int(text[:4]), int(text[5:7]), 1)
