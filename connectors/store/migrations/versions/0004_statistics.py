"""What statistics say: signals and assurance beside each figure, comparisons, funnels; no Wilson interval of hours.

Revision 0004, after 0003. SQLite cannot add a generated column that is stored: `verdicts` is built anew there. On
PostgreSQL all generated columns are added again, so that the order is the same on both.
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# The rates as they are from this revision on (see connectors/store/rates.py), and the bounds of 0001.
_MIDDLE = "2 * CAST(numerator AS DOUBLE PRECISION) + 3.841458820694124"
_REACH = (
    "1.959963984540054 * sqrt(3.841458820694124 "
    "+ 4 * CAST(numerator AS DOUBLE PRECISION) * (denominator - numerator) / denominator)"
)
_WIDTH = "(2 * (denominator + 3.841458820694124))"
_NOTHING_BEFORE = "denominator < 1 OR numerator > denominator"
_MEASURED = "timed > 0 AND (met + missed = 0 OR denominator > met + missed + unknown)"
_NOTHING = f"{_NOTHING_BEFORE} OR ({_MEASURED})"


def _generated(nothing: str) -> dict[str, str]:
    return {
        "rate": "CASE WHEN denominator > 0 THEN CAST(numerator AS DOUBLE PRECISION) / denominator END",
        "rate_low": (
            f"CASE WHEN {nothing} THEN NULL WHEN numerator = 0 THEN 0 ELSE ({_MIDDLE} - {_REACH}) / {_WIDTH} END"
        ),
        "rate_high": (
            f"CASE WHEN {nothing} THEN NULL WHEN numerator = denominator THEN 1 "
            f"ELSE ({_MIDDLE} + {_REACH}) / {_WIDTH} END"
        ),
        "rate_if_unknown_missed": (
            "CASE WHEN met + missed + unknown > 0 THEN CAST(met AS DOUBLE PRECISION) / (met + missed + unknown) END"
        ),
    }


COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "numerator", "denominator")
KEY = ("run_id", "standard", "measure", "force", "area", "neighbourhood", "period", "period_start")
FIGURE = (*KEY[1:], "run_number")
COMPARISON_KEY = ("run_id", "standard", "measure", "force", "period", "period_start", "against")
FUNNEL_KEY = ("run_id", "standard", "measure", "period", "period_start", "level", "within", "unit")
HERE = Path(__file__).parent
VIEWS = ("current_verdicts", "restatements", "comparison")
CHANGED_VIEWS = ("current_verdicts", "comparison")


def upgrade() -> None:
    _drop_views()
    _change_verdicts(_added(), _generated(_NOTHING))
    _create_comparisons()
    _create_funnels()
    for table, key in (("comparisons", COMPARISON_KEY), ("funnels", FUNNEL_KEY)):
        _append_only(table, key)
    for view in VIEWS:
        folder = "0004_views" if view in CHANGED_VIEWS else "0003_views"
        op.execute((HERE / folder / f"{view}.sql").read_text("utf-8"))


def downgrade() -> None:
    _drop_views()
    op.drop_table("funnels")
    op.drop_table("comparisons")
    _change_verdicts([], _generated(_NOTHING_BEFORE))
    for view in VIEWS:
        op.execute((HERE / "0003_views" / f"{view}.sql").read_text("utf-8"))


def _drop_views() -> None:
    for view in reversed(VIEWS):
        op.execute(f"DROP VIEW {view}")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), server_default="0", nullable=False)


def _added() -> list[sa.Column[Any]]:
    return [_text("signal_rules"), _text("signal_why"), _text("assurance"), _flag("trial")]


def _computed(formulas: dict[str, str]) -> list[sa.Column[Any]]:
    return [sa.Column(n, sa.Double(), sa.Computed(f, persisted=True), nullable=True) for n, f in formulas.items()]


def _change_verdicts(added: list[sa.Column[Any]], formulas: dict[str, str]) -> None:
    """`verdicts` with the columns of revision 0001, these added ones, and these generated ones."""
    if not _is_postgresql():
        _rebuild_verdicts([*_kept(), *added], formulas)
        return
    for name in formulas:
        op.drop_column("verdicts", name)
    for column in _added():
        if not added:
            op.drop_column("verdicts", column.name)
    for column in [*added, *_computed(formulas)]:
        op.add_column("verdicts", column)


def _kept() -> list[sa.Column[Any]]:
    return [
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        _text("standard"),
        sa.Column("commitment", sa.Integer(), nullable=False),
        *map(_text, ("measure", "force", "area", "neighbourhood", "period")),
        sa.Column("period_start", sa.Date(), nullable=False),
        *map(_count, COUNTS),
        _text("excluded_by_reason"),
        sa.Column("minimum_n", sa.Integer(), nullable=True),
        sa.Column("target", sa.Double(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        _flag("depends_on_unknown"),
        _flag("outside_force_dates"),
        sa.Column("p50_seconds", sa.Double(), nullable=True),
        sa.Column("p90_seconds", sa.Double(), nullable=True),
        _text("signal"),
        _flag("restated"),
        _text("restated_why"),
    ]


def _rebuild_verdicts(columns: list[sa.Column[Any]], formulas: dict[str, str]) -> None:
    op.create_table(
        "verdicts_rebuilt",
        *columns,
        *_computed(formulas),
        sa.CheckConstraint("period IN ('day', 'month', 'year', 'rolling_12_months')", name="verdicts_period"),
        sa.CheckConstraint(
            "verdict IN ('kept', 'missed', 'too_few', 'cannot_judge', 'no_target', 'in_progress')",
            name="verdicts_verdict",
        ),
        sa.CheckConstraint("numerator >= 0 AND denominator >= 0", name="verdicts_counts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint(*KEY),
    )
    copied = ", ".join(column.name for column in _kept())
    op.execute(f"INSERT INTO verdicts_rebuilt ({copied}) SELECT {copied} FROM verdicts")  # noqa: S608
    op.drop_table("verdicts")
    op.rename_table("verdicts_rebuilt", "verdicts")
    op.create_index("verdicts_by_figure", "verdicts", list(FIGURE), unique=True)
    _append_only("verdicts", KEY)


def _create_comparisons() -> None:
    op.create_table(
        "comparisons",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        *map(_text, ("standard", "measure", "force", "period")),
        sa.Column("period_start", sa.Date(), nullable=False),
        _text("against"),
        *map(_count, ("numerator", "denominator", "other_numerator", "other_denominator")),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("difference", "low", "high")),
        sa.Column("found", sa.Text(), nullable=False),
        _text("grade"),
        _text("why"),
        sa.CheckConstraint("period IN ('month', 'year', 'rolling_12_months')", name="comparisons_period"),
        sa.CheckConstraint("against IN ('last_year', 'similar_forces')", name="comparisons_against"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint(*COMPARISON_KEY),
    )
    op.create_index("comparisons_by_figure", "comparisons", [*COMPARISON_KEY[1:], "run_number"], unique=True)


def _create_funnels() -> None:
    op.create_table(
        "funnels",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("run_number", sa.BigInteger(), nullable=False),
        *map(_text, ("standard", "measure", "period")),
        sa.Column("period_start", sa.Date(), nullable=False),
        *map(_text, ("level", "within", "unit")),
        *map(_count, ("numerator", "denominator")),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("rate", "pooled", "phi")),
        _flag("overdispersed"),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("low_95", "high_95", "low_998", "high_998")),
        _text("place"),
        _text("note"),
        sa.CheckConstraint("period IN ('month', 'rolling_12_months')", name="funnels_period"),
        sa.CheckConstraint("level IN ('force', 'neighbourhood')", name="funnels_level"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        sa.PrimaryKeyConstraint(*FUNNEL_KEY),
    )
    op.create_index("funnels_by_unit", "funnels", [*FUNNEL_KEY[1:], "run_number"], unique=True)


def _append_only(table: str, key: tuple[str, ...]) -> None:
    """The triggers of revision 0002 for one table."""
    if _is_postgresql():
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    exists = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}{exists} {refuse}")
