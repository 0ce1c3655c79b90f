"""The limits of a row: how long a case may take, as text such as `10 seconds`.

A row without one says so: `limit: none`, `limit: recorded` where the measure is a yes/no, or `limit: carried by the
case` where each case brings its own (a time that was promised or agreed).
"""

from __future__ import annotations

import re

from yaml.nodes import MappingNode, Node

from checks.commitment import Measure
from checks.standard import MICROSECONDS, UNITS, Limit
from expectations.marked import Page, shortened

CARRIED = "carried by the case"
_WHY = {
    "none": "its clock is timed",
    "recorded": "it is a yes/no",
    CARRIED: "each case brings its own",
}
_LIMIT = re.compile(r"(\d{1,6}) ?(%|[a-z]+(?: [a-z]+)?)")
_UNIT_WORDS = re.compile(r"working days?|seconds?|minutes?|hours?|days?|months?|%|per cent")
_FAMILIES = (tuple(MICROSECONDS), ("days", "months"), ("working_days",), ("percent",))


def word_without_limit(measure: Measure) -> str:
    """What a row says instead of a limit: `recorded`, `carried by the case` or `none`."""
    if measure.limit.lower().startswith(CARRIED):
        return CARRIED
    return "recorded" if measure.clock.lower().startswith("yes or no") else "none"


def read_limits(page: Page, node: Node, measure: Measure) -> dict[str, Limit]:
    """The limits of a row by kind ('' = the one limit); {} when it has none, or a wrong one."""
    if isinstance(node, MappingNode):
        return _by_kind(page, node, measure)
    text, word = (
        page.text(node, "limit", shape="a limit such as 10 seconds, none or recorded"),
        word_without_limit(measure),
    )
    if text in _WHY:
        if text != word:
            found, expected = f"limit of {measure.name} is {text}", f"a limit or {word} ({_WHY[word]})"
            page.problem(node, found, expected, "Write one of them.")
        return {}
    if text and word == CARRIED:
        page.problem(
            node, f"limit of {measure.name} is {shortened(text)}", f"{CARRIED} ({_WHY[CARRIED]})", "Write that."
        )
        return {}
    limit = _limit(page, node, text, measure)
    return {"": limit} if limit else {}


def _by_kind(page: Page, node: MappingNode, measure: Measure) -> dict[str, Limit]:
    """Limits that differ by the case's setting, or by the victim's enhanced rights."""
    names: dict[str, str] = {}
    if "setting" in measure.switches:
        names = {"urban": "urban", "rural": "rural"}
    elif any(need.endswith(".enhanced_rights") for need in measure.needs):
        names = {"otherwise": "", "enhanced": "enhanced"}
    if not names:
        found = f"limit of {measure.name} has several values"
        page.problem(node, found, "one limit, such as 10 seconds", "Write one.")
        return {}
    keys = page.mapping(node, "limit", tuple(names), tuple(names))
    read = {names[key]: _limit(page, value, page.text(value, key), measure) for key, value in keys.items()}
    return {key: limit for key, limit in read.items() if limit}


def _limit(page: Page, node: Node, text: str, measure: Measure) -> Limit | None:
    if not text:
        return None
    shown, units = shortened(text), _units_taken(measure)
    found = _LIMIT.fullmatch(text)
    unit = _unit(found[2]) if found else ""
    if not found or unit not in UNITS:
        page.problem(node, f"limit is {shown}", f"a whole number of {_either(units)}", "Write it so.")
    elif unit not in units:
        page.problem(node, f"limit of {measure.name} is {shown}", _either(units), "Use such a unit.")
    elif int(found[1]) < 1 and unit != "percent":
        page.problem(node, f"limit is {shown}", "at least 1", "Correct it.")
    elif int(found[1]) > 100 and unit == "percent":
        page.problem(node, f"limit is {shown}", "a share from 0 % to 100 %", "Correct it.")
    else:
        return Limit(int(found[1]), unit)
    return None


def _unit(word: str) -> str:
    if word == "%":
        return "percent"
    word = word.replace(" ", "_")
    return word if word.endswith("s") else f"{word}s"


def _units_taken(measure: Measure) -> tuple[str, ...]:
    """The units a measure's SQL can take, by the kind its header's Limit names; elapsed if none.

    A calendar limit on an elapsed clock would be no limit at all, in silence.
    """
    words = {_unit(word.replace("per cent", "%")) for word in _UNIT_WORDS.findall(measure.limit.lower())}
    taken = tuple(unit for family in _FAMILIES if words & set(family) for unit in family)
    return taken or _FAMILIES[0]


def _either(units: tuple[str, ...]) -> str:
    words = [unit.replace("_", " ").replace("percent", "%") for unit in units]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
