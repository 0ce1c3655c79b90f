"""PostgreSQL's three roles and what each may do, as one script that may be run again at any time.

- `pledge_writer` runs the product: it reads everything, adds, and changes only what the product changes.
- `pledge_auditor` reads everything, cases and accesses among it, and adds nothing but its own readings to `accesses`.
- `pledge_reader` reads figures and counts of the forces its login may see (`role_forces`): no case, no name.

Grants say which tables and columns, row-level security which rows. Logins are members of a role; they own nothing,
so none can lift a trigger, a policy or a grant. A table nobody thought of here is append-only and closed to readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Table, text

from connectors.store.tables import metadata, role_forces, runs

WRITER, READER, AUDITOR = "pledge_writer", "pledge_reader", "pledge_auditor"
ROLES = (WRITER, READER, AUDITOR)
OLDEST_SERVER = 15
OPEN_TO_READERS = frozenset(
    (
        "runs deliveries expectation_results verdicts commitments sensitivity delays comparisons funnels alert_health "
        "integrity_signals role_forces"
    ).split()
)
CLOSED_COLUMNS = {"integrity_signals": ("cases",)}
"""What readers do not see of the tables open to them: references to records."""
_FINISHING = "status finished_at input_key figures_hash previous_hash hash manifest signature public_key"
CHANGED = {
    "runs": _FINISHING,
    "cases": (
        "area neighbourhood state reason clock_started_at limit_seconds due_at clock_stopped_at elapsed_seconds "
        "local_day last_changed_run"
    ),
    "breaches": "area neighbourhood due_at elapsed_seconds severity status closed_run local_day",
    "announcements": "state payload slack_ts attempts last_error claimed_at sent_at resolved_at edit_due",
    "at_risk": "outcome settled_at",
    "explanations": "text",
    "integrity_signals": "cases",
}
"""The columns the product changes (of an append-only table only what its triggers let an erasure change)."""
TAKEN_AWAY = frozenset("at_risk cases breaches quarantine definition_counts".split())
"""The tables the product deletes from (of quarantined rows only those an erasure has named)."""
_SEEN = "ARRAY[{force}, '*'] && (SELECT forces_seen())"
# Of a funnel the force is its unit, or the force whose neighbourhoods are compared.
_FORCE = {"funnels": "CASE level WHEN 'force' THEN unit ELSE within END"}
_OWN = "login IN (SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(oid, 'USAGE'))"
_ROWS = {runs.name: "true", role_forces.name: _OWN}
# Whoever audits through the product leaves a trace, and none in another's name.
_OWN_ACCESS = "right(accessed_by, length(current_user) + 3) = ' (' || current_user || ')'"


def script() -> str:
    """The whole script, for the database whose tables are up to date; run by their owner, in one transaction."""
    return "\n".join([_HEAD, *_roles(), *_statements(), ""])


def lay_out(conn: Connection) -> None:
    """Make the roles that are missing, and bring every grant and policy of this database up to date."""
    for statement in [*_roles(), *_statements()]:
        conn.exec_driver_sql(statement.replace("%", "%%"))


def is_laid_out(conn: Connection) -> bool:
    """Whether this database has been given to the roles (another one of the same server may have been)."""
    found = "SELECT 1 FROM pg_policies WHERE schemaname = current_schema() AND policyname LIKE 'pledge\\_%' LIMIT 1"
    return conn.execute(text(found)).first() is not None


def _roles() -> Iterator[str]:
    for role in ROLES:
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') "  # noqa: S608
            f"THEN CREATE ROLE {role} NOLOGIN; END IF; END $$;"
        )


def _statements() -> Iterator[str]:
    listed = ", ".join(ROLES)
    yield (
        "DO $$ BEGIN "
        f"EXECUTE format('GRANT USAGE ON SCHEMA %I TO {listed}', current_schema()); "
        "EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema()); "
        f"EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC, {listed}', current_schema()); END $$;"
    )
    yield f"GRANT SELECT ON alembic_version TO {listed};"
    for table in metadata.sorted_tables:
        yield from _grants(table)
        yield from _policies(table)
    # A view asks with the rights of who reads it, not of who made it.
    yield (
        "DO $$ DECLARE each name; BEGIN "  # noqa: S608
        "FOR each IN SELECT viewname FROM pg_views WHERE schemaname = current_schema() LOOP "
        "EXECUTE format('ALTER VIEW %I SET (security_invoker = true)', each); "
        f"EXECUTE format('GRANT SELECT ON %I TO {listed}', each); END LOOP; END $$;"
    )


def _grants(table: Table) -> Iterator[str]:
    yield f"GRANT SELECT ON {table.name} TO {WRITER}, {AUDITOR};"
    if table.name in OPEN_TO_READERS:
        closed = CLOSED_COLUMNS.get(table.name, ())
        columns = f" ({_columns([c.name for c in table.columns if c.name not in closed])})" if closed else ""
        yield f"GRANT SELECT{columns} ON {table.name} TO {READER};"
    if table is role_forces:  # its owner alone says who sees what
        return
    yield f"GRANT INSERT ON {table.name} TO {WRITER};"
    if table.name == "accesses":
        yield f"GRANT INSERT ON {table.name} TO {AUDITOR};"
    if changed := CHANGED.get(table.name):
        yield f"GRANT UPDATE ({_columns(changed.split())}) ON {table.name} TO {WRITER};"
    if table.name in TAKEN_AWAY:
        yield f"GRANT DELETE ON {table.name} TO {WRITER};"


def _policies(table: Table) -> Iterator[str]:
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY;"
    if table is not role_forces:
        yield _policy(table, WRITER, "", "USING (true) WITH CHECK (true)")
    yield _policy(table, AUDITOR, "FOR SELECT", "USING (true)")
    if table.name == "accesses":
        yield _policy(table, AUDITOR, "FOR INSERT", f"WITH CHECK ({_OWN_ACCESS})", "_adds")
    rows = _ROWS.get(table.name) or _rows_of_forces(table)
    if rows:
        to = f"{READER}, {WRITER}" if table is role_forces else READER
        yield _policy(table, READER, "FOR SELECT", f"USING ({rows})", to=to)


def _rows_of_forces(table: Table) -> str:
    force = _FORCE.get(table.name) or ('"force"' if "force" in table.c else "")
    return _SEEN.format(force=force) if force else ""


def _policy(table: Table, role: str, action: str, rows: str, more: str = "", to: str = "") -> str:
    name = f"{role}{more}"
    return (
        f"DROP POLICY IF EXISTS {name} ON {table.name}; "
        f"CREATE POLICY {name} ON {table.name} {action} TO {to or role} {rows};"
    )


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_HEAD = """\
-- The roles of the Policing Pledge monitor: who may read, add and change what. Run it as the owner of the tables, in
-- the store's database, after `pledge database upgrade`; it may be run again at any time (psql --single-transaction).
-- Where the owner may not create roles, let an administrator run the three statements that begin with DO first.
SET client_min_messages TO warning;"""
