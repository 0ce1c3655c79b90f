"""A broken promise explained within 28 days: missed cases and explanations in, states out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from checks.commitment import measures
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, prepare
from checks.standard import Limit
from connectors.store.cases import breach_id
from tests.spec import FORCE, ZONE, delivered, rule, tables

MISSED_AT = datetime(2026, 1, 1, 10)
# 28 days after 1 January, 10:00, are over on 29 January, 10:00.
AS_AT = datetime(2026, 2, 10, 6, tzinfo=UTC)
EXPLANATIONS = "explanations\nexplanation_id | recorded_at | breach_id | measure | missed_on | reason | recorded_by\n"


def missed(case_id: str, measure: str = "message_answered", commitment: int = 4, **more: Any) -> dict[str, Any]:
    """A missed case as a run keeps it."""
    own = {"standard": "spec", "measure": measure, "commitment": commitment, "force": FORCE, "case_id": case_id}
    places = {"area": "A1", "neighbourhood": "N1", "missed_at": MISSED_AT, "local_day": date(2025, 12, 31)}
    return {**own, **places, **more}


def explained(
    folder: Path,
    cases: Sequence[Mapping[str, Any]],
    *explanations: str,
    as_at: datetime = AS_AT,
    **definition: str,
) -> dict[str, dict[str, Any]]:
    """The judged cases by name; an explanation is `recorded_at | breach_id | measure | missed_on`."""
    con = connect(threads=1)
    text = EXPLANATIONS + "\n".join(f"e{number} | {one} | staffing | x" for number, one in enumerate(explanations))
    files = (
        {"explanations": [delivered(folder, "explanations", tables(text)[0]["explanations"])]} if explanations else {}
    )
    prepare(con, Window(as_at), {FORCE: ZONE}, files)
    con.register("kept", pa.Table.from_pylist(list(cases)))
    con.execute("create view missed_cases as select * from kept")
    found = judged(con, **definition)
    con.close()
    return {one["case_id"]: one for one in found}


def judged(con: duckdb.DuckDBPyConnection, **definition: str) -> list[dict[str, Any]]:
    one = rule("explained", {"": Limit(28, "days")}, 100, **definition)
    judge(con, measures()["explained"], [AppliedRule(one, FORCE, one.definition)])
    return con.sql("select * from facts").to_arrow_table().to_pylist()


@pytest.mark.parametrize(
    ("recorded", "state"),
    [
        ("2026-01-01 10:00:00", "met"),
        ("2026-01-29 10:00:00", "met"),
        ("2026-01-29 10:00:00.000001", "missed"),
        ("2026-02-10 06:00:01", "missed"),
    ],
)
def test_the_clock_runs_from_the_miss_to_the_explanation(tmp_path: Path, recorded: str, state: str) -> None:
    case = explained(tmp_path, [missed("M1")], f"{recorded} | | message_answered | 2025-12-31")["message_answered/M1"]
    assert case["state"] == state
    assert (case["clock_started_at"], case["due_at"]) == (MISSED_AT, MISSED_AT + timedelta(days=28))
    assert (case["area"], case["neighbourhood"], case["local_day"]) == ("A1", "N1", MISSED_AT.date())


def test_what_nobody_explained_is_pending_then_missed(tmp_path: Path) -> None:
    cases = [
        missed("old"),
        missed("new", missed_at=datetime(2026, 1, 13, 6)),
        missed("over", missed_at=datetime(2026, 1, 13, 5, 59)),
    ]
    found = explained(tmp_path, cases)
    assert {name: one["state"] for name, one in found.items()} == {
        "message_answered/old": "missed",
        "message_answered/new": "pending",
        "message_answered/over": "missed",
    }


def test_an_explanation_covers_a_measure_a_force_and_a_day(tmp_path: Path) -> None:
    cases = [
        missed("same_day"),
        missed("another_day", local_day=date(2026, 1, 1)),
        missed("another_measure", "plan_kept", 10),
    ]
    found = explained(tmp_path, cases, "2026-01-05 10:00:00 | | message_answered | 2025-12-31")
    assert {name: one["state"] for name, one in found.items()} == {
        "message_answered/same_day": "met",
        "message_answered/another_day": "missed",
        "plan_kept/another_measure": "missed",
    }


def test_an_explanation_of_one_breach_covers_no_other(tmp_path: Path) -> None:
    own = breach_id("spec", "message_answered", FORCE, "M1")
    cases = [missed("M1"), missed("M2")]
    found = explained(tmp_path, cases, f"2026-01-05 10:00:00 | {own} | message_answered | 2025-12-31")
    assert {name: one["state"] for name, one in found.items()} == {
        "message_answered/M1": "met",
        "message_answered/M2": "missed",
    }


def test_the_first_explanation_counts_and_one_given_ahead_counts_from_the_miss(tmp_path: Path) -> None:
    own = breach_id("spec", "message_answered", FORCE, "M1")
    late, ahead = f"2026-02-05 10:00:00 | {own} | |", "2025-12-31 18:00:00 | | message_answered | 2025-12-31"
    (case,) = explained(tmp_path / "both", [missed("M1")], late, ahead).values()
    assert (case["state"], case["elapsed_seconds"]) == ("met", 0.0)
    (case,) = explained(tmp_path / "late", [missed("M1")], late).values()
    assert (case["state"], case["clock_stopped_at"]) == ("missed", datetime(2026, 2, 5, 10))


def test_28_days_are_local_days_across_a_clock_change(tmp_path: Path) -> None:
    case = missed("M1", missed_at=datetime(2026, 3, 10, 10))
    as_at = datetime(2026, 4, 20, tzinfo=UTC)
    for recorded, state in (("2026-04-07 10:00:00", "met"), ("2026-04-07 10:00:01", "missed")):
        line = f"{recorded} | | message_answered | 2025-12-31"
        (found,) = explained(tmp_path / state, [case], line, as_at=as_at).values()
        assert (found["state"], found["due_at"]) == (state, datetime(2026, 4, 7, 9))


def test_the_exact_limit_is_outside_when_the_limit_is_under(tmp_path: Path) -> None:
    line = "2026-01-29 10:00:00 | | message_answered | 2025-12-31"
    (found,) = explained(tmp_path, [missed("M1")], line, limit="under").values()
    assert found["state"] == "missed"


def test_only_some_promises_owe_an_explanation(tmp_path: Path) -> None:
    owing = [
        ("message_answered", 4), ("attend_emergency", 5), ("attend_vulnerable", 6), ("attend_priority", 6),
        ("appointment_offered", 6), ("appointment_kept", 6), ("meeting_held", 7), ("update_published", 8),
        ("victim_updated", 9), ("plan_agreed", 10),
    ]  # fmt: skip
    others = [("answer_999", 5), ("eta_emergency", 5), ("detail_followed_up", 4), ("visible_time", 3), ("explained", 0)]
    cases = [missed("1", measure, commitment) for measure, commitment in (*owing, *others)]
    assert set(explained(tmp_path, cases)) == {f"{measure}/1" for measure, _ in owing}


def test_cases_missed_under_another_standard_or_by_another_force_are_not_its_own(tmp_path: Path) -> None:
    assert explained(tmp_path, [missed("a", standard="other"), missed("b", force="suffolk")]) == {}


def test_where_no_run_has_laid_the_missed_cases_there_are_none() -> None:
    con = connect(threads=1)
    prepare(con, Window(AS_AT), {FORCE: ZONE}, {})
    assert judged(con) == [] and judged(con) == []
    con.close()


def test_a_miss_has_its_time_so_that_none_is_unknown_or_excluded(tmp_path: Path) -> None:
    ahead = "2025-12-01 10:00:00 | | message_answered | 2025-12-31"
    found = explained(
        tmp_path, [missed(str(number), missed_at=MISSED_AT - timedelta(days=4 * number)) for number in range(9)], ahead
    )
    assert len(found) == 9
    assert {one["state"] for one in found.values()} == {"met"}
