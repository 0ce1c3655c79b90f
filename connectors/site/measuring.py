"""What the pages of measures need of the store beside `reading`: each table read once, sorted by measure and force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from checks.commitment import Measure, measures
from checks.feeds import ALL
from checks.sensitivity import own_period
from checks.series import DAYS_WITH_SIGNAL, Charts, is_final
from checks.spc import Series
from checks.standard import Effective, effective, same_title
from checks.suppression import counts_persons
from connectors.site.reading import Reading, Row
from connectors.site.words import SUPPRESSED
from connectors.store import erasures
from connectors.store.read import read_table

Key = tuple[str, str]
"""A measure and a force."""

# The start of twelve months that ended a year ago.
_TWO_YEARS = timedelta(days=2 * 366)


@dataclass(frozen=True)
class Judged:
    """The figures of one measure and force by one standard, all its editions together.

    Attributes:
        title: of the standard; `names` are its editions that judged, earliest first.
        kind: the period of `rows` (month, or the shortest the measure has), oldest first; days stand in `days`.
    """

    title: str
    names: tuple[str, ...]
    kind: str
    rows: tuple[Row, ...]
    days: tuple[Row, ...]
    stretches: tuple[Effective, ...]


class Measuring:
    """The store as the pages of measures show it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """The measures that have a figure and a file, in the order they are judged."""
        found = {measure for measure, _ in self._by_key}
        return {name: measure for name, measure in measures().items() if name in found}

    def forces(self, measure: str) -> list[str]:
        """The forces that have a figure of it, by name; all forces together are none of them."""
        return [force for force in self.reading.forces if (measure, force) in self._by_key]

    @cached_property
    def _by_key(self) -> dict[Key, list[Row]]:
        found: dict[Key, list[Row]] = defaultdict(list)
        kinds = {name: own_period(measure) for name, measure in measures().items()}
        for (force, kind, _), rows in sorted(self.reading.figures.items()):
            for row in rows:
                if kinds.get(row["measure"]) == kind:
                    found[row["measure"], force].append(row)
        return dict(found)

    @cached_property
    def _days(self) -> dict[Key, list[Row]]:
        first = self.reading.known.today - timedelta(days=DAYS_WITH_SIGNAL)
        asked = {"period": ["day"], "area": [""], "neighbourhood": [""], "from": first}
        return _sorted_by_key(self.reading.known.verdicts(asked))

    @cached_property
    def _places(self) -> dict[Key, list[Row]]:
        """Figures of areas and neighbourhoods in the newest period that is over, of every standard."""
        found: dict[Key, list[Row]] = defaultdict(list)
        for kind in ("month", "year", "rolling_12_months"):
            start = self._newest_closed(kind)
            if start is not None:
                for row in self.reading.known.verdicts({"period": [kind], "from": start, "to": start}):
                    known = measures().get(row["measure"])
                    if (row["area"] or row["neighbourhood"]) and known and own_period(known) == kind:
                        found[row["measure"], row["force"]].append(row)
        return dict(found)

    def _newest_closed(self, kind: str) -> date | None:
        starts = {start for _, period, start in self.reading.figures if period == kind}
        return max((start for start in starts if self.reading.is_closed((kind, start))), default=None)

    @cached_property
    def _sensitivity(self) -> dict[Key, list[Row]]:
        return _sorted_by_key(self._read("sensitivity"))

    @cached_property
    def _delays(self) -> dict[Key, list[Row]]:
        return _sorted_by_key(self._read("delays"))

    @cached_property
    def _comparisons(self) -> dict[Key, list[Row]]:
        return _sorted_by_key(self._read("comparisons"))

    @cached_property
    def _funnels(self) -> dict[tuple[str, str, str, date, str], list[Row]]:
        """By measure, standard, period, its start and within which force (`all` = of forces)."""
        found: dict[tuple[str, str, str, date, str], list[Row]] = defaultdict(list)
        for row in self._read("funnels"):
            if row["rate"] is not None:
                key = (row["measure"], row["standard"], row["period"], row["period_start"], row["within"])
                found[key].append(row)
        return dict(found)

    def _read(self, table: str) -> list[Row]:
        """The rows of the last two years: the pages show the newest period that is over."""
        return list(read_table(self.reading.conn, table, {"from": self.reading.known.today - _TWO_YEARS}))

    def is_withheld(self, measure: str) -> bool:
        """Whether only its suppressed figures may be shown: all else would tell what they hide."""
        known = measures().get(measure)
        return self.reading.known.published and (known is None or counts_persons(known))

    def judged(self, measure: str, force: str) -> list[Judged]:
        """Its figures by each standard, the main one first."""
        by_title: dict[str, list[Row]] = defaultdict(list)
        for row in self._by_key.get((measure, force), ()):
            by_title[self._title(row["standard"])].append(row)
        days: dict[str, list[Row]] = defaultdict(list)
        for row in self._days.get((measure, force), ()):
            days[self._title(row["standard"])].append(row)
        found = [self._judged(measure, force, title, rows, days[title]) for title, rows in by_title.items()]
        return sorted(found, key=lambda one: (not self.reading.known.main.intersection(one.names), one.title))

    def _judged(self, measure: str, force: str, title: str, rows: Sequence[Row], days: Sequence[Row]) -> Judged:
        known = self.reading.known.standards
        names = sorted(
            {row["standard"] for row in rows},
            key=lambda name: (known[name].in_force_from if name in known else date.min, name),
        )
        stretches = effective([known[name] for name in names if name in known], measure, force)
        ordered = sorted(rows, key=lambda row: (row["period_start"], row["standard"]))
        shown = known[names[-1]].title if names[-1] in known else names[-1]
        return Judged(
            shown,
            tuple(names),
            ordered[0]["period"],
            tuple(ordered),
            tuple(sorted(days, key=lambda row: row["period_start"])),
            tuple(sorted(stretches, key=lambda each: each.applies_from or date.min)),
        )

    def newest_of_forces(self, measure: str) -> list[Row]:
        """Every force's figure, and that of all, in the newest period that is over; the main standard first."""
        rows = [row for name, force in self._by_key if name == measure for row in self._by_key[name, force]]
        closed = self.closed(rows)
        newest = max((row["period_start"] for row in closed), default=None)
        main, name = self.reading.known.main, self.reading.name
        return sorted(
            (row for row in closed if row["period_start"] == newest),
            key=lambda row: (row["standard"] not in main, row["standard"], row["force"] == ALL, name(row["force"])),
        )

    def standard_title(self, standard: str) -> str:
        known = self.reading.known.standards.get(standard)
        return known.title if known else standard

    def _title(self, standard: str) -> str:
        known = self.reading.known.standards.get(standard)
        return same_title(known.title) if known else standard

    def closed(self, rows: Sequence[Row]) -> list[Row]:
        """The figures whose period was over when the newest run looked, as they were given."""
        return [row for row in rows if self.reading.is_closed((row["period"], row["period_start"]))]

    def charted(self, rows: Sequence[Row]) -> list[tuple[Row, Series]]:
        """The process-behaviour charts of figures of one force: a series, with its newest figure, for each edition.

        A figure that may not be shown is no point of a chart. Where shares of cases turned to measured shares, the
        newer kind is charted.
        """
        shown = [row for row in rows if row["numerator"] != SUPPRESSED and is_final(row)]
        if not shown or shown[0]["period"] not in ("day", "month"):
            return []
        charts = Charts(shown, self.reading.known.rebases, date.max)
        newest = {row["standard"]: row for row in shown}
        return [(row, charts.chart_of(row)) for row in newest.values()]

    def places(self, measure: str, force: str) -> list[Row]:
        return sorted(
            self._places.get((measure, force), ()), key=lambda row: (row["area"], row["neighbourhood"], row["standard"])
        )

    def sensitivity(self, row: Row) -> list[Row]:
        """The figure of a row under every other documented definition, its own first."""
        found = self._sensitivity.get((row["measure"], row["force"]), ())
        return sorted((one for one in found if _same(one, row)), key=lambda one: (one["changed"], one["definition"]))

    @cached_property
    def has_erased(self) -> bool:
        """Whether cases of erased records are among the figures."""
        return any(row["cases"] for row in erasures.standing(self.reading.conn))

    def comparisons(self, row: Row) -> list[Row]:
        """The figure of a row against the year before and against the most similar forces."""
        return [one for one in self._comparisons.get((row["measure"], row["force"]), ()) if _same(one, row)]

    def delays(self, measure: str, force: str) -> list[Row]:
        """The stages of the newest month that is over, of the force and of its areas."""
        rows = [
            row
            for row in self._delays.get((measure, force), ())
            if self.reading.is_closed(("month", row["period_start"])) and row["n"]
        ]
        newest = max((row["period_start"] for row in rows), default=None)
        return [row for row in rows if row["period_start"] == newest]

    def funnel(self, row: Row, within: str) -> list[Row]:
        """The funnel of the standard and period of a row: of the forces (`all`), or of a force's neighbourhoods."""
        key = (row["measure"], row["standard"], row["period"], row["period_start"], within)
        return sorted(self._funnels.get(key, ()), key=lambda one: one["unit"])


def _sorted_by_key(rows: Any) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["measure"], row["force"]].append(row)
    return dict(found)


def _same(one: Mapping[str, Any], row: Row) -> bool:
    return all(one[name] == row[name] for name in ("standard", "period", "period_start"))
