"""Who signed which month, or refused to: append-only, and vouched for by the next run, as answers are.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "signings",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("signed_at", Moment(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("figures_hash", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("missing_nights", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("via", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("decision IN ('signed', 'refused')", name="signings_decision"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("month", "signed_at"),
    )
    _refuse_changes("signings", ("month", "signed_at"))


def downgrade() -> None:
    op.drop_table("signings")


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
