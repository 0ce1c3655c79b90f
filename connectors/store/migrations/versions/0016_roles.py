"""Which forces a login of PostgreSQL may see: an append-only table, and what row-level security asks of it.

Revision 0016, after 0015. The policies and grants themselves are laid out by `pledge database roles`
(connectors/store/roles.py): roles belong to the whole server. SQLite has the table, and no logins to put into it.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0016"
down_revision = "0015"

HERE = Path(__file__).parent
KEY = ("login", "force", "recorded_at")
# The newest word on each login and force counts, for every role whose rights the session has. Bound to the tables when
# it is made: a temporary table of the same name cannot take their place.
FORCES_SEEN = """
CREATE FUNCTION forces_seen() RETURNS text[] LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT newest.force), ARRAY[]::text[])
    FROM (
        SELECT DISTINCT ON (said.login, said.force) said.login, said.force, said.allowed
        FROM role_forces AS said ORDER BY said.login, said.force, said.recorded_at DESC
    ) AS newest
    JOIN pg_catalog.pg_roles AS known ON known.rolname = newest.login
    WHERE newest.allowed AND pg_catalog.pg_has_role(known.oid, 'USAGE');
END
"""
SEES_EVERY_FORCE = """
CREATE FUNCTION sees_every_force() RETURNS boolean LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT '*' = ANY (forces_seen()) OR EXISTS (
        SELECT 1 FROM pg_catalog.pg_roles AS known
        WHERE known.rolname IN ('pledge_writer', 'pledge_auditor') AND pg_catalog.pg_has_role(known.oid, 'USAGE')
    );
END
"""
# How many forces a funnel compares: a number counted over rows somebody may not see would be a wrong one.
FORCES_COMPARED = "CASE WHEN NOT row_security_active('funnels'::regclass) OR sees_every_force() THEN counted.forces END"
WITHDRAW = """
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT tablename, policyname FROM pg_policies
        WHERE schemaname = current_schema() AND policyname LIKE 'pledge\\_%'
    LOOP
        EXECUTE format('DROP POLICY %I ON %I', each.policyname, each.tablename);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', each.tablename);
    END LOOP;
    FOR each IN SELECT rolname FROM pg_roles WHERE rolname IN ('pledge_writer', 'pledge_reader', 'pledge_auditor')
    LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), each.rolname);
    END LOOP;
    FOR each IN SELECT viewname FROM pg_views WHERE schemaname = current_schema() LOOP
        EXECUTE format('ALTER VIEW %I RESET (security_invoker)', each.viewname);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "role_forces",
        sa.Column("login", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY),
    )
    if not _is_postgresql():
        _refuse_changes_sqlite()
        return
    op.execute(
        "CREATE TRIGGER role_forces_no_change BEFORE UPDATE OR DELETE ON role_forces "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("CREATE TRIGGER role_forces_no_truncate BEFORE TRUNCATE ON role_forces EXECUTE FUNCTION refuse_change()")
    op.execute(FORCES_SEEN)
    op.execute(SEES_EVERY_FORCE)
    op.execute(_comparison().replace("counted.forces,", f"{FORCES_COMPARED} AS forces,", 1))


def downgrade() -> None:
    """Takes the policies and grants with it: without the table nobody could be told apart."""
    if _is_postgresql():
        op.execute(WITHDRAW)
        op.execute(_comparison())
        op.execute("DROP FUNCTION sees_every_force()")
        op.execute("DROP FUNCTION forces_seen()")
    op.drop_table("role_forces")


def _comparison() -> str:
    text = (HERE / "0004_views" / "comparison.sql").read_text("utf-8")
    return text.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _refuse_changes_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'role_forces is append-only'); END"
    same = " AND ".join(f"{column} = NEW.{column}" for column in KEY)
    exists = f"WHEN EXISTS (SELECT 1 FROM role_forces WHERE {same})"  # noqa: S608
    op.execute(f"CREATE TRIGGER role_forces_no_update BEFORE UPDATE ON role_forces {refuse}")
    op.execute(f"CREATE TRIGGER role_forces_no_delete BEFORE DELETE ON role_forces {refuse}")
    op.execute(f"CREATE TRIGGER role_forces_no_replace BEFORE INSERT ON role_forces {exists} {refuse}")
