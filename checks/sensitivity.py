"""Sensitivity: which other definitions a figure could have been made by, and the counts it would then have.

The standard's own definition is the variant that changes nothing. Counting unknown cases as missed changes no case's
state: variants that differ in that alone are judged once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from checks.commitment import Measure
from checks.judging import AppliedRule, definitions_script, lay_out
from checks.standard import Effective, Rule, every_combination, one_switch_at_a_time

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "sum_part", "sum_whole")
UNKNOWN = "unknown"
WINDOW = "window"


@dataclass(frozen=True)
class Variant:
    """A standard's own definition but for these (switch, value) pairs; none = its own."""

    changes: tuple[tuple[str, str], ...] = ()

    def definition(self, rule: Rule, switches: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Every switch and its value, where the rule judges."""
        return {**_own(rule, switches), **dict(self.changes)}

    @property
    def judged_as(self) -> str:
        """The `definition_id` its cases are judged under; variants that share it have the same cases."""
        return json.dumps({switch: value for switch, value in self.changes if switch != UNKNOWN}, sort_keys=True)

    @property
    def changed(self) -> str:
        """The switch that differs, '' for the standard's own definition; several with commas between."""
        return ",".join(switch for switch, _ in self.changes)


OWN = Variant()


def variants(rules: Iterable[Rule], switches: Mapping[str, Sequence[str]], *, full: bool = False) -> list[Variant]:
    """The standard's own definition, then every other: one switch changed at a time, or every combination.

    `rules` are those of one standard, measure and force in turn; where they differ, a change of any of them counts.
    """
    choose = every_combination if full else one_switch_at_a_time
    found = dict.fromkeys([OWN])
    for rule in rules:
        own = _own(rule, switches)
        for definition in choose(rule, switches):
            found[Variant(tuple((s, value) for s, value in definition.items() if value != own[s]))] = None
    return list(found)


def _own(rule: Rule, switches: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return one_switch_at_a_time(rule, switches)[0]


def applied(
    stretches: Iterable[Effective], force: str, measure: Measure, chosen: Iterable[Variant]
) -> Iterator[AppliedRule]:
    """The rules that judge the variants: each of them on every stretch of days, those judged alike once."""
    stretches = list(stretches)
    for variant in {each.judged_as: each for each in reversed(list(chosen))}.values():
        for each in stretches:
            definition = variant.definition(each.rule, measure.switches)
            yield AppliedRule(each.rule, force, definition, variant.judged_as, each.applies_from, each.applies_to)


def count(
    con: duckdb.DuckDBPyConnection,
    measure: Measure,
    rules: Sequence[AppliedRule],
    period: str,
    areas: Sequence[str] = (),
) -> dict[tuple[str, str], dict[date | None, dict[str, Any]]]:
    """Judge the measure's cases under the rules and count them: (standard, definition_id) → start of period → counts.

    `con` is laid out by `judging.prepare` for one force, and has the cases of its erased records (`frozen_cases`,
    `is_frozen`; see `by_definition.sql`). Nothing is kept of the cases. The start is None where `period` is the whole
    window.
    """
    lay_out(con, measure, rules)
    found = con.execute(definitions_script(), {"period": period, "areas": list(areas)})
    names = [column[0] for column in found.description]
    counted: dict[tuple[str, str], dict[date | None, dict[str, Any]]] = {}
    for row in (dict(zip(names, values, strict=True)) for values in found.fetchall()):
        counted.setdefault((row.pop("standard"), row.pop("definition_id")), {})[row.pop("period_start")] = row
    return counted


def own_period(measure: Measure) -> str:
    """The period its table is of: the month, or the shortest one the measure has figures of."""
    return "month" if "month" in measure.periods else measure.periods[0]
