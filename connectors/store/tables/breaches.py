"""Single cases: those to look at, broken promises and what was answered to them, clocks about to run out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, Index, Table, Text

from connectors.store.moment import Moment
from connectors.store.number import Double
from connectors.store.tables.columns import key, metadata, one_of, run, text

cases = Table(
    "cases",
    metadata,
    key("standard"),
    key("measure"),
    key("force"),
    key("case_id"),
    text("area"),
    text("neighbourhood"),
    Column("state", Text, nullable=False),
    text("reason"),
    Column("clock_started_at", Moment),
    Column("limit_seconds", Double),
    Column("due_at", Moment),
    Column("clock_stopped_at", Moment),
    Column("elapsed_seconds", Double),
    run("first_run"),
    run("last_changed_run"),
    Column("local_day", Date),
    one_of("cases", "state", "missed pending unknown"),
)

breaches = Table(
    "breaches",
    metadata,
    Column("breach_id", Text, primary_key=True),
    Column("standard", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("force", Text, nullable=False),
    text("area"),
    text("neighbourhood"),
    Column("case_id", Text, nullable=False),
    Column("due_at", Moment),
    Column("elapsed_seconds", Double),
    text("severity"),
    Column("status", Text, nullable=False, server_default="open"),
    run("opened_run"),
    run("closed_run", nullable=True),
    Column("local_day", Date),  # by which an answer to a whole day finds it
    one_of("breaches", "status", "open acknowledged explained withdrawn"),
    Index("breaches_by_case", "standard", "measure", "force", "case_id", unique=True),
)


def _scope(name: str) -> tuple[Column[Any], ...]:
    """What one answer covers. An answer to a whole day has a row of its own, whose `breach_id` is '', beside those of
    the breaches it covers; all carry the same `name`."""
    return (
        text(name),
        text("measure"),
        text("force"),
        text("area"),
        Column("missed_on", Date),
        text("via"),
    )


explanations = Table(
    "explanations",
    metadata,
    Column("breach_id", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("reason", Text, nullable=False),
    text("text"),
    text("recorded_by"),
    *_scope("explanation_id"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("breach_id", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    text("recorded_by"),
    *_scope("acknowledgement_id"),
)

# The watch's list: the state of every clock that was about to run out (`outcome` '' = it still runs).
at_risk = Table(
    "at_risk",
    metadata,
    key("measure"),
    key("force"),
    key("case_id"),
    Column("due_at", Moment, primary_key=True),
    text("area"),
    text("channel"),
    Column("listed_at", Moment, nullable=False),
    text("outcome"),
    Column("settled_at", Moment),
    CheckConstraint("outcome IN ('', 'saved', 'missed', 'gone')", name="at_risk_outcome"),
    Index("at_risk_by_outcome", "outcome", "due_at"),
)
