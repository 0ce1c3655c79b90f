"""One row of a standard's `measures`: read, checked and made a rule.

Everything that decides a verdict is written out: a row without a target says `target: none`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from yaml.nodes import Node

from checks.commitment import Measure, measures
from checks.standard import NATIONAL, Rule
from expectations.marked import Page, line_of, shortened
from expectations.standard_limit import read_limits

SEVERITIES = ("low", "medium", "high")
KEYS = (
    "measure",
    "force",
    "in_force",
    "limit",
    "target",
    "target_source",
    "minimum_n",
    "severity",
    "definition",
    "source",
    "note",
)
REQUIRED = ("measure", "limit", "target", "source")
_TARGET = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))? ?%")
_USUAL_MINIMUM = 30


@dataclass(frozen=True)
class Dates:
    """Days in force, both inclusive; `end` None = no end."""

    start: date
    end: date | None

    def meet(self, other: Dates) -> bool:
        """Whether any day is in both."""
        return (self.end is None or other.start <= self.end) and (other.end is None or self.start <= other.end)

    def hold(self, other: Dates) -> bool:
        """Whether every day of the other is in this one."""
        return self.start <= other.start and (self.end is None or (other.end is not None and other.end <= self.end))

    def __str__(self) -> str:
        return f"from {self.start}" + (f" to {self.end}" if self.end else "")


def read_dates(page: Page, node: Node, what: str) -> Dates | None:
    """`{from: 2008-12-31, to: 2010-06-29}`; None, with the problem noted, when it is not that."""
    keys = page.mapping(node, f"in_force of {what}", ("from", "to"), ("from",))
    start = page.date(keys.get("from"), f"in_force from of {what}")
    end = page.date(keys.get("to"), f"in_force to of {what}")
    if start is None or ("to" in keys and end is None):
        return None
    if end and start > end:
        page.problem(node, f"{what} is in force from {start} to {end}", "from not after to", "Correct the dates.")
        return None
    return Dates(start, end)


class Row:
    """One entry of `measures`, read: `rule` is None when something is wrong with it, which is then noted.

    `measure` (None = unknown), `force` and `in_force` are known even so: wrong rows can overlap.
    """

    def __init__(self, page: Page, node: Node, standard: str, dates: Dates | None) -> None:
        before = len(page.problems)
        self.page, self.node, self.dates = page, node, dates
        self.keys = page.mapping(node, "the row", KEYS, REQUIRED)
        self.measure = self._measure()
        self.force = self._force()
        self.in_force = self._in_force()
        # Each is read whatever is wrong with the others, so that every problem of the row is said at once.
        said = self._said() | (self._said_of(self.measure) if self.measure else {})
        sound = self.measure and self.in_force and len(page.problems) == before
        self.rule = Rule(standard=standard, **said) if sound else None

    @property
    def line(self) -> int:
        return line_of(self.node)

    def _said(self) -> dict[str, Any]:
        """The fields of the rule that hold for any measure."""
        numerator, denominator = self._target()
        dates = self.in_force
        return {
            "force": self.force,
            "in_force_from": dates.start if dates else None,
            "in_force_to": dates.end if dates else None,
            "target_numerator": numerator,
            "target_denominator": denominator,
            "minimum_n": self._minimum_n(numerator is not None and numerator == denominator),
            "severity": self._severity(),
            "source": self._text("source"),
            "target_source": self._text("target_source"),
            "note": self._text("note"),
        }

    def _said_of(self, measure: Measure) -> dict[str, Any]:
        """The fields that depend on the measure."""
        limit = self.keys.get("limit")
        return {
            "measure": measure.name,
            "commitment": measure.commitment,
            "limits": read_limits(self.page, limit, measure) if limit is not None else {},
            "definition": self._definition(measure),
        }

    def _text(self, key: str, pattern: str = "", shape: str = "a text") -> str:
        return self.page.text(self.keys.get(key), key, pattern, shape)

    def _measure(self) -> Measure | None:
        name = self._text("measure")
        if name and name not in measures():
            self.page.unknown(self.keys["measure"], "measure", name, list(measures()))
        return measures().get(name)

    def _force(self) -> str:
        force = self._text("force", r"[a-z0-9]+(-[a-z0-9]+)*", "a force's short name, such as norfolk")
        if force == "all":
            self.page.problem(self.keys["force"], "force is all", "one force", "Leave it out: then it is national.")
        return force or NATIONAL

    def _in_force(self) -> Dates | None:
        """The row's own dates, else the standard's."""
        if "in_force" not in self.keys:
            return self.dates
        dates = read_dates(self.page, self.keys["in_force"], "the row")
        if dates and self.dates and not self.dates.hold(dates):
            found = f"the row is in force {dates}, the standard {self.dates}"
            self.page.problem(self.keys["in_force"], found, "a row inside its standard's dates", "Correct the dates.")
        return dates

    def _target(self) -> tuple[int | None, int | None]:
        """The target as a fraction as written: 90 % = 90/100, 99.5 % = 995/1000; (None, None) = none."""
        text, node = self._text("target"), self.keys.get("target")
        if not text or node is None or text == "none":
            if text and "target_source" in self.keys:
                self.page.problem(
                    node or self.node, "target is none, yet it has a source", "both or neither", "Choose."
                )
            return None, None
        found = _TARGET.fullmatch(text)
        decimals = (found[2] or "") if found else ""
        numerator, denominator = int(found[1] + decimals) if found else 0, 100 * 10 ** len(decimals)
        if not found or numerator > denominator:
            expected = "a share from 0 % to 100 %, or none"
            self.page.problem(node, f"target is {shortened(text)}", expected, "Correct it.")
            return None, None
        if "target_source" not in self.keys:
            do = "Name it, or say that the target is your own."
            self.page.problem(self.node, "the target has no target_source", "a source", do)
        return numerator, denominator

    def _minimum_n(self, every_case: bool) -> int:
        if "minimum_n" not in self.keys:
            return 1 if every_case else _USUAL_MINIMUM
        text = self._text("minimum_n", r"[1-9]\d{0,8}", "a whole number from 1")
        return int(text or 1)

    def _severity(self) -> str:
        if "severity" not in self.keys:
            return "medium"
        severity = self._text("severity")
        if severity and severity not in SEVERITIES:
            self.page.unknown(self.keys["severity"], "severity", severity, SEVERITIES)
        return severity

    def _definition(self, measure: Measure) -> dict[str, str]:
        node = self.keys.get("definition")
        given = self.page.mapping(node, "definition", tuple(measure.switches), ()) if node is not None else {}
        chosen = dict(measure.default_definition)
        for switch, value in given.items():
            text = self.page.text(value, switch)
            if text and text not in measure.switches[switch]:
                self.page.unknown(value, f"value of {switch}", text, measure.switches[switch])
            chosen[switch] = text
        return chosen
