"""What many pages need, read once with few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from checks.feed_states import Feed
from checks.feeds import ALL, Gap
from checks.revision import is_provisional, period_end
from checks.series import Rebases
from checks.standard import Standard
from connectors.site.drawn import Drawings
from connectors.slack import phrases
from connectors.store.read import read_table

Row = dict[str, Any]
Period = tuple[str, date]
"""A period's kind and its first day."""
LONGEST_NAME = 300
_SHOWN = ("month", "year", "rolling_12_months")


@dataclass(frozen=True)
class Known:
    """What the store alone does not say; `dags/reporting.py` finds it out.

    Args:
        newest: the newest finished run, a row of `runs`.
        today: the local day of its as_at.
        main: names of the standard whose verdicts stand on the first pages, and of its other editions.
        standards: every standard the figures were judged by, by name.
        names: what forces are called, by slug.
        verdicts: filters of the table `verdicts` → its rows, small numbers suppressed where the site is published.
        budgets: rows as `pledge budget` gives them.
        feeds: the state of every feed now; `gaps` the days that cannot be judged, by force.
        words, differences: each standard in sentences; how any two differ.
        rebases: where charts start anew.
        drawings: the charts drawn before.
    """

    newest: Row
    today: date
    main: frozenset[str]
    standards: Mapping[str, Standard]
    names: Mapping[str, str]
    verdicts: Callable[[Mapping[str, Any]], Iterable[Row]]
    published: bool = False
    budgets: Sequence[Row] = ()
    feeds: Sequence[Feed] = ()
    gaps: Mapping[str, Sequence[Gap]] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    differences: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    rebases: Rebases = field(default_factory=dict)
    drawings: Drawings = field(default_factory=Drawings)


@dataclass(frozen=True)
class Reading:
    """The store as the site shows it; open as long as `conn` is."""

    conn: Connection
    known: Known

    @cached_property
    def runs(self) -> list[Row]:
        """Every run, newest first."""
        return list(read_table(self.conn, "runs"))[::-1]

    @cached_property
    def run_by_id(self) -> dict[str, Row]:
        return {row["run_id"]: row for row in self.runs}

    @cached_property
    def figures(self) -> dict[tuple[str, str, date], list[Row]]:
        """Figures of forces as wholes (also `all`), by force and period; of every standard."""
        found: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
        for row in self.known.verdicts({"period": _SHOWN, "area": [""], "neighbourhood": [""]}):
            found[row["force"], row["period"], row["period_start"]].append(row)
        return dict(found)

    @cached_property
    def commitments(self) -> dict[tuple[str, str, date], list[Row]]:
        """Verdicts of commitments of forces as wholes, by force and period; of every standard."""
        found: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
        for row in read_table(self.conn, "commitments", {"period": _SHOWN, "area": [""]}):
            found[row["force"], row["period"], row["period_start"]].append(row)
        return dict(found)

    def figures_of(self, force: str, period: Period, standards: Iterable[str] | None = None) -> list[Row]:
        """A force's figures of a period, by the main standard unless others are named."""
        names = self.known.main if standards is None else set(standards)
        return [row for row in self.figures.get((force, *period), ()) if row["standard"] in names]

    @cached_property
    def starts(self) -> dict[tuple[str, str], list[date]]:
        """The first days of the periods with figures by the main standard, earliest first, by force and kind."""
        found: dict[tuple[str, str], list[date]] = defaultdict(list)
        for force, kind, start in sorted(self.figures):
            if self.figures_of(force, (kind, start)):
                found[force, kind].append(start)
        return dict(found)

    @cached_property
    def measures(self) -> dict[str, set[str]]:
        """The measures each force has figures of, by any standard."""
        found: dict[str, set[str]] = defaultdict(set)
        for (force, _, _), rows in self.figures.items():
            found[force].update(row["measure"] for row in rows)
        return dict(found)

    def commitments_of(self, force: str, period: Period) -> list[Row]:
        """A force's commitments in a period, by the main standard."""
        return [row for row in self.commitments.get((force, *period), ()) if row["standard"] in self.known.main]

    @cached_property
    def forces(self) -> list[str]:
        """Every force that has a figure or ever delivered something, by name."""
        delivered = {row["force"] for row in read_table(self.conn, "deliveries")}
        found = {force for force, _, _ in self.figures} | delivered
        return sorted(found - {ALL, ""}, key=lambda force: (self.name(force).casefold(), force))

    @cached_property
    def months(self) -> list[date]:
        """The months that have figures by the main standard, newest first."""
        return self._starts("month")

    @cached_property
    def years(self) -> list[date]:
        return self._starts("year")

    def _starts(self, kind: str) -> list[date]:
        found = {start for (_, period), starts in self.starts.items() if period == kind for start in starts}
        return sorted(found, reverse=True)

    @cached_property
    def newest_closed(self) -> date | None:
        """The newest month that was over when the newest run looked; None where no month was."""
        return next((month for month in self.months if self.is_closed(("month", month))), None)

    def is_closed(self, period: Period) -> bool:
        return period_end(*period) <= self.known.today

    def is_provisional(self, period: Period) -> bool:
        return is_provisional(*period, self.known.newest["as_at"])

    def name(self, force: str) -> str:
        """What a force is called."""
        if force == ALL:
            return "All forces"
        return self.known.names.get(force) or phrases.place(force, LONGEST_NAME)

    def newest_run_of(self, rows: Iterable[Row]) -> Row | None:
        """The newest run that said any of these figures."""
        found = [self.run_by_id[row["run_id"]] for row in rows if row["run_id"] in self.run_by_id]
        return max(found, key=lambda run: run["run_number"], default=None)

    @property
    def as_at(self) -> datetime:
        moment: datetime = self.known.newest["as_at"]
        return moment

    def gaps_in(self, force: str, first: date, last: date) -> Iterator[Gap]:
        """The days of a period for which a log of the force came unfit and was not made good."""
        return (gap for gap in self.known.gaps.get(force, ()) if gap.first_day <= last and gap.last_day >= first)
