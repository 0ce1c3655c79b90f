"""The views: newest figures, restatements, open breaches, comparison of forces; an SQL file each.

Revision 0003, after 0002.
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"

FOLDER = Path(__file__).parent / "0003_views"
VIEWS = ("current_verdicts", "restatements", "open_breaches", "comparison")


def upgrade() -> None:
    for view in VIEWS:
        op.execute((FOLDER / f"{view}.sql").read_text("utf-8"))


def downgrade() -> None:
    for view in reversed(VIEWS):
        op.execute(f"DROP VIEW {view}")
