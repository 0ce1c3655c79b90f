"""Silences and their early ends, append-only; announcements that wait, or that a silence mutes.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0010"
down_revision = "0009"

TABLES = ("silences", "silence_ends")


def upgrade() -> None:
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("matcher", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("silence_id"),
    )
    op.create_table(
        "silence_ends",
        sa.Column("silence_id", sa.Text(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["silence_id"], ["silences.silence_id"]),
        sa.PrimaryKeyConstraint("silence_id"),
    )
    op.add_column("announcements", sa.Column("not_before", Moment()))
    op.add_column("announcements", sa.Column("silence_id", sa.Text(), nullable=False, server_default=""))
    op.create_index("announcements_by_silence", "announcements", ["silence_id"])
    for table in TABLES:
        _refuse_changes(table)


def _refuse_changes(table: str) -> None:
    """The triggers of revision 0002."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    exists = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE silence_id = NEW.silence_id)"  # noqa: S608
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}{exists} {refuse}")


def downgrade() -> None:
    op.drop_index("announcements_by_silence", "announcements")
    op.drop_column("announcements", "silence_id")
    op.drop_column("announcements", "not_before")
    for table in reversed(TABLES):
        op.drop_table(table)
