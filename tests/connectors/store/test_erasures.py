"""Rows an erasure names may go, and no others; on either database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DatabaseError

from checks.chain import row_seal
from connectors.store import erasures
from connectors.store.tables import deliveries, integrity_signals, quarantine, runs

NOW = datetime(2026, 3, 30, tzinfo=UTC)
RUN = {"run_id": "r1", "run_number": 1, "as_at": NOW, "started_at": NOW, "standards": "[]", "status": "running"}
DELIVERY = {"delivery_id": "d1", "run_id": "r1", "log": "calls", "received_at": NOW, "sha256": "ff", "fitness": "fit"}
RECORD: dict[str, Any] = {"run_id": "r1", "log": "calls", "force": "kent", "reason": "asked", "author": "a",
                          "recorded_at": NOW}  # fmt: skip


@pytest.fixture
def filled(store: Engine) -> Engine:
    with store.begin() as conn:
        conn.execute(insert(runs), [RUN])
        conn.execute(insert(deliveries), [DELIVERY])
        rows = [{"delivery_id": "d1", "row_number": n, "rule": 'future:"é"', "key": f"c{n}"} for n in (1, 2)]
        conn.execute(insert(quarantine), rows)
        signals = [{"run_id": "r1", "signal": s, "force": "kent", "cases": "c1,c2"} for s in ("one", "two")]
        conn.execute(insert(integrity_signals), signals)
    return store


def test_only_what_is_named_goes(filled: Engine) -> None:
    with filled.begin() as conn:
        found = erasures.Repeated([next(iter(erasures.quarantined_rows(conn)))])
        found.signals = erasures.signals_naming(conn, "kent", {"c1"})[:1]
        seals = erasures.seals_of(found)
        erasures.record(conn, [RECORD], seals)
        erasures.take_out(conn, found, [("s", "m", "kent", "c1")])
    with filled.connect() as conn:
        assert conn.execute(select(quarantine.c.key)).scalars().all() == ["c2"]
        left = [dict(row) for row in conn.execute(select(integrity_signals)).mappings()]
        assert sorted(row["cases"] for row in left) == ["c1,c2", "erased,c2"]
        changed = next(row for row in left if "erased" in row["cases"])
        assert row_seal("integrity_signals", ("run_id",), changed).sha256 == seals[1][1]
        assert set(erasures.taken(conn)) == {(seal.what, seal.key) for seal, _ in seals}
    for statement in ("DELETE FROM quarantine", "UPDATE integrity_signals SET cases = ''", "DELETE FROM erased",
                      "DELETE FROM integrity_signals", "UPDATE quarantine SET key = ''"):  # fmt: skip
        with pytest.raises(DatabaseError, match="append-only"), filled.begin() as conn:
            conn.execute(text(statement))
