"""The glossary: `glossary.yaml`, by heading."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml


class Term(NamedTuple):
    """A word and what it means; `group` is the heading it stands under."""

    word: str
    group: str
    meaning: str

    @property
    def anchor(self) -> str:
        return self.word.lower().replace(" ", "-")


@cache
def terms() -> tuple[Term, ...]:
    """Every term, in the order of the file."""
    content = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
    return tuple(Term(word, group, meaning) for group, listed in content.items() for word, meaning in listed.items())
