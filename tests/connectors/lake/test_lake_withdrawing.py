"""Withdrawing: keys that are gone from a snapshot, and keys a source marks as deleted."""

from __future__ import annotations

import pytest

from connectors.lake.staging import Staged
from connectors.lake.tables import Lake
from connectors.lake.withdrawing import Withdrawn, withdraw, withdraw_marked
from tests.connectors.lake.test_lake_merge import ONE_NIGHT, calls, held, put, version

# Snapshots ----------------------------------------------------------------------------------------------------------

PLACES = "neighbourhood,force,name,active_from\n"
ALL = PLACES + "n1,norfolk,A,2020-01-01\nn2,norfolk,B,2020-01-01\nn3,suffolk,C,2020-01-01\n"


def places(lake: Lake) -> list[str]:
    return [row[0] for row in held(lake, "neighbourhoods", "neighbourhood")]


def test_what_a_snapshot_no_longer_holds_is_withdrawn_and_stays_reachable(lake, deliver) -> None:
    put(lake, deliver("neighbourhoods", ALL), "d1")
    before = version(lake, "neighbourhoods")
    fewer = deliver("neighbourhoods", PLACES + "n2,norfolk,B,2020-01-01")
    assert withdraw(lake, fewer, set(), "w") == 1
    assert places(lake) == ["n2", "n3"]  # nothing was said of Suffolk
    assert len(held(lake, "neighbourhoods", "1", before)) == 3
    assert withdraw(lake, fewer, set(), "w") == 1, "it is told of again where a run was killed before it could say so"
    assert withdraw(lake, fewer, set(), "w2") == 0
    assert version(lake, "neighbourhoods") == before + 1


def test_a_quarantined_row_is_not_withdrawn(lake, deliver) -> None:
    put(lake, deliver("neighbourhoods", ALL), "d1")
    spoilt = deliver("neighbourhoods", PLACES + "n1,norfolk,A,2020-13-01\nn2,norfolk,B,2020-01-01")
    assert withdraw(lake, spoilt, {1}, "w") == 0
    assert places(lake) == ["n1", "n2", "n3"]


@pytest.mark.parametrize("line", ["#N/A,norfolk,A,2020-01-01", "n1,norfolk"])
def test_nothing_is_withdrawn_where_a_record_cannot_be_told(lake, deliver, line: str) -> None:
    put(lake, deliver("neighbourhoods", ALL), "d1")
    assert withdraw(lake, deliver("neighbourhoods", PLACES + "n2,norfolk,B,2020-01-01\n" + line), {2}, "w") == 0
    assert places(lake) == ["n1", "n2", "n3"]


def test_an_empty_snapshot_withdraws_nothing(lake, deliver) -> None:
    put(lake, deliver("neighbourhoods", ALL), "d1")
    assert withdraw(lake, deliver("neighbourhoods", PLACES), set(), "w") == 0
    assert len(places(lake)) == 3


def test_a_snapshot_withdraws_only_what_came_with_its_own_source(lake, deliver) -> None:
    put(lake, deliver("neighbourhoods", PLACES + "n1,norfolk,A,2020-01-01\nn2,norfolk,B,2020-01-01"), "d1")
    put(lake, deliver("neighbourhoods", PLACES + "n9,norfolk,Z,2020-01-01"), "of another source")
    fewer = deliver("neighbourhoods", PLACES + "n2,norfolk,B,2020-01-01")
    assert withdraw(lake, fewer, set(), "w", {"d1", "d2"}) == 1
    assert places(lake) == ["n2", "n9"]


# Deletion markers ---------------------------------------------------------------------------------------------------

CHANGES = 'select row_number, call_id, "force", line, kind, received_at, answered_at, gone as is_deleted from raw'


@pytest.fixture
def changes(deliver):
    """Stage changes of `calls`, whose last column marks withdrawn records."""

    def changes(*rows: str) -> Staged:
        text = calls(*rows).replace("answered_at", "answered_at,gone", 1)
        return deliver("calls", text, sql=CHANGES, deleted="is_deleted")

    return changes


def keys(lake: Lake) -> list[str]:
    return [row[0] for row in held(lake, "calls", "call_id || '/' || \"force\"")]


GONE = "a | norfolk |  |  |  |  | true"


def test_a_marked_key_is_taken_out_and_stays_reachable(lake, deliver, changes) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    before = version(lake)
    marked = changes(GONE, "c | norfolk | 999 | public | 2026-02-01 10:00 | | false", "x | norfolk | | | | | yes")
    assert put(lake, marked, "d2").changed == 1
    assert withdraw_marked(lake, marked, set(), "d2") == Withdrawn(gone=1, unknown=1)
    assert keys(lake) == ["a/suffolk", "b/norfolk", "c/norfolk"], "the same key of another force stays"
    assert len(held(lake, "calls", "1", before)) == 3


def test_a_run_killed_after_it_withdrew_is_made_good_and_counts_the_same(lake, deliver, changes) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    marked = changes(GONE, "a | suffolk | | | | | 1")
    after = [withdraw_marked(lake, marked, set(), "d2")]
    made = version(lake)
    after.append(withdraw_marked(lake, marked, set(), "d2"))
    assert after == [Withdrawn(2, 0), Withdrawn(2, 0)]
    assert version(lake) == made
    assert withdraw_marked(lake, marked, set(), "d3") == Withdrawn(0, 2), "another delivery withdrew nothing"


def test_a_key_that_comes_back_is_admitted_again(lake, deliver, changes) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    withdraw_marked(lake, changes(GONE), set(), "d2")
    back = changes("a | norfolk | 999 | public | 2026-01-31 23:59:59 | | false")
    assert put(lake, back, "d3").changed == 1
    assert withdraw_marked(lake, back, set(), "d3") == Withdrawn(0, 0)
    assert "a/norfolk" in keys(lake)


def test_nothing_held_nothing_made(lake, changes) -> None:
    assert withdraw_marked(lake, changes(GONE), set(), "d1") == Withdrawn(0, 1)
    assert withdraw_marked(lake, changes(), set(), "d2") == Withdrawn(0, 0)
    assert lake.versions() == {}


def test_refused_rows_withdraw_nothing_and_repeats_count_once(lake, deliver, changes) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    marked = changes(GONE, "a | norfolk | 999 | | 2026-13-45 | | true", "b | norfolk | | | | | true")
    assert (marked.conflicts, marked.repeats) == (set(), {2}), "of a deleted row only its key matters"
    assert withdraw_marked(lake, marked, {3}, "d2") == Withdrawn(1, 0)
    assert keys(lake) == ["a/suffolk", "b/norfolk"]


@pytest.mark.parametrize("other", ["false", "", "maybe"])
def test_a_deletion_and_another_word_on_the_same_key_contradict_each_other(changes, other: str) -> None:
    staged = changes(GONE, f"a | norfolk | | | | | {other}", "b | norfolk | | | | | true")
    assert (staged.conflicts, staged.repeats) == ({1, 2}, set())


def test_a_source_without_a_marker_withdraws_nothing(lake, deliver) -> None:
    put(lake, deliver("calls", ONE_NIGHT), "d1")
    assert withdraw_marked(lake, deliver("calls", ONE_NIGHT), set(), "d2") == Withdrawn(0, 0)
