"""What was said stays said: triggers refuse to change or delete rows of the append-only tables.

Revision 0002, after 0001. SQLite's INSERT OR REPLACE deletes without asking a delete trigger unless the
connection says so, hence the third trigger there; PostgreSQL has TRUNCATE, hence the statement trigger there.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = {
    "deliveries": ("delivery_id",),
    "quarantine": ("delivery_id", "row_number", "rule"),
    "expectation_results": ("run_id", "suite", "expectation", "force", "log", '"column"'),
    "verdicts": (
        "run_id", "standard", "measure", "force", "area", "neighbourhood", "period", "period_start",
    ),
    "commitments": ("run_id", "standard", "commitment", "force", "area", "period", "period_start"),
    "explanations": ("breach_id", "recorded_at"),
    "integrity_signals": ("run_id", "signal", "force", "area"),
}  # fmt: skip
# A run's row is written twice, when it starts and when it ends; from then on it stays too.
FINISHED = "OLD.status <> 'running'"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgresql()
    else:
        _upgrade_sqlite()


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in (*APPEND_ONLY, "runs"):
        for trigger in ("change", "truncate") if is_postgresql else ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER {table}_no_{trigger}" + (f" ON {table}" if is_postgresql else ""))
    if is_postgresql:
        op.execute("DROP FUNCTION refuse_change()")


def _upgrade_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in (*APPEND_ONLY, "runs"):
        when = f" WHEN ({FINISHED})" if table == "runs" else ""
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW{when} EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")


def _upgrade_sqlite() -> None:
    for table, key in {**APPEND_ONLY, "runs": ("run_id",)}.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        when = f" WHEN {FINISHED}" if table == "runs" else ""
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        exists = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}{when} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}{when} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}{exists} {refuse}")
