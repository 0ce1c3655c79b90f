"""Every decision of a night is a row of `announcements`: what it is about, where it is said, what it belongs to.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0007"
down_revision = "0006"

TEXTS = (
    "standard", "measure", "force", "area", "log", "severity", "period", "verdict", "run_id", "said_in", "thread_of",
)  # fmt: skip


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("announcements", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("announcements", sa.Column("commitment", sa.Integer))
    op.add_column("announcements", sa.Column("period_start", sa.Date))
    op.add_column("announcements", sa.Column("since", sa.Date))
    op.add_column("announcements", sa.Column("resolved_at", Moment()))
    op.add_column("announcements", sa.Column("edit_due", sa.Boolean, nullable=False, server_default="0"))
    op.create_index("announcements_by_promise", "announcements", ["measure", "force", "log", "created_at"])
    op.create_index("announcements_by_carrier", "announcements", ["said_in"])


def downgrade() -> None:
    op.drop_index("announcements_by_carrier", "announcements")
    op.drop_index("announcements_by_promise", "announcements")
    for name in ("edit_due", "resolved_at", "since", "period_start", "commitment", *reversed(TEXTS)):
        op.drop_column("announcements", name)
