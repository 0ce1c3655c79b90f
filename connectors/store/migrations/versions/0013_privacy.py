"""Erasures, what they took away, and who read cases: append-only. Rows an erasure names may go, no others.

Revision 0013, after 0012. A quarantined row may be deleted, and a row of integrity signals changed, once `erased` names
it: the record comes first, and `pledge verify` holds what is left against it.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0013"
down_revision = "0012"

APPEND_ONLY = {
    "erasures": ("run_id", "log", '"force"'),
    "erased": ("run_id", "what", '"key"'),
    "accesses": ("access_id",),
}
# What an erasure may do to an append-only table, and the key of the row it does it to.
ALLOWED = {
    "quarantine": ("DELETE", ("delivery_id", "row_number", "rule")),
    "integrity_signals": ("UPDATE", ("run_id", "signal", "force", "area")),
}


def upgrade() -> None:
    _create_tables()
    for table, key in APPEND_ONLY.items():
        _refuse_changes(table, key)
    for table, (action, key) in ALLOWED.items():
        _allow(table, action, key)


def downgrade() -> None:
    for table, (action, _) in ALLOWED.items():
        if op.get_bind().dialect.name == "postgresql":
            _replace_postgresql(table, "refuse_change")
        else:
            _replace_sqlite(table, action, "")
    if op.get_bind().dialect.name == "postgresql":
        for table in ALLOWED:
            op.execute(f"DROP FUNCTION refuse_unless_erased_{table}()")
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "erasures",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("before", sa.Date(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
            for name in ("records", "cases", "quarantined", "files")
        ),
        sa.Column("months", sa.Text(), server_default="", nullable=False),
        sa.Column("versions", sa.Text(), server_default="", nullable=False),
        sa.Column("files_sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("key_fingerprint", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("run_id", "log", "force"),
    )
    op.create_table(
        "erased",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("left_sha256", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("run_id", "what", "key"),
    )
    op.create_index("erased_by_name", "erased", ["what", "key"])
    op.create_table(
        "accesses",
        sa.Column("access_id", sa.Text(), nullable=False),
        sa.Column("accessed_at", Moment(), nullable=False),
        sa.Column("accessed_by", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("filters", sa.Text(), server_default="", nullable=False),
        sa.Column("row_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("form", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("access_id"),
    )


def _refuse_changes(table: str, key: tuple[str, ...]) -> None:
    """As in revision 0002; dropping the table drops its triggers."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    exists = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {exists} {refuse}")


def _allow(table: str, action: str, key: tuple[str, ...]) -> None:
    listed = ", ".join(f"OLD.{column}" for column in key)
    named = f"SELECT 1 FROM erased WHERE what = '{table}' AND "  # noqa: S608
    if op.get_bind().dialect.name != "postgresql":
        _replace_sqlite(table, action, f'WHEN NOT EXISTS ({named}"key" = json_array({listed})) ')
        return
    left = "OLD" if action == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION refuse_unless_erased_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = '{action}' AND EXISTS ({named}\"key\"::jsonb = jsonb_build_array({listed})) "
        f"THEN RETURN {left}; END IF; RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    _replace_postgresql(table, f"refuse_unless_erased_{table}")


def _replace_postgresql(table: str, function: str) -> None:
    op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _replace_sqlite(table: str, action: str, when: str) -> None:
    name = f"{table}_no_{action.lower()}"
    op.execute(f"DROP TRIGGER {name}")
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {action} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
