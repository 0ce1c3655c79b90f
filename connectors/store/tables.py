"""The store's tables, as they are now; `migrations/` says how a store gets there, a test keeps the two equal.

Key columns of text are '' where a level does not apply, never NULL; all forces are `all`. Moments are UTC.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
)

from connectors.store.moment import Moment
from connectors.store.number import BigInteger, Double, Integer
from connectors.store.rates import RATE, RATE_HIGH, RATE_IF_UNKNOWN_MISSED, RATE_LOW

metadata = MetaData()


def _key(name: str) -> Column[Any]:
    return Column(name, Text, primary_key=True, server_default="")


def _text(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default="0")


def _run(name: str = "run_id", *, key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, ForeignKey("runs.run_id"), primary_key=key, nullable=nullable)


def _one_of(table: str, column: str, values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values.split())
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}")


runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("run_number", BigInteger, nullable=False, unique=True),
    Column("as_at", Moment, nullable=False),
    Column("window_from", Moment),
    Column("window_to", Moment),
    Column("standards", Text, nullable=False),
    _text("code_version"),
    _text("input_key"),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("status", Text, nullable=False, server_default="running"),
    _text("figures_hash"),
    _text("previous_hash"),
    _text("hash"),
    _text("manifest"),
    _text("signature"),
    _text("public_key"),
    _one_of("runs", "status", "running done failed"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    _run(),
    _text("source"),
    Column("log", Text, nullable=False),
    _text("force"),
    _text("location"),
    Column("received_at", Moment, nullable=False),
    _count("rows_read"),
    _count("rows_admitted"),
    _count("rows_quarantined"),
    _count("rows_unchanged"),
    Column("sha256", Text, nullable=False),
    Column("fitness", Text, nullable=False),
    _text("reason"),
    _text("columns"),
    Column("covers_from", Moment),
    Column("covers_to", Moment),
    _one_of("deliveries", "fitness", "fit unfit"),
    Index("deliveries_by_file", "source", "log", "sha256"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("row_number", BigInteger, primary_key=True, autoincrement=False),
    _text("log"),
    _text("key"),
    Column("rule", Text, primary_key=True),
    _text("sentence"),
    _text("kept_values"),
)

expectation_results = Table(
    "expectation_results",
    metadata,
    _run(key=True),
    _key("suite"),
    _key("expectation"),
    _key("force"),
    _key("log"),
    _key("column"),
    _text("delivery_id"),
    _text("severity"),
    Column("success", Boolean),
    _text("observed"),
    Column("unexpected", BigInteger),
    _text("detail"),
)

cases = Table(
    "cases",
    metadata,
    _key("standard"),
    _key("measure"),
    _key("force"),
    _key("case_id"),
    _text("area"),
    _text("neighbourhood"),
    Column("state", Text, nullable=False),
    _text("reason"),
    Column("clock_started_at", Moment),
    Column("limit_seconds", Double),
    Column("due_at", Moment),
    Column("clock_stopped_at", Moment),
    Column("elapsed_seconds", Double),
    _run("first_run"),
    _run("last_changed_run"),
    Column("local_day", Date),
    _one_of("cases", "state", "missed pending unknown"),
)

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed", "numerator", "denominator")
verdicts = Table(
    "verdicts",
    metadata,
    _run(key=True),
    Column("run_number", BigInteger, nullable=False),
    _key("standard"),
    Column("commitment", Integer, nullable=False),
    _key("measure"),
    _key("force"),
    _key("area"),
    _key("neighbourhood"),
    _key("period"),
    Column("period_start", Date, primary_key=True),
    *(_count(name) for name in COUNTS),
    _text("excluded_by_reason"),
    Column("minimum_n", Integer),
    Column("target", Double),
    Column("verdict", Text, nullable=False),
    _flag("depends_on_unknown"),
    _flag("outside_force_dates"),
    Column("p50_seconds", Double),
    Column("p90_seconds", Double),
    _text("signal"),
    _flag("restated"),
    _text("restated_why"),
    _text("signal_rules"),
    _text("signal_why"),
    _text("assurance"),
    _flag("trial"),
    Column("rate", Double, Computed(RATE, persisted=True)),
    Column("rate_low", Double, Computed(RATE_LOW, persisted=True)),
    Column("rate_high", Double, Computed(RATE_HIGH, persisted=True)),
    Column("rate_if_unknown_missed", Double, Computed(RATE_IF_UNKNOWN_MISSED, persisted=True)),
    _one_of("verdicts", "period", "day month year rolling_12_months"),
    _one_of("verdicts", "verdict", "kept missed too_few cannot_judge no_target in_progress"),
    CheckConstraint("numerator >= 0 AND denominator >= 0", name="verdicts_counts"),
)
FIGURE = ("standard", "measure", "force", "area", "neighbourhood", "period", "period_start")
Index("verdicts_by_figure", *(verdicts.c[name] for name in FIGURE), verdicts.c.run_number, unique=True)

commitments = Table(
    "commitments",
    metadata,
    _run(key=True),
    Column("run_number", BigInteger, nullable=False),
    _key("standard"),
    Column("commitment", Integer, primary_key=True, autoincrement=False),
    _key("force"),
    _key("area"),
    _key("period"),
    Column("period_start", Date, primary_key=True),
    Column("verdict", Text, nullable=False),
    _text("decided_by"),
    _one_of("commitments", "period", "day month year rolling_12_months"),
    _one_of("commitments", "verdict", "kept missed too_few cannot_judge no_target in_progress"),
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
    _run(key=True),
    Column("run_number", BigInteger, nullable=False),
    _key("standard"),
    _key("measure"),
    _key("force"),
    _key("period"),
    Column("period_start", Date, primary_key=True),
    _key("definition"),
    _text("changed"),
    *(_count(name) for name in COUNTS),
    Column("target", Double),
    Column("verdict", Text, nullable=False),
    _flag("verdict_changes"),
    Column("rate", Double, Computed(RATE, persisted=True)),
    _one_of("sensitivity", "period", "month year rolling_12_months"),
    _one_of("sensitivity", "verdict", "kept missed too_few cannot_judge no_target in_progress"),
)
SENSITIVITY = ("standard", "measure", "force", "period", "period_start", "definition")
Index("sensitivity_by_figure", *(sensitivity.c[name] for name in SENSITIVITY), sensitivity.c.run_number, unique=True)

# Working table of the judging: what the other definitions count to, until the run that counted them is recorded.
definition_counts = Table(
    "definition_counts",
    metadata,
    _key("standard"),
    _key("measure"),
    _key("force"),
    _text("basis"),
    Column("as_at", Moment, nullable=False),
    _text("counts"),
)

breaches = Table(
    "breaches",
    metadata,
    Column("breach_id", Text, primary_key=True),
    Column("standard", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("force", Text, nullable=False),
    _text("area"),
    _text("neighbourhood"),
    Column("case_id", Text, nullable=False),
    Column("due_at", Moment),
    Column("elapsed_seconds", Double),
    _text("severity"),
    Column("status", Text, nullable=False, server_default="open"),
    _run("opened_run"),
    _run("closed_run", nullable=True),
    Column("local_day", Date),  # by which an answer to a whole day finds it
    _one_of("breaches", "status", "open acknowledged explained withdrawn"),
    Index("breaches_by_case", "standard", "measure", "force", "case_id", unique=True),
)


def _scope(name: str) -> tuple[Column[Any], ...]:
    """What one answer covers. An answer to a whole day has a row of its own, whose `breach_id` is '', beside those of
    the breaches it covers; all carry the same `name`."""
    return (
        _text(name),
        _text("measure"),
        _text("force"),
        _text("area"),
        Column("missed_on", Date),
        _text("via"),
    )


explanations = Table(
    "explanations",
    metadata,
    Column("breach_id", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("reason", Text, nullable=False),
    _text("text"),
    _text("recorded_by"),
    *_scope("explanation_id"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("breach_id", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    _text("recorded_by"),
    *_scope("acknowledgement_id"),
)

announcements = Table(
    "announcements",
    metadata,
    Column("announcement_id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    _text("channel"),
    Column("state", Text, nullable=False),
    _text("reason"),
    _text("payload"),
    _text("slack_ts"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _text("last_error"),
    Column("created_at", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("sent_at", Moment),
    *(_text(name) for name in ("standard", "measure", "force", "area", "log", "severity", "period", "verdict")),
    *(_text(name) for name in ("run_id", "said_in", "thread_of")),
    Column("commitment", Integer),
    Column("period_start", Date),
    Column("since", Date),
    Column("resolved_at", Moment),
    _flag("edit_due"),
    Column("not_before", Moment),
    _text("silence_id"),
    _one_of("announcements", "state", "claimed sent failed suppressed"),
    Index("announcements_by_promise", "measure", "force", "log", "created_at"),
    Index("announcements_by_carrier", "said_in"),
    Index("announcements_by_silence", "silence_id"),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", Text, primary_key=True),
    Column("recorded_at", Moment, nullable=False),
    Column("matcher", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
)

silence_ends = Table(
    "silence_ends",
    metadata,
    Column("silence_id", Text, ForeignKey("silences.silence_id"), primary_key=True),
    Column("ended_at", Moment, nullable=False),
    Column("ended_by", Text, nullable=False),
)

integrity_signals = Table(
    "integrity_signals",
    metadata,
    _run(key=True),
    _key("signal"),
    _key("force"),
    _key("area"),
    _text("measure"),
    _count("count"),
    _count("of"),
    _text("cases"),
    _count("run_number"),
    Column("base_rate", Double),
    _text("compared_with"),
    Column("p_adjusted", Double),
    _flag("notable"),
    _text("sentence"),
)
SIGNAL = ("signal", "force", "area")
Index("integrity_signals_by_key", *(integrity_signals.c[name] for name in SIGNAL), integrity_signals.c.run_number)

delays = Table(
    "delays",
    metadata,
    _run(key=True),
    Column("run_number", BigInteger, nullable=False),
    _key("measure"),
    _key("force"),
    _key("area"),
    Column("period_start", Date, primary_key=True),
    _key("stage"),
    _count("n"),
    _count("left_out"),
    Column("p50_seconds", Double),
    Column("p90_seconds", Double),
    Column("mean_seconds", Double),
    Column("share", Double),
    _flag("costs_most"),
    _one_of("delays", "stage", "answer grade dispatch travel"),
)
DELAY = ("measure", "force", "area", "period_start", "stage")
Index("delays_by_key", *(delays.c[name] for name in DELAY), delays.c.run_number, unique=True)

# How a force's figure compares with its own last year and with its most similar forces.
comparisons = Table(
    "comparisons",
    metadata,
    _run(key=True),
    Column("run_number", BigInteger, nullable=False),
    _key("standard"),
    _key("measure"),
    _key("force"),
    _key("period"),
    Column("period_start", Date, primary_key=True),
    _key("against"),
    *(_count(name) for name in ("numerator", "denominator", "other_numerator", "other_denominator")),
    *(Column(name, Double) for name in ("difference", "low", "high")),
    Column("found", Text, nullable=False),
    _text("grade"),
    _text("why"),
    _one_of("comparisons", "period", "month year rolling_12_months"),
    _one_of("comparisons", "against", "last_year similar_forces"),
)
COMPARISON = ("standard", "measure", "force", "period", "period_start", "against")
Index("comparisons_by_figure", *(comparisons.c[name] for name in COMPARISON), comparisons.c.run_number, unique=True)

# Where a force lies among all forces, or a neighbourhood among those of its force (`within`).
funnels = Table(
    "funnels",
    metadata,
    _run(key=True),
    Column("run_number", BigInteger, nullable=False),
    _key("standard"),
    _key("measure"),
    _key("period"),
    Column("period_start", Date, primary_key=True),
    _key("level"),
    _key("within"),
    _key("unit"),
    _count("numerator"),
    _count("denominator"),
    *(Column(name, Double) for name in ("rate", "pooled", "phi")),
    _flag("overdispersed"),
    *(Column(name, Double) for name in ("low_95", "high_95", "low_998", "high_998")),
    _text("place"),
    _text("note"),
    _one_of("funnels", "period", "month rolling_12_months"),
    _one_of("funnels", "level", "force neighbourhood"),
)
FUNNEL = ("standard", "measure", "period", "period_start", "level", "within", "unit")
Index("funnels_by_unit", *(funnels.c[name] for name in FUNNEL), funnels.c.run_number, unique=True)

# The watch's list: the state of every clock that was about to run out (`outcome` '' = it still runs).
at_risk = Table(
    "at_risk",
    metadata,
    _key("measure"),
    _key("force"),
    _key("case_id"),
    Column("due_at", Moment, primary_key=True),
    _text("area"),
    _text("channel"),
    Column("listed_at", Moment, nullable=False),
    _text("outcome"),
    Column("settled_at", Moment),
    CheckConstraint("outcome IN ('', 'saved', 'missed', 'gone')", name="at_risk_outcome"),
    Index("at_risk_by_outcome", "outcome", "due_at"),
)

alert_health = Table(
    "alert_health",
    metadata,
    _run(key=True),
    Column("month", Date, primary_key=True),
    _key("force"),
    _key("kind"),
    _count("sent"),
    _count("acknowledged"),
    _count("explained"),
    _count("reopened"),
    Column("median_seconds_to_acknowledge", Double),
)

# What was erased, from which log and force, by whom and why: never what it said. `reference` is a keyed hash.
erasures = Table(
    "erasures",
    metadata,
    _run(key=True),
    _key("log"),
    _key("force"),
    _text("reference"),
    Column("before", Date),
    *(_count(name) for name in ("records", "cases", "quarantined", "files")),
    _text("months"),
    _text("versions"),
    _text("files_sha256"),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    _text("key_fingerprint"),
)

# The files and rows that ceased, or were changed, by an erasure: their names and hashes before and after ('' = gone).
erased = Table(
    "erased",
    metadata,
    _run(key=True),
    _key("what"),
    _key("key"),
    Column("sha256", Text, nullable=False),
    _text("left_sha256"),
    Index("erased_by_name", "what", "key"),
)

# Who read or exported cases, and by which filters (their names, not their values).
accesses = Table(
    "accesses",
    metadata,
    Column("access_id", Text, primary_key=True),
    Column("accessed_at", Moment, nullable=False),
    Column("accessed_by", Text, nullable=False),
    Column("command", Text, nullable=False),
    _text("filters"),
    _count("row_count"),
    _text("form"),
)

# Who signed a closed month, or refused to: they were shown the figures of run `run_id`, whose hash is `figures_hash`.
signings = Table(
    "signings",
    metadata,
    Column("month", Date, primary_key=True),
    Column("signed_at", Moment, primary_key=True),
    _run(),
    Column("figures_hash", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("signed_by", Text, nullable=False),
    _flag("provisional"),
    *(_text(name) for name in ("missing_nights", "note", "via")),
    _one_of("signings", "decision", "signed refused"),
)

# Which forces a login (or group) of PostgreSQL may see; the newest word on both counts. `*` = every force there is and
# will be, `all` = the figures of all forces together.
role_forces = Table(
    "role_forces",
    metadata,
    _key("login"),
    _key("force"),
    Column("recorded_at", Moment, primary_key=True),
    Column("allowed", Boolean, nullable=False),
    Column("author", Text, nullable=False),
)
