"""The watch's list: every open clock that was about to run out, and what became of it.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "at_risk",
        sa.Column("measure", sa.Text, server_default="", nullable=False),
        sa.Column("force", sa.Text, server_default="", nullable=False),
        sa.Column("case_id", sa.Text, server_default="", nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("area", sa.Text, server_default="", nullable=False),
        sa.Column("channel", sa.Text, server_default="", nullable=False),
        sa.Column("listed_at", Moment(), nullable=False),
        sa.Column("outcome", sa.Text, server_default="", nullable=False),
        sa.Column("settled_at", Moment()),
        sa.CheckConstraint("outcome IN ('', 'saved', 'missed', 'gone')", name="at_risk_outcome"),
        sa.PrimaryKeyConstraint("measure", "force", "case_id", "due_at"),
    )
    op.create_index("at_risk_by_outcome", "at_risk", ["outcome", "due_at"])


def downgrade() -> None:
    op.drop_table("at_risk")
