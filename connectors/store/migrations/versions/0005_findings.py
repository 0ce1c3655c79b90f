"""What a run finds beside its figures: integrity signals with what they are compared with, delays, exclusions.

Revision 0005, after 0004.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

DELAYS_KEY = ("run_id", "measure", "force", "area", "period_start", "stage")
LEDGER = Path(__file__).parent / "0005_findings" / "exclusion_ledger.sql"
COMPARED = ("run_number", "base_rate", "compared_with", "p_adjusted", "notable", "sentence")


def upgrade() -> None:
    for column in (
        sa.Column("run_number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("base_rate", sa.Double(), nullable=True),
        sa.Column("compared_with", sa.Text(), server_default="", nullable=False),
        sa.Column("p_adjusted", sa.Double(), nullable=True),
        sa.Column("notable", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
    ):
        op.add_column("integrity_signals", column)
    op.create_index("integrity_signals_by_key", "integrity_signals", ["signal", "force", "area", "run_number"])
    op.create_table(
        "delays",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("stage", sa.Text(), server_default="", nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("left_out", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("p50_seconds", sa.Double(), nullable=True),
        sa.Column("p90_seconds", sa.Double(), nullable=True),
        sa.Column("mean_seconds", sa.Double(), nullable=True),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("costs_most", sa.Boolean(), server_default="0", nullable=False),
        sa.CheckConstraint("stage IN ('answer', 'grade', 'dispatch', 'travel')", name="delays_stage"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint(*DELAYS_KEY),
    )
    op.create_index("delays_by_key", "delays", [*DELAYS_KEY[1:], "run_number"], unique=True)
    _refuse_changes_of_delays()
    op.execute(LEDGER.read_text("utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW exclusion_ledger")
    op.drop_table("delays")
    op.drop_index("integrity_signals_by_key", "integrity_signals")
    for column in COMPARED:
        op.drop_column("integrity_signals", column)


def _refuse_changes_of_delays() -> None:
    """As in revision 0002; dropping the table drops its triggers."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER delays_no_change BEFORE UPDATE OR DELETE ON delays "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute("CREATE TRIGGER delays_no_truncate BEFORE TRUNCATE ON delays EXECUTE FUNCTION refuse_change()")
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'delays is append-only'); END"
    same = " AND ".join(f"{column} = NEW.{column}" for column in DELAYS_KEY)
    op.execute(f"CREATE TRIGGER delays_no_update BEFORE UPDATE ON delays {refuse}")
    op.execute(f"CREATE TRIGGER delays_no_delete BEFORE DELETE ON delays {refuse}")
    exists = f"WHEN EXISTS (SELECT 1 FROM delays WHERE {same})"  # noqa: S608
    op.execute(f"CREATE TRIGGER delays_no_replace BEFORE INSERT ON delays {exists} {refuse}")
