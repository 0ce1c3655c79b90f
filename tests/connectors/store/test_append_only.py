"""What was said cannot be changed or deleted, not even by SQL that goes round the product."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DatabaseError

from connectors.store.tables import metadata

GENERATED = ("verdicts", "sensitivity")  # a generated column cannot be inserted
NOW = datetime(2026, 3, 30, tzinfo=UTC)
ROWS: dict[str, dict[str, Any]] = {
    "runs": {"run_id": "r1", "run_number": 1, "as_at": NOW, "started_at": NOW, "standards": "",
             "status": "done"},
    "deliveries": {
        "delivery_id": "d1", "run_id": "r1", "log": "calls", "received_at": NOW, "sha256": "ff",
        "fitness": "fit",
    },
    "quarantine": {"delivery_id": "d1", "row_number": 1, "rule": "required"},
    "expectation_results": {"run_id": "r1", "suite": "calls"},
    "verdicts": {
        "run_id": "r1", "run_number": 1, "commitment": 5, "period": "day", "period_start": date(2026, 3, 29),
        "verdict": "kept",
    },
    "commitments": {
        "run_id": "r1", "run_number": 1, "commitment": 5, "period": "day", "period_start": date(2026, 3, 29),
        "verdict": "kept",
    },
    "comparisons": {
        "run_id": "r1", "run_number": 1, "period": "month", "period_start": date(2026, 3, 1), "against": "last_year",
        "found": "cannot_judge",
    },
    "funnels": {
        "run_id": "r1", "run_number": 1, "period": "month", "period_start": date(2026, 3, 1), "level": "force",
    },
    "sensitivity": {
        "run_id": "r1", "run_number": 1, "period": "month", "period_start": date(2026, 3, 1), "verdict": "kept",
    },
    "explanations": {"breach_id": "b1", "recorded_at": NOW, "reason": "staffing"},
    "acknowledgements": {"breach_id": "b1", "recorded_at": NOW},
    "integrity_signals": {"run_id": "r1", "signal": "heaping"},
    "delays": {
        "run_id": "r1", "run_number": 1, "measure": "attend_emergency", "force": "kent",
        "period_start": date(2026, 3, 1), "stage": "travel",
    },
    "alert_health": {"run_id": "r1", "month": date(2026, 3, 1), "force": "norfolk", "kind": "first_miss"},
    "erasures": {"run_id": "r1", "log": "calls", "force": "kent", "reason": "asked", "author": "a", "recorded_at": NOW},
    "erased": {"run_id": "r1", "what": "lake/calls", "key": "calls/force=kent/x.parquet", "sha256": "ff"},
    "accesses": {"access_id": "a1", "accessed_at": NOW, "accessed_by": "a", "command": "cases"},
    "silences": {
        "silence_id": "s1", "recorded_at": NOW, "matcher": "{}", "reason": "r", "author": "a", "starts_at": NOW,
        "ends_at": NOW,
    },
    "silence_ends": {"silence_id": "s1", "ended_at": NOW, "ended_by": "b"},
    "signings": {
        "month": date(2026, 2, 1), "signed_at": NOW, "run_id": "r1", "figures_hash": "ff", "decision": "signed",
        "signed_by": "a",
    },
    "role_forces": {"login": "anna", "force": "norfolk", "recorded_at": NOW, "allowed": True, "author": "dba"},
}  # fmt: skip


@pytest.fixture
def filled(store: Engine) -> Engine:
    with store.begin() as conn:
        for name, row in ROWS.items():
            conn.execute(insert(metadata.tables[name]), [row])
    return store


@pytest.mark.parametrize("name", ROWS)
def test_no_update_no_delete(filled: Engine, name: str) -> None:
    with filled.connect() as conn:
        before = conn.execute(select(metadata.tables[name])).all()
    column = {"runs": "hash", "explanations": "reason"}.get(name, next(iter(ROWS[name])))
    statements = [f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}"]
    if filled.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {name} CASCADE")
    else:
        statements.append(
            f"REPLACE INTO {name} SELECT * FROM {name}" if name not in ("verdicts", "sensitivity") else statements[0]
        )
    for statement in statements:
        with pytest.raises(DatabaseError, match="append-only"), filled.begin() as conn:
            conn.execute(text(statement))
    with filled.connect() as conn:
        assert conn.execute(select(metadata.tables[name])).all() == before
    assert len(before) == 1


def test_a_running_run_may_be_finished_and_deleted(filled: Engine) -> None:
    with filled.begin() as conn:
        conn.execute(insert(metadata.tables["runs"]), [ROWS["runs"] | {"run_id": "r2", "run_number": 2}])
        conn.execute(
            insert(metadata.tables["runs"]),
            [ROWS["runs"] | {"run_id": "r3", "run_number": 3, "status": "running"}],
        )
        conn.execute(text("UPDATE runs SET status = 'failed' WHERE run_id = 'r3'"))
        with pytest.raises(DatabaseError, match="append-only"), conn.begin_nested():
            conn.execute(text("UPDATE runs SET status = 'done' WHERE run_id = 'r3'"))


def test_a_plain_sqlite_connection_is_stopped_too(filled: Engine) -> None:
    if filled.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's triggers do not depend on the connection")
    with sqlite3.connect(str(filled.url.database)) as plain:
        for statement in ("DELETE FROM quarantine", "REPLACE INTO quarantine SELECT * FROM quarantine"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                plain.execute(statement)
