"""What officers answer: acknowledgements, the scope of explanations, the local day of cases and breaches, alert health.

Revision 0008, after 0007. An explanation of a whole day has a row of its own, with '' as its breach.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0008"
down_revision = "0007"

APPEND_ONLY = {
    "acknowledgements": ("breach_id", "recorded_at"),
    "alert_health": ("run_id", "month", "force", "kind"),
}
DAYS = ("cases", "breaches")


def upgrade() -> None:
    for table in DAYS:
        op.add_column(table, sa.Column("local_day", sa.Date()))
    for column in _scope("explanation_id"):
        op.add_column("explanations", column)
    op.create_table(
        "acknowledgements",
        sa.Column("breach_id", sa.Text(), primary_key=True),
        sa.Column("recorded_at", Moment(), primary_key=True),
        _text("recorded_by"),
        *_scope("acknowledgement_id"),
    )
    op.create_table(
        "alert_health",
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("month", sa.Date(), primary_key=True),
        sa.Column("force", sa.Text(), primary_key=True, server_default=""),
        sa.Column("kind", sa.Text(), primary_key=True, server_default=""),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
            for name in ("sent", "acknowledged", "explained", "reopened")
        ),
        sa.Column("median_seconds_to_acknowledge", sa.Double()),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, key in APPEND_ONLY.items():
        (_refuse_postgresql if is_postgresql else _refuse_sqlite)(table, key)


def downgrade() -> None:
    for table in APPEND_ONLY:
        op.drop_table(table)
    for column in _scope("explanation_id"):
        op.drop_column("explanations", column.name)
    for table in DAYS:
        op.drop_column(table, "local_day")


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _scope(name: str) -> list[sa.Column[Any]]:
    texts = [_text(column) for column in (name, "measure", "force", "area")]
    return [*texts, sa.Column("missed_on", sa.Date()), _text("via")]


def _refuse_postgresql(table: str, _key: tuple[str, ...]) -> None:
    for name, when, row in (("change", "UPDATE OR DELETE", " FOR EACH ROW"), ("truncate", "TRUNCATE", "")):
        op.execute(f"CREATE TRIGGER {table}_no_{name} BEFORE {when} ON {table}{row} EXECUTE FUNCTION refuse_change()")


def _refuse_sqlite(table: str, key: tuple[str, ...]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    exists = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}{exists} {refuse}")
