"""Said then, known now: the revision triangle, and which figures are still provisional.

Revision 0012, after 0011. The two databases count days in words of their own, hence the one blank in the views.
"""

from pathlib import Path
from string import Template

from alembic import op

revision = "0012"
down_revision = "0011"

HERE = Path(__file__).parent
FOLDER = HERE / "0012_revisions"
DAYS_AFTER_END = {
    "sqlite": (
        "CAST(julianday(substr(as_at, 1, 10)) - julianday(date(period_start, CASE period WHEN 'day' THEN '+1 day' "
        "WHEN 'month' THEN '+1 month' ELSE '+1 year' END)) AS INTEGER)"
    ),
    "postgresql": (
        "(CAST(as_at AT TIME ZONE 'UTC' AS DATE) - CAST(period_start + CASE period WHEN 'day' THEN INTERVAL '1 day' "
        "WHEN 'month' THEN INTERVAL '1 month' ELSE INTERVAL '1 year' END AS DATE))"
    ),
}


def upgrade() -> None:
    if _dialect() == "sqlite":
        op.execute("DROP VIEW current_verdicts")
        op.execute(_view("current_verdicts"))
    else:  # the views that read it stand; a column at the end disturbs none
        op.execute(_view("current_verdicts").replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    op.execute(_view("revision_triangle"))


def downgrade() -> None:
    for view in ("revision_triangle", "comparison", "current_verdicts"):
        op.execute(f"DROP VIEW {view}")
    for view in ("current_verdicts", "comparison"):
        op.execute((HERE / "0004_views" / f"{view}.sql").read_text("utf-8"))


def _dialect() -> str:
    return op.get_bind().dialect.name


def _view(name: str) -> str:
    text = (FOLDER / f"{name}.sql").read_text("utf-8")
    return Template(text).substitute(days_after_end=DAYS_AFTER_END[_dialect()])
