"""Figures and what is said of them: verdicts, commitments, other definitions, months that were signed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Computed, Date, Index, Table, Text

from connectors.store.moment import Moment
from connectors.store.number import BigInteger, Double, Integer
from connectors.store.rates import RATE, RATE_HIGH, RATE_IF_UNKNOWN_MISSED, RATE_LOW
from connectors.store.tables.columns import count, flag, key, metadata, one_of, run, text

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "numerator", "denominator")

verdicts = Table(
    "verdicts",
    metadata,
    run(key=True),
    Column("run_number", BigInteger, nullable=False),
    key("standard"),
    Column("commitment", Integer, nullable=False),
    key("measure"),
    key("force"),
    key("area"),
    key("neighbourhood"),
    key("period"),
    Column("period_start", Date, primary_key=True),
    *(count(name) for name in COUNTS),
    text("excluded_by_reason"),
    Column("minimum_n", Integer),
    Column("target", Double),
    Column("verdict", Text, nullable=False),
    flag("depends_on_unknown"),
    flag("outside_force_dates"),
    Column("p50_seconds", Double),
    Column("p90_seconds", Double),
    text("signal"),
    flag("restated"),
    text("restated_why"),
    text("signal_rules"),
    text("signal_why"),
    text("assurance"),
    flag("trial"),
    Column("rate", Double, Computed(RATE, persisted=True)),
    Column("rate_low", Double, Computed(RATE_LOW, persisted=True)),
    Column("rate_high", Double, Computed(RATE_HIGH, persisted=True)),
    Column("rate_if_unknown_missed", Double, Computed(RATE_IF_UNKNOWN_MISSED, persisted=True)),
    one_of("verdicts", "period", "day month year rolling_12_months"),
    one_of("verdicts", "verdict", "kept missed too_few cannot_judge no_target in_progress"),
    CheckConstraint("numerator >= 0 AND denominator >= 0", name="verdicts_counts"),
)
FIGURE = ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start")
Index("verdicts_by_figure", *(verdicts.c[name] for name in FIGURE), verdicts.c.run_number, unique=True)

commitments = Table(
    "commitments",
    metadata,
    run(key=True),
    Column("run_number", BigInteger, nullable=False),
    key("standard"),
    Column("commitment", Integer, primary_key=True, autoincrement=False),
    key("force"),
    key("area"),
    key("period"),
    Column("period_start", Date, primary_key=True),
    Column("verdict", Text, nullable=False),
    text("decided_by"),
    one_of("commitments", "period", "day month year rolling_12_months"),
    one_of("commitments", "verdict", "kept missed too_few cannot_judge no_target in_progress"),
)
COMMITMENT = ("standard", "commitment", "force", "area", "period", "period_start")
Index(
    "commitments_by_figure",
    *(commitments.c[name] for name in COMMITMENT),
    commitments.c.run_number,
    unique=True,
)

sensitivity = Table(
    "sensitivity",
    metadata,
    run(key=True),
    Column("run_number", BigInteger, nullable=False),
    key("standard"),
    key("measure"),
    key("force"),
    key("period"),
    Column("period_start", Date, primary_key=True),
    key("definition"),
    text("changed"),
    *(count(name) for name in COUNTS),
    Column("target", Double),
    Column("verdict", Text, nullable=False),
    flag("verdict_changes"),
    Column("rate", Double, Computed(RATE, persisted=True)),
    one_of("sensitivity", "period", "month year rolling_12_months"),
    one_of("sensitivity", "verdict", "kept missed too_few cannot_judge no_target in_progress"),
)
SENSITIVITY = ("standard", "measure", "force", "period", "period_start", "definition")
Index("sensitivity_by_figure", *(sensitivity.c[name] for name in SENSITIVITY), sensitivity.c.run_number, unique=True)

# Working table of the judging: what the other definitions count to, until the run that counted them is recorded.
definition_counts = Table(
    "definition_counts",
    metadata,
    key("standard"),
    key("measure"),
    key("force"),
    text("basis"),
    Column("as_at", Moment, nullable=False),
    text("counts"),
)

# Who signed a closed month, or refused to: they were shown the figures of run `run_id`, whose hash is `figures_hash`.
signings = Table(
    "signings",
    metadata,
    Column("month", Date, primary_key=True),
    Column("signed_at", Moment, primary_key=True),
    run(),
    Column("figures_hash", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("signed_by", Text, nullable=False),
    flag("provisional"),
    *(text(name) for name in ("missing_nights", "note", "via")),
    one_of("signings", "decision", "signed refused"),
)
