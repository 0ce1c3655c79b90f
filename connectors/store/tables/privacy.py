"""What was erased, who read cases, and who may see which force."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Table, Text

from connectors.store.moment import Moment
from connectors.store.tables.columns import count, key, metadata, run, text

# What was erased, from which log and force, by whom and why: never what it said. `reference` is a keyed hash.
erasures = Table(
    "erasures",
    metadata,
    run(key=True),
    key("log"),
    key("force"),
    text("reference"),
    Column("before", Date),
    *(count(name) for name in ("records", "cases", "quarantined", "files")),
    text("months"),
    text("versions"),
    text("files_sha256"),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    text("key_fingerprint"),
)

# The files and rows that ceased, or were changed, by an erasure: their names and hashes before and after ('' = gone).
erased = Table(
    "erased",
    metadata,
    run(key=True),
    key("what"),
    key("key"),
    Column("sha256", Text, nullable=False),
    text("left_sha256"),
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
    text("filters"),
    count("row_count"),
    text("form"),
)

# Which forces a login (or group) of PostgreSQL may see; the newest word on both counts. `*` = every force there is and
# will be, `all` = the figures of all forces together.
role_forces = Table(
    "role_forces",
    metadata,
    key("login"),
    key("force"),
    Column("recorded_at", Moment, primary_key=True),
    Column("allowed", Boolean, nullable=False),
    Column("author", Text, nullable=False),
)
