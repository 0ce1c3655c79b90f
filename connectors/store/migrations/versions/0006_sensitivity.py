"""What each figure would be under the other documented definitions, and the counts that table is made from.

Revision 0006, after 0005. `sensitivity` is append-only like `verdicts` (see 0002); `definition_counts` is a working
table of the judging.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0006"
down_revision = "0005"

KEY = ("run_id", "standard", "measure", "force", "period", "period_start", "definition")
FIGURE = KEY[1:]
COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "numerator", "denominator")
# As it was in this revision (see connectors/store/rates.py).
RATE = "CASE WHEN denominator > 0 THEN CAST(numerator AS DOUBLE PRECISION) / denominator END"


def upgrade() -> None:
    op.create_table(
        "sensitivity",
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("standard", "measure", "force", "period")),
        sa.Column("period_start", sa.Date(), nullable=False),
        _text("definition"),
        _text("changed"),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in COUNTS),
        sa.Column("target", sa.Double(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("verdict_changes", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("rate", sa.Double(), sa.Computed(RATE, persisted=True), nullable=True),
        sa.CheckConstraint("period IN ('month', 'year', 'rolling_12_months')", name="sensitivity_period"),
        sa.CheckConstraint(
            "verdict IN ('kept', 'missed', 'too_few', 'cannot_judge', 'no_target', 'in_progress')",
            name="sensitivity_verdict",
        ),
        sa.PrimaryKeyConstraint(*KEY),
    )
    op.create_index("sensitivity_by_figure", "sensitivity", [*FIGURE, "run_number"], unique=True)
    op.create_table(
        "definition_counts",
        *(_text(name) for name in ("standard", "measure", "force", "basis")),
        sa.Column("as_at", Moment(), nullable=False),
        _text("counts"),
        sa.PrimaryKeyConstraint("standard", "measure", "force"),
    )
    _refuse_change()


def downgrade() -> None:
    op.drop_table("definition_counts")
    op.drop_table("sensitivity")  # its triggers go with it


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _refuse_change() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER sensitivity_no_change BEFORE UPDATE OR DELETE ON sensitivity "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            "CREATE TRIGGER sensitivity_no_truncate BEFORE TRUNCATE ON sensitivity EXECUTE FUNCTION refuse_change()"
        )
        return
    refuse = "BEGIN SELECT RAISE(ABORT, 'sensitivity is append-only'); END"
    same = " AND ".join(f"{column} = NEW.{column}" for column in KEY)
    exists = f" WHEN EXISTS (SELECT 1 FROM sensitivity WHERE {same})"  # noqa: S608
    op.execute(f"CREATE TRIGGER sensitivity_no_update BEFORE UPDATE ON sensitivity {refuse}")
    op.execute(f"CREATE TRIGGER sensitivity_no_delete BEFORE DELETE ON sensitivity {refuse}")
    op.execute(f"CREATE TRIGGER sensitivity_no_replace BEFORE INSERT ON sensitivity{exists} {refuse}")
