"""Whether a text names something erased: in words of officers, or in what a source answered."""

from __future__ import annotations

import re
from collections.abc import Collection

from connectors.lake.pseudonyms import Pseudonyms

_WORD = re.compile(r"[^\s,;()\[\]{}\"'<>]+")
# A shorter word is as likely a number of something else.
_SHORTEST = 4


class Mentions:
    """Tells whether a text names one of some references, as they were delivered or as their pseudonyms."""

    def __init__(self, references: Collection[str], pseudonyms: Pseudonyms | None) -> None:
        self._pseudonyms = pseudonyms
        self._names = {reference.casefold() for reference in references}
        self._of_several_words = [name for name in self._names if len(_WORD.findall(name)) > 1]

    def __call__(self, text: str) -> bool:
        if not self._names:
            return False
        folded = text.casefold()
        if folded.strip() in self._names or any(name in folded for name in self._of_several_words):
            return True
        return any(self._is_named(word.strip(".:!?")) for word in _WORD.findall(text))

    def _is_named(self, word: str) -> bool:
        if len(word) < _SHORTEST:
            return False
        return word.casefold() in self._names or (
            self._pseudonyms is not None and self._pseudonyms.of(word) in self._names
        )
