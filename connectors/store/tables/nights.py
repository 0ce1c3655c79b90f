"""What a run is, what it was given, what it refused and what it expected."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text

from connectors.store.moment import Moment
from connectors.store.number import BigInteger
from connectors.store.tables.columns import count, key, metadata, one_of, run, text

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("run_number", BigInteger, nullable=False, unique=True),
    Column("as_at", Moment, nullable=False),
    Column("window_from", Moment),
    Column("window_to", Moment),
    Column("standards", Text, nullable=False),
    text("code_version"),
    text("input_key"),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("status", Text, nullable=False, server_default="running"),
    text("figures_hash"),
    text("previous_hash"),
    text("hash"),
    text("manifest"),
    text("signature"),
    text("public_key"),
    one_of("runs", "status", "running done failed"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    run(),
    text("source"),
    Column("log", Text, nullable=False),
    text("force"),
    text("location"),
    Column("received_at", Moment, nullable=False),
    count("rows_read"),
    count("rows_admitted"),
    count("rows_quarantined"),
    count("rows_unchanged"),
    Column("sha256", Text, nullable=False),
    Column("fitness", Text, nullable=False),
    text("reason"),
    text("columns"),
    Column("covers_from", Moment),
    Column("covers_to", Moment),
    one_of("deliveries", "fitness", "fit unfit"),
    Index("deliveries_by_file", "source", "log", "sha256"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("row_number", BigInteger, primary_key=True, autoincrement=False),
    text("log"),
    text("key"),
    Column("rule", Text, primary_key=True),
    text("sentence"),
    text("kept_values"),
)

expectation_results = Table(
    "expectation_results",
    metadata,
    run(key=True),
    key("suite"),
    key("expectation"),
    key("force"),
    key("log"),
    key("column"),
    text("delivery_id"),
    text("severity"),
    Column("success", Boolean),
    text("observed"),
    Column("unexpected", BigInteger),
    text("detail"),
)
