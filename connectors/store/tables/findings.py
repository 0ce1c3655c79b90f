"""What a run finds beside its figures: signals, delays, comparisons, places in a funnel."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Table, Text

from connectors.store.number import BigInteger, Double
from connectors.store.tables.columns import count, flag, key, metadata, one_of, run, text

integrity_signals = Table(
    "integrity_signals",
    metadata,
    run(key=True),
    key("signal"),
    key("force"),
    key("area"),
    text("measure"),
    count("count"),
    count("of"),
    text("cases"),
    count("run_number"),
    Column("base_rate", Double),
    text("compared_with"),
    Column("p_adjusted", Double),
    flag("notable"),
    text("sentence"),
)
SIGNAL = ("signal", "force", "area")
Index("integrity_signals_by_key", *(integrity_signals.c[name] for name in SIGNAL), integrity_signals.c.run_number)

delays = Table(
    "delays",
    metadata,
    run(key=True),
    Column("run_number", BigInteger, nullable=False),
    key("measure"),
    key("force"),
    key("area"),
    Column("period_start", Date, primary_key=True),
    key("stage"),
    count("n"),
    count("left_out"),
    Column("p50_seconds", Double),
    Column("p90_seconds", Double),
    Column("mean_seconds", Double),
    Column("share", Double),
    flag("costs_most"),
    one_of("delays", "stage", "answer grade dispatch travel"),
)
DELAY = ("measure", "force", "area", "period_start", "stage")
Index("delays_by_key", *(delays.c[name] for name in DELAY), delays.c.run_number, unique=True)

# How a force's figure compares with its own last year and with its most similar forces.
comparisons = Table(
    "comparisons",
    metadata,
    run(key=True),
    Column("run_number", BigInteger, nullable=False),
    key("standard"),
    key("measure"),
    key("force"),
    key("period"),
    Column("period_start", Date, primary_key=True),
    key("against"),
    *(count(name) for name in ("numerator", "denominator", "other_numerator", "other_denominator")),
    *(Column(name, Double) for name in ("difference", "low", "high")),
    Column("found", Text, nullable=False),
    text("grade"),
    text("why"),
    one_of("comparisons", "period", "month year rolling_12_months"),
    one_of("comparisons", "against", "last_year similar_forces"),
)
COMPARISON = ("standard", "measure", "force", "period", "period_start", "against")
Index("comparisons_by_figure", *(comparisons.c[name] for name in COMPARISON), comparisons.c.run_number, unique=True)

# Where a force lies among all forces, or a neighbourhood among those of its force (`within`).
funnels = Table(
    "funnels",
    metadata,
    run(key=True),
    Column("run_number", BigInteger, nullable=False),
    key("standard"),
    key("measure"),
    key("period"),
    Column("period_start", Date, primary_key=True),
    key("level"),
    key("within"),
    key("unit"),
    count("numerator"),
    count("denominator"),
    *(Column(name, Double) for name in ("rate", "pooled", "phi")),
    flag("overdispersed"),
    *(Column(name, Double) for name in ("low_95", "high_95", "low_998", "high_998")),
    text("place"),
    text("note"),
    one_of("funnels", "period", "month rolling_12_months"),
    one_of("funnels", "level", "force neighbourhood"),
)
FUNNEL = ("standard", "measure", "period", "period_start", "level", "within", "unit")
Index("funnels_by_unit", *(funnels.c[name] for name in FUNNEL), funnels.c.run_number, unique=True)
