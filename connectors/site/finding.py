"""Finding a page: an A to Z that needs no script, and an index that a small script searches without a server."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from connectors.site import addresses
from connectors.site.assets import shipped
from connectors.site.glossary import terms
from connectors.site.page import File, Page

NAVIGATION = (("A to Z", addresses.a_to_z()),)
SCRIPT, SEARCH_INDEX = "search.js", "search-index.js"
AZ_ENTRIES = 800
"""More than this many entries are found by the search alone: the page is to stay small."""


def pages(others: Iterable[Page | File]) -> Iterator[Page | File]:
    """The A to Z of the other pages, and the search."""
    standing = [each for each in others if isinstance(each, Page) and not each.permanent]
    entries = [(each.title, each.address, each.description) for each in standing if each.in_az]
    entries += [(term.word, f"{addresses.method()}#{term.anchor}", term.meaning) for term in terms()]
    letters: dict[str, list[dict[str, str]]] = defaultdict(list)
    for title, address, _ in sorted(entries, key=lambda each: (each[0].casefold(), each[1]))[:AZ_ENTRIES]:
        letters[_letter(title)].append({"title": title, "address": address})
    content = [{"letter": letter, "entries": found} for letter, found in sorted(letters.items())]
    yield Page(addresses.a_to_z(), "A to Z", "a_to_z.html", {"letters": content}, description="Every subject.")
    listed = {address for _, address, _ in entries}
    entries += [(each.title, each.address, "") for each in standing if each.address not in listed]
    yield File(f"a-z/{SEARCH_INDEX}", lambda: _index(entries), [list(each) for each in entries])
    yield shipped(SCRIPT, f"a-z/{SCRIPT}")


def _letter(title: str) -> str:
    first = title[:1].upper()
    return first if first.isalpha() else "#"


def _index(entries: list[Any]) -> bytes:
    """The entries as a script: a page opened from a folder may load one, but may not fetch a file."""
    said = json.dumps(entries, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"window.pledgePages={said};\n".encode()
