"""Who belongs to PostgreSQL's roles, and which forces each login or group may see: every change is a row that stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, text

from checks.errors import UsageError
from connectors.store.roles import AUDITOR, ROLES, WRITER
from connectors.store.tables import role_forces

EVERY_FORCE = "*"


def rights_of(conn: Connection) -> tuple[str, tuple[str, ...], bool]:
    """(login, the roles whose rights it has, whether it could lift what guards the tables) of this connection."""
    login, lifts = conn.execute(
        text(
            "SELECT current_user, EXISTS (SELECT 1 FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner "
            "WHERE pg_class.oid = to_regclass('runs') AND pg_has_role(relowner, 'MEMBER'))"
        )
    ).one()
    held = "SELECT rolname FROM pg_roles WHERE rolname = ANY (:roles) AND pg_has_role(oid, 'USAGE') ORDER BY rolname"
    return login, tuple(conn.execute(text(held), {"roles": list(ROLES)}).scalars()), lifts


def add(conn: Connection, login: str, role: str, forces: Sequence[str], author: str, now: datetime) -> list[str]:
    """Make a login a member of a role; returns the forces it did not see before.

    What was said of a login of the same name that is no member any more (it was dropped, not revoked) is taken back.
    """
    _must_exist(conn, login)
    if not _is_member(conn, login):
        _say(conn, login, [force for force in seen_by(conn, login) if force not in forces], False, author, now)
    conn.exec_driver_sql(f"GRANT {_quoted(conn, role)} TO {_quoted(conn, login)}")
    missing = [force for force in dict.fromkeys(forces) if force not in seen_by(conn, login)]
    _say(conn, login, missing, True, author, now)
    return missing


def remove(conn: Connection, login: str, forces: Sequence[str], author: str, now: datetime) -> list[str]:
    """Take these forces from a login, or everything where none is named; returns the forces taken."""
    held = seen_by(conn, login)
    unknown = [force for force in forces if force not in held]
    if unknown:
        expected = f"one of {', '.join(held)}" if held else "a login that sees forces"
        raise UsageError(f"--force {unknown[0]}", f"{login} does not see it", expected, "Correct it.")
    if not forces:
        _must_exist(conn, login)
        for role in ROLES:
            conn.exec_driver_sql(f"REVOKE {_quoted(conn, role)} FROM {_quoted(conn, login)}")
    taken = list(forces) or held
    _say(conn, login, taken, False, author, now)
    return taken


def seen_by(conn: Connection, login: str) -> list[str]:
    """The forces said of a login itself, not of the groups it belongs to."""
    said = select(role_forces).where(role_forces.c.login == login).order_by(role_forces.c.recorded_at)
    newest = {row.force: row.allowed for row in conn.execute(said)}
    return sorted(force for force, allowed in newest.items() if allowed)


def listed(conn: Connection) -> list[dict[str, str]]:
    """Every login or group that is a member of a role: login, role, forces (of readers)."""
    found = conn.execute(
        text(
            "SELECT member.rolname, role.rolname FROM pg_auth_members "
            "JOIN pg_roles AS role ON role.oid = roleid JOIN pg_roles AS member ON member.oid = pg_auth_members.member "
            "WHERE role.rolname = ANY (:roles) AND NOT (member.rolsuper OR admin_option) ORDER BY 1, 2"
        ),
        {"roles": list(ROLES)},
    ).all()
    every = {WRITER: EVERY_FORCE, AUDITOR: EVERY_FORCE}
    return [
        {"login": login, "role": role, "forces": every.get(role) or " ".join(seen_by(conn, login))}
        for login, role in found
    ]


def _is_member(conn: Connection, login: str) -> bool:
    return any(member["login"] == login for member in listed(conn))


def _say(conn: Connection, login: str, forces: Sequence[str], allowed: bool, author: str, now: datetime) -> None:
    rows = [{"login": login, "force": f, "recorded_at": now, "allowed": allowed, "author": author} for f in forces]
    if rows:
        conn.execute(insert(role_forces), rows)


def _must_exist(conn: Connection, login: str) -> None:
    if conn.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :login"), {"login": login}).first() is None:
        do = f'Let an administrator of the server say: CREATE ROLE "{login}" LOGIN'
        raise UsageError(f"login {login}", "the server has no such login", "an existing one", f"{do}.")


def _quoted(conn: Connection, name: str) -> str:
    return conn.dialect.identifier_preparer.quote_identifier(name)
