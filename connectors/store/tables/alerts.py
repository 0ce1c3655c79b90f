"""What was said, what was not to be said for a while, and how the alerts fared."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Table, Text

from connectors.store.moment import Moment
from connectors.store.number import Double, Integer
from connectors.store.tables.columns import count, flag, key, metadata, one_of, run, text

announcements = Table(
    "announcements",
    metadata,
    Column("announcement_id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    text("channel"),
    Column("state", Text, nullable=False),
    text("reason"),
    text("payload"),
    text("slack_ts"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    text("last_error"),
    Column("created_at", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("sent_at", Moment),
    *(text(name) for name in ("standard", "measure", "force", "area", "log", "severity", "period", "verdict")),
    *(text(name) for name in ("run_id", "said_in", "thread_of")),
    Column("commitment", Integer),
    Column("period_start", Date),
    Column("since", Date),
    Column("resolved_at", Moment),
    flag("edit_due"),
    Column("not_before", Moment),
    text("silence_id"),
    one_of("announcements", "state", "claimed sent failed suppressed"),
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

alert_health = Table(
    "alert_health",
    metadata,
    run(key=True),
    Column("month", Date, primary_key=True),
    key("force"),
    key("kind"),
    count("sent"),
    count("acknowledged"),
    count("explained"),
    count("reopened"),
    Column("median_seconds_to_acknowledge", Double),
)
