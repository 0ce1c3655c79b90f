"""What the site is made of: pages, and files beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One page.

    Args:
        address: its permanent path below the site's root, with `/` and `.html`.
        title: its heading and the first words of the browser's tab.
        template: the file in `templates/` that lays it out.
        content: what the template is given, or what makes that (a chart takes its time); then `inputs` is needed.
        inputs: all that the content is made from: when it is what it was, the page is not made again.
        description: one sentence for the search.
        crumbs: the pages above it, (words, address); the first page is put before them.
        run: the run whose figures are shown, for the foot of the page; None = the newest.
        in_az: whether it stands in the A to Z; every page that is not `permanent` is found by the search.
        permanent: written once and never again, also when it is no longer given.
    """

    address: str
    title: str
    template: str
    content: Content | Callable[[], Content]
    inputs: Any = None
    description: str = ""
    crumbs: tuple[tuple[str, str], ...] = ()
    run: Mapping[str, Any] | None = None
    in_az: bool = False
    permanent: bool = False


@dataclass(frozen=True)
class File:
    """A file that is no page (a style sheet, a download); `content` is called only when `inputs` changed.

    `is_linked` is False where no page asks whether it is there: a new one changes no other page.
    """

    address: str
    content: Callable[[], bytes]
    inputs: Any
    permanent: bool = False
    is_linked: bool = True


@dataclass(frozen=True)
class Frame:
    """What stands around every page.

    Args:
        navigation: (words, address) of the subjects.
        newest: the newest finished run, a row of `runs`.
        published: whether small numbers are suppressed, so that the site may leave the house.
        version: the product's version.
    """

    navigation: tuple[tuple[str, str], ...]
    newest: Mapping[str, Any]
    published: bool = False
    version: str = ""
    name: str = field(default="Policing Pledge monitor")
