"""Rows an erasure names may go, and no others; on either database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DatabaseError

from checks.chain import row_seal
from connectors.store import erasures
from connectors.store.cases import breach_id
from connectors.store.tables import (
    announcements,
    at_risk,
    deliveries,
    explanations,
    integrity_signals,
    quarantine,
    runs,
)

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


CASE = ("s", "m", "kent", "c1")
SAID: dict[str, Any] = {"recorded_at": NOW, "reason": "other", "recorded_by": "Sgt", "via": "command"}


@pytest.fixture
def explained(filled: Engine) -> Engine:
    said = [
        {"breach_id": breach_id(*CASE), "text": "about the case", "explanation_id": "e1"},
        {"breach_id": "", "text": "about the case", "explanation_id": "e1"},
        {"breach_id": "b2", "text": "like C1-URN.", "explanation_id": "e2"},
        {"breach_id": "b3", "text": "a line was down", "explanation_id": "e3"},
        {"breach_id": "b4", "text": "", "explanation_id": "e4"},
    ]
    with filled.begin() as conn:
        conn.execute(insert(explanations), [{**SAID, **row} for row in said])
    return filled


def erase_words(store: Engine) -> erasures.Repeated:
    with store.begin() as conn:
        about = erasures.explanations_about(conn, [CASE], lambda row: "c1-urn" in row["text"].casefold())
        found = erasures.Repeated(explained=about, names={"kent": {"c1"}})
        erasures.record(conn, [RECORD], erasures.seals_of(found))
        erasures.take_out(conn, found, [CASE])
    return found


def test_the_words_about_a_case_go_and_nothing_else_of_an_explanation(explained: Engine) -> None:
    found = erase_words(explained)
    with explained.connect() as conn:
        left = {row["breach_id"]: dict(row) for row in conn.execute(select(explanations)).mappings()}
        taken = erasures.taken(conn)
    assert {name: row["text"] for name, row in left.items() if row["text"]} == {"b3": "a line was down"}
    for before in found.explained:
        after = left[before["breach_id"]]
        assert after == {**before, "text": ""}
        seal = row_seal("explanations", ("breach_id", "recorded_at"), before)
        said = taken[seal.what, seal.key]
        assert said["sha256"] == seal.sha256
        assert said["left_sha256"] == row_seal("explanations", ("breach_id", "recorded_at"), after).sha256


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE explanations SET text = '' WHERE breach_id = 'b3'",
        "UPDATE explanations SET text = 'other words' WHERE breach_id = 'b2'",
        "UPDATE explanations SET text = '', reason = 'staffing' WHERE breach_id = 'b2'",
        "UPDATE explanations SET text = '', missed_on = '2026-03-01' WHERE breach_id = 'b2'",
        "DELETE FROM explanations WHERE breach_id = 'b2'",
    ],
)
def test_of_an_explanation_named_only_the_words_may_go(explained: Engine, statement: str) -> None:
    erase_words(explained)
    with pytest.raises(DatabaseError, match="append-only"), explained.begin() as conn:
        conn.execute(text(statement))


def test_the_watch_forgets_the_case(filled: Engine) -> None:
    listed = {"measure": "m", "force": "kent", "due_at": NOW, "listed_at": NOW}
    payload = '{"text": "3 open – c1 by 10:00, c1/2026 by 11:00, c12 by 12:00"}'
    said = {"announcement_id": "a", "key": "k", "kind": "at_risk", "state": "sent", "created_at": NOW}
    with filled.begin() as conn:
        conn.execute(insert(at_risk), [{**listed, "case_id": name} for name in ("c1", "c1/2026", "c12")])
        conn.execute(insert(announcements), [{**said, "payload": payload}])
    erase_words(filled)
    with filled.connect() as conn:
        assert conn.execute(select(at_risk.c.case_id)).scalars().all() == ["c12"]
        left = conn.execute(select(announcements.c.payload)).scalar_one()
    assert left == '{"text": "3 open – erased by 10:00, erased by 11:00, c12 by 12:00"}'


def test_leftovers_are_written_over_even_twice(filled: Engine) -> None:
    assert erasures.clear_leftovers(filled)
    assert erasures.clear_leftovers(filled)
