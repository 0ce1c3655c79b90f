"""What a definition chooses: of a log only what a rule in hand chooses is read, and each rule has its own choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from checks.commitment import measures
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, prepare
from checks.standard import Limit
from tests.spec import AS_AT, FORCE, ZONE, delivered, rule

# Answered within ten seconds of being presented to the force, not of being dialled.
CALL = {"call_id": "c1", "line": "999", "kind": "public", "force": FORCE}
CALL |= {"dialled_at": "11:59:55", "received_at": "12:00:00", "answered_at": "12:00:08"}


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = connect(threads=1)
    prepare(opened, Window(AS_AT), {FORCE: ZONE}, {"calls": [delivered(tmp_path, "calls", [CALL])]})
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("clocks", "states"),
    [
        (["presented_to_force"], ["met"]),
        (["dialled"], ["missed"]),
        (["presented_to_force", "dialled"], ["met", "missed"]),
        (["dialled", "presented_to_force"], ["missed", "met"]),
    ],
)
def test_every_rule_has_its_own_clock(
    con: duckdb.DuckDBPyConnection, clocks: Sequence[str], states: Sequence[str]
) -> None:
    _judge(con, clocks)
    found = con.execute("select definition_id::varchar, state::varchar from facts order by 1").fetchall()
    assert found == [(str(number), state) for number, state in enumerate(states)]


@pytest.mark.parametrize(
    ("clocks", "is_read"),
    [(["presented_to_force"], False), (["dialled"], True), (["presented_to_force", "dialled"], True)],
)
def test_what_no_rule_chooses_is_not_read(con: duckdb.DuckDBPyConnection, clocks: Sequence[str], is_read: bool) -> None:
    _judge(con, clocks)
    [(_, plan)] = con.execute("explain select * from judged").fetchall()
    assert "answered_at" in plan
    assert ("dialled_at" in plan) is is_read


def test_judged_again_by_another_definition_nothing_stays_of_the_one_before(con: duckdb.DuckDBPyConnection) -> None:
    for clocks, state in (["presented_to_force"], "met"), (["dialled"], "missed"), (["presented_to_force"], "met"):
        _judge(con, clocks)
        assert con.execute("select state::varchar from facts").fetchall() == [(state,)]


def test_by_no_rule_there_is_no_case(con: duckdb.DuckDBPyConnection) -> None:
    _judge(con, [])
    assert con.execute("select count(*) from facts").fetchall() == [(0,)]


def _judge(con: duckdb.DuckDBPyConnection, clocks: Sequence[str]) -> None:
    rules = [rule("answer_999", {"": Limit(10, "seconds")}, clock_start=clock) for clock in clocks]
    applied = [AppliedRule(one, FORCE, one.definition, str(number)) for number, one in enumerate(rules)]
    judge(con, measures()["answer_999"], applied)
