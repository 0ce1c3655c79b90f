"""One standard from one YAML file: every problem of the file is found in one reading.

The shape is shown by the files in `expectations/standards/`; `expectations.standard_row` reads their rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from yaml.nodes import Node, SequenceNode

from checks.standard import Rule, Standard
from expectations.marked import Page, Problem, line_of
from expectations.standard_row import Dates, Row, read_dates

_STANDARD_KEYS = ("name", "title", "publisher", "source", "url", "in_force", "note", "measures")
_STANDARD_NEEDS = ("name", "title", "publisher", "source", "in_force", "measures")
_FILE_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})_[a-z0-9]+(?:[_-][a-z0-9]+)*\.yaml")


@dataclass
class StandardFile:
    """The standard of a file (None when it has problems) and the lines on which two files may clash."""

    path: str
    standard: Standard | None = None
    problems: list[Problem] = field(default_factory=list)
    line_of_name: int = 1
    line_of_dates: int = 1


def read_standard(path: Path) -> StandardFile:
    """Read and check one file; never raises for anything a file can hold."""
    page = Page(path)
    read = StandardFile(str(path), problems=page.problems)
    named = _date_of_name(path)
    if named is None:
        expected = "a name such as 2008-12-31_policing_pledge.yaml"
        page.problem(1, f"the file is named {path.name}", expected, "Rename it: date, underscore, name.")
    root = page.root()
    if root is None:
        return read
    keys = page.mapping(root, "the file", _STANDARD_KEYS, _STANDARD_NEEDS)
    read.line_of_name = line_of(keys.get("name", root))
    read.line_of_dates = line_of(keys.get("in_force", root))
    dates = read_dates(page, keys["in_force"], "the standard") if "in_force" in keys else None
    if dates and named and named != dates.start:
        found = f"in force from {dates.start}, but the file's name says {named}"
        page.problem(read.line_of_dates, found, "one date", "Name the file after the day it is in force from.")
    texts = _texts(page, keys)
    rules = _rules(page, keys.get("measures"), texts["name"], dates)
    if dates and not page.problems:
        read.standard = Standard(
            **texts,
            in_force_from=dates.start,
            in_force_to=dates.end,
            rules=rules,
            sha256=sha256(page.content).hexdigest(),
            location=path.name,
        )
    return read


def _date_of_name(path: Path) -> date | None:
    found = _FILE_NAME.fullmatch(path.name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _texts(page: Page, keys: dict[str, Node]) -> dict[str, str]:
    patterns = {
        "name": (r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "small letters, digits and underscores"),
        "url": (r"https?://[^\s@]+", "an address that begins with https://"),
    }
    wanted = ("name", "title", "publisher", "source", "url", "note")
    return {key: page.text(keys.get(key), key, *patterns.get(key, ())) for key in wanted}


def _rules(page: Page, node: Node | None, standard: str, dates: Dates | None) -> tuple[Rule, ...]:
    if node is None:
        return ()
    if not isinstance(node, SequenceNode) or not node.value:
        page.problem(node, "measures holds no rows", "a list with one entry per measure", "Write `- measure: …` rows.")
        return ()
    rows = [Row(page, row, standard, dates) for row in node.value]
    _refuse_overlaps(page, rows)
    return tuple(row.rule for row in rows if row.rule)


def _refuse_overlaps(page: Page, rows: list[Row]) -> None:
    seen: dict[tuple[str, str], list[tuple[int, Dates]]] = {}
    for row in rows:
        if row.measure is None or row.in_force is None:
            continue
        earlier = seen.setdefault((row.measure.name, row.force), [])
        for line in [line for line, others in earlier if others.meet(row.in_force)][:1]:
            whose = f"{row.measure.name} for {row.force}" if row.force else row.measure.name
            do = "Give the rows dates that do not meet, or remove one."
            page.problem(row.line, f"{whose} overlaps the row on line {line}", "one row for each day", do)
        earlier.append((row.line, row.in_force))
