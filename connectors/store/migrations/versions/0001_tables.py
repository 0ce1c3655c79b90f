"""The tables of the first night.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

from connectors.store.moment import Moment

revision = "0001"
down_revision = None

# The rates as they were in this revision (see connectors/store/rates.py).
_MIDDLE = "2 * CAST(numerator AS DOUBLE PRECISION) + 3.841458820694124"
_REACH = (
    "1.959963984540054 * sqrt(3.841458820694124 "
    "+ 4 * CAST(numerator AS DOUBLE PRECISION) * (denominator - numerator) / denominator)"
)
_WIDTH = "(2 * (denominator + 3.841458820694124))"
_NOTHING = "denominator < 1 OR numerator > denominator"

RATE = "CASE WHEN denominator > 0 THEN CAST(numerator AS DOUBLE PRECISION) / denominator END"
RATE_LOW = f"CASE WHEN {_NOTHING} THEN NULL WHEN numerator = 0 THEN 0 ELSE ({_MIDDLE} - {_REACH}) / {_WIDTH} END"
RATE_HIGH = (
    f"CASE WHEN {_NOTHING} THEN NULL WHEN numerator = denominator THEN 1 ELSE ({_MIDDLE} + {_REACH}) / {_WIDTH} END"
)
RATE_IF_UNKNOWN_MISSED = (
    "CASE WHEN met + missed + unknown > 0 THEN CAST(met AS DOUBLE PRECISION) / (met + missed + unknown) END"
)


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("announcement_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), server_default="", nullable=False),
        sa.Column("slack_ts", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("claimed_at", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('claimed', 'sent', 'failed', 'suppressed')", name="announcements_state"),
        sa.PrimaryKeyConstraint("announcement_id"),
        sa.UniqueConstraint("key"),
    )

    op.create_table(
        "explanations",
        sa.Column("breach_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("breach_id", "recorded_at"),
    )

    op.create_table(
        "runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        sa.Column("as_at", Moment(), nullable=False),
        sa.Column("window_from", Moment(), nullable=True),
        sa.Column("window_to", Moment(), nullable=True),
        sa.Column("standards", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), server_default="", nullable=False),
        sa.Column("input_key", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.Column("status", sa.Text(), server_default="running", nullable=False),
        sa.Column("figures_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("previous_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("hash", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("status IN ('running', 'done', 'failed')", name="runs_status"),
        sa.PrimaryKeyConstraint("run_id"),
        sa.UniqueConstraint("run_number"),
    )

    op.create_table(
        "breaches",
        sa.Column("breach_id", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default="", nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("elapsed_seconds", sa.Double(), nullable=True),
        sa.Column("severity", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_run", sa.Text(), nullable=False),
        sa.Column("closed_run", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'acknowledged', 'explained', 'withdrawn')", name="breaches_status"),
        sa.ForeignKeyConstraint(["closed_run"], ["runs.run_id"]),
        sa.ForeignKeyConstraint(["opened_run"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("breach_id"),
    )
    op.create_index("breaches_by_case", "breaches", ["standard", "measure", "force", "case_id"], unique=True)
    op.create_table(
        "cases",
        sa.Column("standard", sa.Text(), server_default="", nullable=False),
        sa.Column("measure", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("case_id", sa.Text(), server_default="", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("clock_started_at", Moment(), nullable=True),
        sa.Column("limit_seconds", sa.Double(), nullable=True),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("clock_stopped_at", Moment(), nullable=True),
        sa.Column("elapsed_seconds", sa.Double(), nullable=True),
        sa.Column("first_run", sa.Text(), nullable=False),
        sa.Column("last_changed_run", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('missed', 'pending', 'unknown')", name="cases_state"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.run_id"]),
        sa.ForeignKeyConstraint(["last_changed_run"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("standard", "measure", "force", "case_id"),
    )

    op.create_table(
        "commitments",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        sa.Column("standard", sa.Text(), server_default="", nullable=False),
        sa.Column("commitment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("period", sa.Text(), server_default="", nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("period IN ('day', 'month', 'year', 'rolling_12_months')", name="commitments_period"),
        sa.CheckConstraint(
            "verdict IN ('kept', 'missed', 'too_few', 'cannot_judge', 'no_target', 'in_progress')",
            name="commitments_verdict",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("run_id", "standard", "commitment", "force", "area", "period", "period_start"),
    )
    op.create_index(
        "commitments_by_figure",
        "commitments",
        ["standard", "commitment", "force", "area", "period", "period_start", "run_number"],
        unique=True,
    )

    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_admitted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_quarantined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("fitness", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("columns", sa.Text(), server_default="", nullable=False),
        sa.Column("covers_from", Moment(), nullable=True),
        sa.Column("covers_to", Moment(), nullable=True),
        sa.CheckConstraint("fitness IN ('fit', 'unfit')", name="deliveries_fitness"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    op.create_index("deliveries_by_file", "deliveries", ["source", "log", "sha256"], unique=False)
    op.create_table(
        "expectation_results",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("suite", sa.Text(), server_default="", nullable=False),
        sa.Column("expectation", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("log", sa.Text(), server_default="", nullable=False),
        sa.Column("column", sa.Text(), server_default="", nullable=False),
        sa.Column("delivery_id", sa.Text(), server_default="", nullable=False),
        sa.Column("severity", sa.Text(), server_default="", nullable=False),
        sa.Column("success", sa.Boolean(), nullable=True),
        sa.Column("observed", sa.Text(), server_default="", nullable=False),
        sa.Column("unexpected", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("run_id", "suite", "expectation", "force", "log", "column"),
    )

    op.create_table(
        "integrity_signals",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("measure", sa.Text(), server_default="", nullable=False),
        sa.Column("count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("of", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cases", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint("run_id", "signal", "force", "area"),
    )

    op.create_table(
        "verdicts",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        sa.Column("standard", sa.Text(), server_default="", nullable=False),
        sa.Column("commitment", sa.Integer(), nullable=False),
        sa.Column("measure", sa.Text(), server_default="", nullable=False),
        sa.Column("force", sa.Text(), server_default="", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default="", nullable=False),
        sa.Column("period", sa.Text(), server_default="", nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("cases", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("met", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("missed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unknown", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("excluded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("timed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("numerator", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("denominator", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("excluded_by_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("minimum_n", sa.Integer(), nullable=True),
        sa.Column("target", sa.Double(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("depends_on_unknown", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("outside_force_dates", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("p50_seconds", sa.Double(), nullable=True),
        sa.Column("p90_seconds", sa.Double(), nullable=True),
        sa.Column("signal", sa.Text(), server_default="", nullable=False),
        sa.Column("restated", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("restated_why", sa.Text(), server_default="", nullable=False),
        sa.Column("rate", sa.Double(), sa.Computed(RATE, persisted=True), nullable=True),
        sa.Column("rate_low", sa.Double(), sa.Computed(RATE_LOW, persisted=True), nullable=True),
        sa.Column("rate_high", sa.Double(), sa.Computed(RATE_HIGH, persisted=True), nullable=True),
        sa.Column(
            "rate_if_unknown_missed",
            sa.Double(),
            sa.Computed(RATE_IF_UNKNOWN_MISSED, persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("period IN ('day', 'month', 'year', 'rolling_12_months')", name="verdicts_period"),
        sa.CheckConstraint(
            "verdict IN ('kept', 'missed', 'too_few', 'cannot_judge', 'no_target', 'in_progress')",
            name="verdicts_verdict",
        ),
        sa.CheckConstraint("numerator >= 0 AND denominator >= 0", name="verdicts_counts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint(
            "run_id", "standard", "measure", "force", "area", "neighbourhood", "period", "period_start"
        ),
    )
    op.create_index(
        "verdicts_by_figure",
        "verdicts",
        ["standard", "measure", "force", "area", "neighbourhood", "period", "period_start", "run_number"],
        unique=True,
    )

    op.create_table(
        "quarantine",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("kept_values", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.delivery_id"]),
        sa.PrimaryKeyConstraint("delivery_id", "row_number", "rule"),
    )


def downgrade() -> None:
    op.drop_table("quarantine")
    op.drop_table("verdicts")
    op.drop_table("integrity_signals")
    op.drop_table("expectation_results")
    op.drop_table("deliveries")
    op.drop_table("commitments")
    op.drop_table("cases")
    op.drop_table("breaches")
    op.drop_table("runs")
    op.drop_table("explanations")
    op.drop_table("announcements")
