"""The commands that build and show the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dags.options import LakeOption, StoreOption, say, settings_of

OutOption = Annotated[str, typer.Option("--out", help="Folder of the site (default: PLEDGE_SITE).")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `pledge`."""
    for command in (report, serve):
        app.command()(command)


def report(
    out: OutOption = "",
    published: Annotated[
        bool, typer.Option("--published", help="For outside the house: no small numbers, no record references.")
    ] = False,
    data_docs: Annotated[
        bool, typer.Option("--data-docs", help="Build Great Expectations' own pages, too, in a folder beside the site.")
    ] = False,
    lake: LakeOption = None,
    store: StoreOption = None,
) -> None:
    """Build the site: static pages that need no server. Only what changed is written."""
    from dags.reporting import engineers_pages, folder, report, told

    settings = settings_of(lake, store)
    target = Path(out) if out else folder(settings, published=published)
    if data_docs:
        say(f"{engineers_pages(settings, target)}: for engineers; these pages load what they need from other hosts.")
    built = report(settings, target, published=published)
    say(told(target, built))
    print(target / "index.html")


def serve(
    out: OutOption = "",
    host: Annotated[str, typer.Option(help="Address to listen on; this machine only unless told otherwise.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8008,
    wait: Annotated[bool, typer.Option("--wait", help="Start before a site is built; until then pages answer 503.")] = (
        False
    ),
    lake: LakeOption = None,
    store: StoreOption = None,
) -> None:
    """Show the site to a desk: a small server of what `pledge report` built, until interrupted."""
    from dags.reporting import folder
    from dags.serving import serve

    settings = settings_of(lake, store)
    serve(Path(out) if out else folder(settings), host, port, say, waiting=wait)
