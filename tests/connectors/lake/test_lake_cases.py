"""Judged cases in the lake: only what changed is written, and nothing that was not judged is touched."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from checks.database import connect
from connectors.lake.cases import Slice, read_cases, write_cases
from connectors.lake.tables import Lake

SLICE = Slice("pledge", "answer_999", "norfolk")

_FACTS = """
    create or replace table facts (
        standard varchar, measure varchar, definition_id varchar, force varchar, area varchar, neighbourhood varchar,
        case_id varchar, state varchar, reason varchar, clock_started_at timestamp, limit_seconds double,
        due_at timestamp, clock_stopped_at timestamp, elapsed_seconds double, part bigint, whole bigint,
        covers varchar, local_day date, unjudgeable boolean, outside_force_dates boolean
    )
"""


def judged(con: duckdb.DuckDBPyConnection, *cases: str, of: Slice = SLICE) -> None:
    """Table `facts` with the cases given as "case_id day state"; a met one stopped after 5 seconds."""
    con.execute(_FACTS)
    for case_id, day, state in (case.split() for case in cases):
        start = f"timestamp '{day} 10:00:00'"
        stop, took = (f"{start} + interval 5 second", 5.0) if state == "met" else ("null", None)
        con.execute(
            f"insert into facts values (?, ?, 'default', ?, 'west', '', ?, ?, null, {start}, 10.0, "
            f"{start} + interval 10 second, {stop}, ?, null, null, null, ?, false, false)",
            [of.standard, of.measure, of.force, case_id, state, took, day],
        )


def night(
    lake: Lake, run: str, *cases: str, days: tuple[str | None, str | None] = (None, None), of: Slice = SLICE
) -> list[str]:
    """Write one night's cases of a slice; returns the months that changed."""
    con = connect()
    judged(con, *cases, of=of)
    first, last = (date.fromisoformat(day) if day else None for day in days)
    return write_cases(con, lake, of, run, first, last)


def held(lake: Lake, columns: str = "case_id, month, state, first_run, last_changed_run") -> list[tuple]:
    con = connect()
    read_cases(con, lake.files("cases"), "held")
    return con.execute(f"select {columns} from held order by all").fetchall()


def version(lake: Lake) -> int:
    table = lake.table("cases")
    assert table is not None
    return table.version()


FIRST = ("a 2026-01-05 met", "b 2026-01-06 pending", "c 2026-02-01 missed")


def test_first_night(lake) -> None:
    assert night(lake, "r1", *FIRST) == ["2026-01", "2026-02"]
    assert held(lake) == [
        ("a", "2026-01", "met", "r1", "r1"),
        ("b", "2026-01", "pending", "r1", "r1"),
        ("c", "2026-02", "missed", "r1", "r1"),
    ]
    times = "clock_started_at::varchar, due_at::varchar, clock_stopped_at::varchar, elapsed_seconds, local_day::varchar"
    assert held(lake, times)[0] == (
        "2026-01-05 10:00:00+00",
        "2026-01-05 10:00:10+00",
        "2026-01-05 10:00:05+00",
        5.0,
        "2026-01-05",
    )


def test_nothing_is_written_when_nothing_changed(lake) -> None:
    night(lake, "r1", *FIRST)
    before = version(lake), lake.files("cases")
    assert night(lake, "r2", *reversed(FIRST)) == []
    assert (version(lake), lake.files("cases")) == before


def test_only_the_months_that_changed_are_written_and_runs_are_kept(lake) -> None:
    night(lake, "r1", *FIRST)
    files = {Path(file).parent.name: file for file in lake.files("cases")}
    assert night(lake, "r2", FIRST[0], "b 2026-01-06 missed", FIRST[2]) == ["2026-01"]
    now = {Path(file).parent.name: file for file in lake.files("cases")}
    assert {month for month in now if now[month] != files[month]} == {"month=2026-01"}
    assert held(lake) == [
        ("a", "2026-01", "met", "r1", "r1"),
        ("b", "2026-01", "missed", "r1", "r2"),
        ("c", "2026-02", "missed", "r1", "r1"),
    ]


@pytest.mark.parametrize(
    "column", ["area = 'east'", "reason = 'test'", "unjudgeable = true", "due_at = null", "whole = 3"]
)
def test_a_change_of_any_column_is_a_change(lake, column: str) -> None:
    night(lake, "r1", *FIRST)
    con = connect()
    judged(con, *FIRST)
    con.execute(f"update facts set {column} where case_id = 'c'")
    assert write_cases(con, lake, SLICE, "r2", None, None) == ["2026-02"]
    assert [row[3:] for row in held(lake)] == [("r1", "r1"), ("r1", "r1"), ("r1", "r2")]
    assert write_cases(con, lake, SLICE, "r3", None, None) == []


def test_a_case_that_is_no_longer_judged_is_removed(lake) -> None:
    night(lake, "r1", *FIRST)
    assert night(lake, "r2", FIRST[0], FIRST[2]) == ["2026-01"]
    assert [row[0] for row in held(lake)] == ["a", "c"]
    assert night(lake, "r3", FIRST[0]) == ["2026-02"]
    assert night(lake, "r4") == ["2026-01"]
    assert held(lake) == []
    assert night(lake, "r5", "c 2026-02-01 missed") == ["2026-02"]


def test_a_case_moved_to_another_month_stands_once(lake) -> None:
    night(lake, "r1", *FIRST)
    assert night(lake, "r2", FIRST[0], "b 2026-03-06 pending", FIRST[2]) == ["2026-01", "2026-03"]
    assert held(lake)[1] == ("b", "2026-03", "pending", "r1", "r2")
    assert len(held(lake)) == 3


def test_other_days_than_those_judged_are_left_alone(lake) -> None:
    night(lake, "r1", *FIRST)
    window = ("2026-01-06", "2026-01-31")
    assert night(lake, "r2", "b 2026-01-06 met", days=window) == ["2026-01"]
    assert [row[:3] for row in held(lake)] == [
        ("a", "2026-01", "met"),
        ("b", "2026-01", "met"),
        ("c", "2026-02", "missed"),
    ]
    assert night(lake, "r3", days=window) == ["2026-01"]
    assert [row[0] for row in held(lake)] == ["a", "c"]
    assert night(lake, "r4", days=("2026-02-02", None)) == []
    assert night(lake, "r5", days=(None, "2026-01-31")) == ["2026-01"]
    assert [row[0] for row in held(lake)] == ["c"]


def test_a_case_corrected_into_the_days_that_are_judged_stands_once(lake) -> None:
    night(lake, "r1", *FIRST)
    assert night(lake, "r2", "c 2026-03-02 missed", days=("2026-03-01", None)) == ["2026-02", "2026-03"]
    assert held(lake)[2] == ("c", "2026-03", "missed", "r1", "r2")
    assert len(held(lake)) == 3


@pytest.mark.parametrize("name", ["c", "b" * 200, "a-" + "ü" * 90])
def test_a_case_of_years_ago_corrected_into_the_days_that_are_judged_stands_once(lake, name: str) -> None:
    """Whatever its name: of the files of those years only some are opened."""
    night(lake, "r1", "a 2019-01-05 met", f"{name} 2019-02-01 missed", "z 2019-03-01 met", "n 2026-01-06 met")
    window = ("2026-01-01", None)
    news = "n 2026-01-06 met", "o 2026-01-07 met", f"{name} 2026-01-08 missed"
    assert night(lake, "r2", *news, days=window) == ["2019-02", "2026-01"]
    assert [row[:2] for row in held(lake) if row[0] == name] == [(name, "2026-01")]
    assert len(held(lake)) == 5
    assert night(lake, "r3", *news, days=window) == []


def test_slices_do_not_touch_each_other(lake) -> None:
    others = [
        Slice("code", "answer_999", "norfolk"),
        Slice("pledge", "attend", "norfolk"),
        Slice("pledge", "answer_999", "kent"),
    ]
    for number, of in enumerate([SLICE, *others]):
        night(lake, f"r{number}", *FIRST, of=of)
    since = version(lake)
    night(lake, "r9", FIRST[0], of=others[0])
    con = connect()
    read_cases(con, lake.files("cases"), "held")
    counts = con.execute("select standard, measure, force, count(*) from held group by all order by all").fetchall()
    assert counts == [
        ("code", "answer_999", "norfolk", 1),
        ("pledge", "answer_999", "kent", 3),
        ("pledge", "answer_999", "norfolk", 3),
        ("pledge", "attend", "norfolk", 3),
    ]
    assert lake.changed_slices(since, version(lake)) == [("code", "answer_999", "norfolk")]
    assert len(lake.changed_slices(None, version(lake))) == 4
    assert lake.changed_slices(version(lake), version(lake)) == []


@pytest.mark.parametrize(
    "name", ["a b", "a.b", "o'brien", "ä", "a%20b", "a/b", "a=b", "a#b?c", "a[1]*", 'say "x"', "a\\b"]
)
def test_names_of_any_characters_come_back_as_they_are(lake, name: str) -> None:
    of = Slice(name, "answer_999", name)
    assert night(lake, "r1", "a 2026-01-05 met", of=of) == ["2026-01"]
    assert night(lake, "r2", "a 2026-01-05 met", of=of) == []
    assert night(lake, "r3", "a 2026-01-05 missed", of=of) == ["2026-01"]
    assert held(lake, "standard, force, state, first_run") == [(name, name, "missed", "r1")]
    assert [slice_[0] for slice_ in lake.changed_slices(None, version(lake))] == [name]


def test_two_runs_that_judge_at_once_leave_each_case_once(lake) -> None:
    """The slower one's comparison is out of date when it commits: it has to be made again."""
    con = connect()
    judged(con, *FIRST)
    slower = Lake(lake.location)
    night(slower, "r0", "z 2025-01-01 met")  # it holds the table open at this version
    change = slower.change
    overtaken = []

    def overtake(name, act):
        def acting(table):
            if not overtaken:
                overtaken.append(night(lake, "r1", "a 2026-03-05 missed"))
            return act(table)

        return change(name, acting)

    slower.change = overtake  # type: ignore[method-assign]
    assert write_cases(con, slower, SLICE, "r2", None, None) == ["2026-01", "2026-02", "2026-03"]
    assert overtaken == [["2025-01", "2026-03"]]
    assert [row[:4] for row in held(lake)] == [
        ("a", "2026-01", "met", "r1"),
        ("b", "2026-01", "pending", "r2"),
        ("c", "2026-02", "missed", "r2"),
    ]


def test_no_cases_at_all(lake) -> None:
    assert night(lake, "r1") == []
    assert held(lake) == []
