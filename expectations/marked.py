"""A YAML file of which every part still knows its line, and the problems found in it.

Nodes are read as they are written (`yaml.compose`): no text becomes a date, a number or a yes on the way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from checks.printable import printable

_NULL = "tag:yaml.org,2002:null"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LARGEST = 1_000_000
_SHOWN = 60


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong on one line of one file; as text, one sentence in the form of every error here."""

    file: str
    line: int
    found: str
    expected: str
    do: str

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.found}; {self.expected}. {self.do}")


class Page:
    """One file being read: `problems` collects everything that is wrong with it; nothing here raises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.content = b""

    def problem(self, at: Node | int, found: str, expected: str, do: str) -> None:
        line = at if isinstance(at, int) else line_of(at)
        self.problems.append(Problem(str(self.path), line, found, expected, do))

    def root(self) -> Node | None:
        """The file's one document; None, with the problem noted, when there is none to read."""
        text = self._text()
        if text is None:
            return None
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            self.problem(line, "a control character", "printable text", "Remove it.")
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            do = "Check indentation, colons and quotes on this line and the one before."
            self.problem(line, f"YAML cannot be read here ({error.problem})", "valid YAML", do)
        except RecursionError:
            self.problem(1, "lists or mappings nested without end", "a few levels", "Write it flat.")
        else:
            if node is None:
                self.problem(1, "the file is empty", "a mapping of keys to values", "Fill it in or remove it.")
            return node
        return None

    def _text(self) -> str | None:
        try:
            self.content = self.path.read_bytes()
        except OSError as error:
            reason = (error.strerror or "it cannot be read").lower()
            self.problem(1, reason, "a file that can be read", "Check the path and its permissions.")
            return None
        if self.content.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.problem(1, "the file is in UTF-16", "text in UTF-8", "Save it as UTF-8.")
        elif b"\0" in self.content or len(self.content) > _LARGEST:
            self.problem(1, "the file is binary or over 1 MB", "a short text in UTF-8", "Name another file.")
        else:
            return self._decoded()
        return None

    def _decoded(self) -> str | None:
        try:
            return self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            self.problem(line, "a byte that is not UTF-8", "text in UTF-8", "Save the file as UTF-8.")
            return None

    def mapping(self, node: Node, what: str, known: Sequence[str], required: Sequence[str]) -> dict[str, Node]:
        """The values of a mapping by key; unknown, doubled and absent keys are noted."""
        if not isinstance(node, MappingNode):
            self.problem(node, f"{what} is {_shape(node)}", "a mapping of keys to values", "Write `key: value` lines.")
            return {}
        found: dict[str, Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else ""
            if name not in known:
                self.unknown(key, f"key in {what}", name, known)
            elif name in found:
                first = line_of(found[name])
                self.problem(key, f"{name} stands twice in {what}", f"once (also line {first})", "Remove one.")
            else:
                found[name] = value
        for name in required:
            if name not in found:
                self.problem(node, f"{what} has no {name}", f"{name} is required", "Add it.")
        return found

    def unknown(self, at: Node, kind: str, found: str, known: Sequence[str]) -> None:
        """Note a word that is none of those known, with the nearest one."""
        near = get_close_matches(found.lower(), known, n=1)
        do = f"Did you mean {near[0]}?" if near else "Correct or remove it."
        self.problem(at, f"unknown {kind}: {shortened(found) or 'not a word'}", f"one of {', '.join(known)}", do)

    def text(self, node: Node | None, what: str, pattern: str = "", shape: str = "a text") -> str:
        """One text, its line breaks as spaces; '' when absent (`mapping` notes it) or wrong (noted here)."""
        if node is None:
            return ""
        if not isinstance(node, ScalarNode):
            self.problem(node, f"{what} is {_shape(node)}", shape, "Write one text.")
            return ""
        text = " ".join(node.value.split())
        if node.tag == _NULL or not text:
            self.problem(node, f"{what} is empty", shape, "Fill it in.")
            return ""
        if pattern and not re.fullmatch(pattern, text):
            self.problem(node, f"{what} is {shortened(text)}", shape, "Correct it.")
            return ""
        return text

    def date(self, node: Node | None, what: str) -> date | None:
        """One date written 2008-12-31."""
        if node is None:
            return None
        text = node.value if isinstance(node, ScalarNode) else ""
        try:
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        shown = shortened(text) if isinstance(node, ScalarNode) and text else _shape(node)
        self.problem(node, f"{what} is {shown}", "a date that exists, such as 2008-12-31", "Correct it.")
        return None


def line_of(node: Node) -> int:
    """The line a node begins on, counted from 1."""
    return node.start_mark.line + 1 if node.start_mark else 1


def _shape(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "empty" if node.tag == _NULL or not node.value.strip() else "a single value"


def shortened(text: str) -> str:
    """A value as a sentence may repeat it: on one line, and not for long."""
    flat = printable(" ".join(text.split()))
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"
