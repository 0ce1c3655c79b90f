"""`pledge database`: the store's tables, roles and logins, for whoever runs the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from dags.options import ForceOption, FormatOption, LakeOption, StoreOption, say, settings_of
from dags.tables import Format, show

database_app = typer.Typer(help="The store's tables, roles and logins.", no_args_is_help=True, rich_markup_mode=None)
LoginArgument = Annotated[str, typer.Argument(help="A login of the server, or a group of logins.")]


def register(app: typer.Typer) -> None:
    """Add these commands to `pledge`."""
    app.add_typer(database_app, name="database")


@database_app.command()
def upgrade(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """Bring the tables up to date, as their owner; makes them in an empty database."""
    from connectors.store.engine import open_store
    from connectors.store.migrations import HEAD

    open_store(settings_of(lake, store).store).dispose()
    say(f"The tables are up to date (revision {HEAD}).")


@database_app.command()
def roles(
    sql: Annotated[bool, typer.Option("--sql", help="Print the script; change nothing.")] = False,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make pledge_writer, pledge_reader and pledge_auditor and say what each may do; again at any time."""
    from connectors.store.roles import script
    from dags.granting import lay_out

    if sql:
        print(script(), end="")
    else:
        _told(lay_out(settings_of(lake, store)))


@database_app.command()
def grant(
    login: LoginArgument,
    role: Annotated[str, typer.Option(help="writer, reader or auditor.")],
    force: ForceOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make a login a writer, an auditor, or a reader of these forces (`*` = every force, `all` = their sum)."""
    from dags.granting import grant

    _told(grant(settings_of(lake, store), login, role, force or ()))


@database_app.command()
def revoke(
    login: LoginArgument,
    force: ForceOption = None,
    lake: LakeOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take forces from a login; without --force all its roles and forces."""
    from dags.granting import revoke

    _told(revoke(settings_of(lake, store), login, force or ()))


@database_app.command()
def logins(lake: LakeOption = None, store: StoreOption = None, form: FormatOption = Format.TABLE) -> None:
    """Who may what: the members of each role, and the forces of readers."""
    from dags.granting import listed

    show(listed(settings_of(lake, store)), ("login", "role", "forces"), form)


def _told(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        say(sentence)
