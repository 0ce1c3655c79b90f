"""What `pledge database` does: roles laid out, logins given to them and taken from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import get_close_matches

from sqlalchemy import Connection, Engine

from checks.errors import UsageError
from checks.feeds import ALL
from connectors.settings import Settings
from connectors.store import members, roles
from connectors.store.accesses import known_as
from connectors.store.engine import open_store, reading
from dags.accessed import who
from dags.plan import forces_of


def lay_out(settings: Settings) -> list[str]:
    """Bring every grant and policy up to date; returns what to say of it."""
    with _changing(settings) as conn:
        _refuse_old_server(conn)
        roles.lay_out(conn)
        login, _, lifts = members.rights_of(conn)
    said = [f"{', '.join(roles.ROLES)}: grants and row-level security are up to date."]
    if lifts:
        said.append(f"{login} owns the tables: it prepares them, a member of {roles.WRITER} runs the nights.")
    return said


def grant(settings: Settings, login: str, role: str, forces: Sequence[str]) -> list[str]:
    """Make a login a member of a role, as a reader of these forces; returns what to say of it."""
    name = f"pledge_{role}"
    _refuse_wrong_grant(settings, name, role, forces)
    with _changing(settings) as conn:
        _refuse_without_roles(conn)
        author = known_as(conn, who(settings))
        members.add(conn, login, name, forces, author, datetime.now(UTC))
        seen = members.seen_by(conn, login)
    if name != roles.READER:
        return [f"{login} is a member of {name}."]
    return [f"{login} is a member of {name}. It sees: {', '.join(seen) or 'no force; name one with --force'}."]


def revoke(settings: Settings, login: str, forces: Sequence[str]) -> list[str]:
    """Take forces from a login, or every role and force where none is named; returns what to say of it."""
    with _changing(settings) as conn:
        _refuse_without_roles(conn)
        author = known_as(conn, who(settings))
        taken = members.remove(conn, login, forces, author, datetime.now(UTC))
    return [f"{login} {'no longer sees ' + ', '.join(taken) if forces else 'has no role any more'}."]


def listed(settings: Settings) -> list[dict[str, str]]:
    """The members of each role, and the forces of readers."""
    with reading(_postgresql(settings)) as conn:
        return members.listed(conn)


@contextmanager
def _changing(settings: Settings) -> Iterator[Connection]:
    with _postgresql(settings).begin() as conn:
        yield conn


def _postgresql(settings: Settings) -> Engine:
    engine = open_store(settings.store, create=False)
    if engine.dialect.name != "postgresql":
        found, expected = "SQLite knows no logins", "a store on PostgreSQL"
        do = "Guard the file by its permissions, or use PostgreSQL."
        raise UsageError("pledge database", found, expected, do)
    return engine


def _refuse_old_server(conn: Connection) -> None:
    major = int(conn.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    if major < roles.OLDEST_SERVER:
        expected = f"{roles.OLDEST_SERVER} or newer, whose views ask with the rights of who reads them"
        raise UsageError("the store", f"PostgreSQL {major}", expected, "Update the server.")


def _refuse_without_roles(conn: Connection) -> None:
    if not roles.is_laid_out(conn):
        do = "Say `pledge database roles` first."
        raise UsageError("the store", "it was not given to the roles yet", "its grants and policies", do)


def _refuse_wrong_grant(settings: Settings, name: str, role: str, forces: Sequence[str]) -> None:
    if name not in roles.ROLES:
        raise UsageError(f"--role {role}", "there is no such role", "writer, reader or auditor", "Correct it.")
    if forces and name != roles.READER:
        raise UsageError(f"--role {role}", "it sees every force", "forces of readers alone", "Leave --force out.")
    known = {*forces_of(settings), members.EVERY_FORCE, ALL}
    for force in forces:
        if force not in known:
            near = get_close_matches(force, known, n=1)
            do = f"Did you mean {near[0]}?" if near else "Correct the slug."
            raise UsageError(f"--force {force}", "no force is called that", "a slug, `all` or `*`", do)
