"""Pages as HTML: one Jinja environment, every text escaped, every missing value and every dead link refused."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from connectors.site import addresses, words
from connectors.site.page import Content, Frame, Page

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"


@cache
def code_hash() -> str:
    """The hash of everything here that decides what a page looks like: when it changes, all is made again."""
    files = sorted(path for path in HERE.rglob("*") if path.suffix in (".py", ".yaml", ".html", ".css", ".js"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.unbroken,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= words.FILTERS
    environment.globals |= {"to": addresses}
    return environment


def render(page: Page, content: Content, frame: Frame, known: Collection[str]) -> bytes:
    """A page as HTML.

    Args:
        known: the addresses the site has.

    Raises:
        jinja2.UndefinedError: the template names something the content lacks.
        ValueError: it links to a page the site has not.
    """
    link = _links_from(page.address, known)
    html = (
        _environment()
        .get_template(page.template)
        .render(
            **content,
            page=page,
            frame=frame,
            run=page.run or frame.newest,
            link=link,
            has=known.__contains__,
        )
    )
    return html.encode()


def _links_from(address: str, known: Collection[str]) -> Callable[[str], str]:
    """Addresses as seen from this page, so that the site works from any folder and below any path."""
    folder = posixpath.dirname(address)

    def link(target: str) -> str:
        path, _, place = target.partition("#")
        if path and path not in known:
            raise ValueError(f"{address} links to {path}, which the site has not")
        seen = posixpath.relpath(path, folder or ".") if path else ""
        return f"{seen}#{place}" if place else seen

    return link
