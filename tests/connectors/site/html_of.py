"""A page as a browser reads it: what is wrong with its HTML, its links, its words."""

from __future__ import annotations

import posixpath
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "input", "br", "img", "hr", "path", "line", "rect", "circle", "polygon", "use"}


class Html(HTMLParser):
    """One page, parsed: `problems` are tags that do not fit, ids given twice, text that should not be there."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(path.read_text("utf-8"))
        self.problems += [f"<{tag}> is never closed" for tag in self._open]
        self.problems += [f"id {each} is given twice" for each in set(self.ids) if self.ids.count(each) > 1]

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).replace("\u00a0", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "a" and "href" in given:
            self.links.append(given["href"] or "")
        self.loaded += [value for name in ("src", "href") if tag != "a" and (value := given.get(name))]
        self.problems += [f"<{tag}> has {name}" for name in given if name.startswith("on")]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> where it does not fit")

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def dead_links(site: Path) -> list[str]:
    """Links of any page to a page, or a place on a page, that is not there."""
    pages = {path.relative_to(site).as_posix(): Html(path) for path in site.rglob("*.html")}
    dead = []
    for address, page in pages.items():
        for link in page.links + page.loaded:
            if link.startswith("data:"):
                continue
            path, _, place = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(address), path)) if path else address
            if not (site / target).is_file() or (place and place not in pages[target].ids):
                dead.append(f"{address} → {link}")
    return dead
