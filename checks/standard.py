"""A published standard as the checks see it: its rules, which of them judges a day, and its definitions.

Pure: the files are read by `expectations.published`. How the days are shared out is written once, here:

- A standard judges every day it is asked about; days outside its own dates are flagged, never dropped.
  Where two rows could apply, the one in force that day does, a force's own before the national one. Where
  none is in force, the row that was last in force goes on; before the first, the first already applies.
- Standards of one title that stand together are editions: the later one judges every case whose clock
  started from its date on, the earlier one every case before. They need not share a name; titles are
  compared without regard to capitals and spaces. An edition supersedes as a whole: a measure that it no
  longer holds is no longer judged from its date on. An edition that ended is not followed by the one it
  superseded.
- Standards of different titles know nothing of each other and judge the same cases side by side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

MICROSECONDS = {"seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000}
UNITS = (*MICROSECONDS, "days", "months", "working_days", "percent")
NATIONAL = ""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """How long a case may take (`percent`: how large a share); `unit` is one of UNITS."""

    amount: int
    unit: str

    @property
    def microseconds(self) -> int | None:
        """The limit as elapsed time; None for calendar units and shares, which are not elapsed time."""
        factor = MICROSECONDS.get(self.unit)
        return None if factor is None else self.amount * factor

    @property
    def in_words(self) -> str:
        """`15 minutes`, `1 working day`, `80 %`."""
        if self.unit == "percent":
            return f"{self.amount} %"
        unit = self.unit.replace("_", " ")
        return f"{self.amount} {unit.removesuffix('s') if self.amount == 1 else unit}"


@dataclass(frozen=True)
class Rule:
    """One row of a standard: one measure, for every force (`force` = NATIONAL) or for one.

    `limits` has the key '' for the one limit, or 'urban' and 'rural', or '' and 'enhanced'; empty = no limit.
    The target is a share, `target_numerator / target_denominator`, so that counts are compared as integers;
    both are None without one. `definition` holds every switch of the measure. Both dates are inclusive local
    days; `in_force_to` None = no end.
    """

    standard: str
    measure: str
    commitment: int
    force: str
    in_force_from: date
    in_force_to: date | None
    limits: dict[str, Limit]
    target_numerator: int | None
    target_denominator: int | None
    minimum_n: int
    severity: str
    definition: dict[str, str]
    source: str
    target_source: str = ""
    note: str = ""

    @property
    def target(self) -> float | None:
        """The target as a share; None where there is none."""
        if self.target_numerator is None or self.target_denominator is None:
            return None
        return self.target_numerator / self.target_denominator

    @property
    def target_in_words(self) -> str:
        """`90 %`, `99.5 %`, or `none`."""
        if self.target_numerator is None or self.target_denominator is None:
            return "none"
        return f"{float(Fraction(self.target_numerator * 100, self.target_denominator)):.10g} %"

    @property
    def limit_in_words(self) -> str:
        """`10 seconds`; `15 minutes (urban), 20 minutes (rural)`; '' where there is none."""
        said = (f"{limit.in_words} ({key})" if key else limit.in_words for key, limit in self.limits.items())
        return ", ".join(said)

    def in_force_on(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)


@dataclass(frozen=True)
class Standard:
    """One published file: `sha256` is of its bytes, `location` its file name; `url` and `note` may be ''."""

    name: str
    title: str
    publisher: str
    source: str
    url: str
    in_force_from: date
    in_force_to: date | None
    note: str
    rules: tuple[Rule, ...]
    sha256: str
    location: str


@dataclass(frozen=True)
class Effective:
    """A rule and the local days it judges, inclusive; None = open."""

    rule: Rule
    applies_from: date | None
    applies_to: date | None


def effective(standards: Iterable[Standard], measure: str, force: str) -> list[Effective]:
    """Which rule judges which day for one measure and force, under all the standards that stand together."""
    standing = list(standards)
    days = supersede(standing)
    return [
        clipped
        for standard in standing
        for each in _timetable(standard, measure, force)
        if (clipped := _clip(each, *days[standard.name]))
    ]


def supersede(standards: Iterable[Standard]) -> dict[str, tuple[date | None, date | None]]:
    """The days each of these standards judges, by name: all, but where an edition of its title takes over.

    Two editions may not begin on one day: the loader refuses them.
    """
    by_title: dict[str, list[Standard]] = defaultdict(list)
    for standard in standards:
        by_title[same_title(standard.title)].append(standard)
    days: dict[str, tuple[date | None, date | None]] = {}
    for editions in by_title.values():
        editions.sort(key=lambda edition: edition.in_force_from)
        starts = [None, *(edition.in_force_from for edition in editions[1:])]
        ends = [*(edition.in_force_from - _DAY for edition in editions[1:]), None]
        days |= {edition.name: (start, end) for edition, start, end in zip(editions, starts, ends, strict=True)}
    return days


def editions(standards: Iterable[Standard], name: str) -> list[Standard]:
    """The standard of that name and every other of its title, earliest first; [] when the name is unknown."""
    every = list(standards)
    titles = {same_title(standard.title) for standard in every if standard.name == name}
    found = [standard for standard in every if same_title(standard.title) in titles]
    return sorted(found, key=lambda edition: edition.in_force_from)


def same_title(title: str) -> str:
    """The title without capitals and superfluous spaces: what makes two files editions of one standard."""
    return " ".join(title.casefold().split())


def rule_for(standard: Standard, measure: str, force: str, on: date | None = None) -> Rule | None:
    """The rule that judges the measure for the force on a local day (None: as it stands last).

    A force's own row wins over the national one; None when the standard does not hold the measure for it.
    """
    candidates = _candidates(standard, measure, force)
    if not candidates:
        return None
    return _on(candidates, on or max(rule.in_force_from for rule in candidates))


def _candidates(standard: Standard, measure: str, force: str) -> list[Rule]:
    """The force's own rows, then the national ones."""
    rows = [rule for rule in standard.rules if rule.measure == measure and rule.force in (force, NATIONAL)]
    return sorted(rows, key=lambda rule: rule.force == NATIONAL)


def _on(candidates: Sequence[Rule], day: date) -> Rule:
    for rule in candidates:
        if rule.in_force_on(day):
            return rule
    over = [rule for rule in candidates if rule.in_force_to and rule.in_force_to < day]
    if over:
        return max(over, key=lambda rule: rule.in_force_to or date.max)
    return min(candidates, key=lambda rule: rule.in_force_from)


def _timetable(standard: Standard, measure: str, force: str) -> list[Effective]:
    """The rules of one standard in turn, without gap or overlap: one for each stretch between two changes."""
    candidates = _candidates(standard, measure, force)
    changes = {rule.in_force_from for rule in candidates}
    changes |= {rule.in_force_to + _DAY for rule in candidates if rule.in_force_to and rule.in_force_to < date.max}
    table: list[Effective] = []
    for day in sorted(changes):
        rule = _on(candidates, day)
        if not table:
            table = [Effective(rule, None, None)]
        elif table[-1].rule is not rule:
            table[-1] = Effective(table[-1].rule, table[-1].applies_from, day - _DAY)
            table.append(Effective(rule, day, None))
    return table


def _clip(each: Effective, start: date | None, end: date | None) -> Effective | None:
    """The part of a stretch that lies between two days; None when there is none."""
    starts = [day for day in (each.applies_from, start) if day]
    ends = [day for day in (each.applies_to, end) if day]
    first, last = max(starts, default=None), min(ends, default=None)
    return None if first and last and first > last else Effective(each.rule, first, last)


def one_switch_at_a_time(rule: Rule, switches: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The rule's own definition, then each that differs from it in one switch; all name every switch."""
    own = _own(rule, switches)
    return [own] + [{**own, s: value} for s, values in switches.items() for value in values if value != own[s]]


def every_combination(rule: Rule, switches: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The rule's own definition, then every other combination of documented values."""
    own = _own(rule, switches)
    every = [dict(zip(switches, values, strict=True)) for values in product(*switches.values())]
    return [own] + [definition for definition in every if definition != own]


def _own(rule: Rule, switches: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {switch: rule.definition.get(switch, values[0]) for switch, values in switches.items()}
