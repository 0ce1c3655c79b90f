"""The first door: every rule of every log, with rows that pass it and rows that do not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from checks.errors import PledgeError, UsageError
from checks.logs import LOGS, Kind, Log
from expectations.quality import RowFailure, RuleResult, delivery_fitness, fitness, merged

AS_AT = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)
LOCAL_DATE = date(2026, 10, 5)
MICROSECOND = timedelta(microseconds=1)
BEFORE = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
TYPES = {
    Kind.MOMENT: "datetime64[us, UTC]",
    Kind.DATE: "datetime64[us]",
    Kind.FLAG: "boolean",
    Kind.COUNT: "Int64",
}
GOOD = {Kind.TEXT: "x", Kind.DATE: date(2026, 10, 1), Kind.MONTH: "2026-09", Kind.TIME: "08:00"}
GOOD |= {Kind.SLUG: "norfolk", Kind.WEEKDAY: "monday", Kind.FLAG: True, Kind.COUNT: 3, Kind.MOMENT: BEFORE}


def good_row(log: Log) -> dict[str, object]:
    row = {column.name: column.values[0] if column.values else GOOD[column.kind] for column in log.columns}
    earlier = {"dialled_at": BEFORE - timedelta(hours=2), "received_at": BEFORE - timedelta(hours=1)}
    return row | {name: moment for name, moment in earlier.items() if name in row}


def chunk(log: Log, *changes: dict[str, object]) -> pd.DataFrame:
    """One good row of the log per mapping, with that mapping's values in place of the good ones."""
    rows = [good_row(log) | change for change in changes]
    frame = {}
    for column in log.columns:
        kind = TYPES.get(column.kind, "object")
        frame[column.name] = pd.Series([row[column.name] for row in rows], dtype=kind)
        if column.kind is not Kind.TEXT:
            said = [row.get(f"{column.name}__trouble") for row in rows]
            frame[f"{column.name}__trouble"] = pd.Series(said, dtype="object")
    frame["row_number"] = pd.Series(range(1, len(rows) + 1), dtype="int64")
    frame["key_conflict"] = pd.Series([row.get("key_conflict", False) for row in rows], dtype="bool")
    return pd.DataFrame(frame)


def judged(name: str, *changes: dict[str, object]) -> tuple[dict[str, RuleResult], list[RowFailure]]:
    log = LOGS[name]
    columns = tuple(column.name for column in log.columns)
    results, failures = fitness(log, columns, chunk(log, *changes), AS_AT, LOCAL_DATE)
    return {result.rule: result for result in results}, failures


def caught(name: str, *changes: dict[str, object]) -> list[tuple[int, str]]:
    return [(failure.position, failure.rule) for failure in judged(name, *changes)[1]]


def flagged(name: str, *changes: dict[str, object]) -> set[str]:
    results, failures = judged(name, *changes)
    assert failures == [], "a flag keeps its row"
    return {rule for rule, result in results.items() if not result.success}


def spoilt_rows(log: Log) -> Iterator[tuple[dict[str, object], str]]:
    """Changes to a good row, each with the one critical rule it breaks ("" = none)."""
    yield {}, ""
    yield {"key_conflict": True}, "key_conflict"
    for column in log.columns:
        name = column.name
        yield {name: None}, f"required:{name}" if column.required else ""
        if column.kind is not Kind.TEXT:
            yield {name: None, f"{name}__trouble": "unreadable"}, f"readable:{name}"
        if column.values:
            yield {name: "Smith"}, f"value_set:{name}"
            yield from (({name: value}, "") for value in column.values)
        if column.kind is Kind.MOMENT:
            yield {name: AS_AT}, ""
            yield {name: AS_AT + MICROSECOND}, "" if column.planned else f"future:{name}"
            yield {name: datetime(1990, 1, 1, tzinfo=UTC)}, ""
            yield {name: datetime(1990, 1, 1, tzinfo=UTC) - MICROSECOND}, f"before_1990:{name}"
        if column.kind is Kind.DATE:
            yield {name: LOCAL_DATE}, ""
            yield {name: date(2026, 10, 6)}, "" if column.planned else f"future:{name}"
            yield {name: date(1990, 1, 1)}, ""
            yield {name: date(1989, 12, 31)}, f"before_1990:{name}"


@pytest.mark.parametrize("name", LOGS)
def test_each_spoilt_row_is_caught_by_its_rule_alone(name: str) -> None:
    rows = list(spoilt_rows(LOGS[name]))
    results, failures = judged(name, *(change for change, _ in rows))
    assert [(f.position, f.rule) for f in failures] == [(n, rule) for n, (_, rule) in enumerate(rows) if rule]
    critical = {rule for rule, result in results.items() if result.severity == "critical"}
    assert critical == {rule for _, rule in rows if rule}, "a rule without a row that breaks it"
    assert all(failure.sentence.endswith(".") for failure in failures)
    assert "Smith" not in str(failures) + str(results)


@pytest.mark.parametrize("name", LOGS)
def test_a_good_row_passes_every_rule(name: str) -> None:
    results, failures = judged(name, {}, {})
    assert failures == []
    assert {(result.success, result.observed) for result in results.values()} == {(True, "0 of 2")}


OPTIONAL = [(log.name, c.name) for log in LOGS.values() for c in log.columns if not c.required]


@pytest.mark.parametrize("name", sorted({name for name, _ in OPTIONAL}))
def test_optional_columns_may_all_be_empty(name: str) -> None:
    results, failures = judged(name, {column: None for log, column in OPTIONAL if log == name})
    assert failures == []
    assert all(result.success for result in results.values())


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("unreadable", "cannot be read"),
        ("nonexistent_local_time", "went forward"),
        ("ambiguous_local_time", "went back"),
        ("Mrs Smith, 3 High Street", "cannot be read"),
    ],
)
def test_readable_says_why_and_never_the_value(trouble: str, said: str) -> None:
    (failure,) = judged("calls", {"answered_at": None, "answered_at__trouble": trouble})[1]
    assert failure.sentence.startswith("answered_at ")
    assert said in failure.sentence
    assert "Smith" not in failure.sentence


@pytest.mark.parametrize("name", LOGS)
def test_key_conflict_names_the_key(name: str) -> None:
    log = LOGS[name]
    results, failures = fitness(log, log.keys, chunk(log, {}, {"key_conflict": True}), AS_AT, LOCAL_DATE)
    assert [(f.position, f.rule) for f in failures] == [(1, "key_conflict")]
    assert results[-1].column == ", ".join(log.keys)


@pytest.mark.parametrize("name", [log.name for log in LOGS.values() if log.order])
def test_order_is_flagged_and_the_row_kept(name: str) -> None:
    log = LOGS[name]
    optional = {column.name for column in log.columns if not column.required}
    changes: list[dict[str, object]] = []
    for earlier, later in log.order:
        changes += [{earlier: BEFORE, later: BEFORE}, {earlier: BEFORE, later: BEFORE - MICROSECOND}]
        changes += [{column: None} for column in (earlier, later) if column in optional]
    results, failures = judged(name, *changes)
    assert failures == [], "a flag keeps its row"
    rows = [good_row(log) | change for change in changes]
    for earlier, later in log.order:
        result = results[f"order:{earlier}/{later}"]
        both = [row for row in rows if row[earlier] and row[later]]
        wrong = sum(row[later] < row[earlier] for row in both)
        assert wrong, "each pair has a row out of order"
        assert (result.severity, result.observed) == ("warning", f"{wrong} of {len(both)}")


@pytest.mark.parametrize(
    ("name", "earlier", "later", "fine", "implausible"),
    [
        ("calls", "received_at", "answered_at", timedelta(days=1), timedelta(days=1, microseconds=1)),
        ("calls", "received_at", "abandoned_at", timedelta(days=1), timedelta(days=1, microseconds=1)),
        ("calls", "answered_at", "ended_at", timedelta(days=1), timedelta(days=1, microseconds=1)),
        ("incidents", "received_at", "arrived_at", timedelta(seconds=1), timedelta(microseconds=999_999)),
        ("messages", "received_at", "responded_at", timedelta(seconds=1), timedelta(microseconds=999_999)),
        ("duties", "started_at", "ended_at", timedelta(days=1), timedelta(days=1, microseconds=1)),
    ],
)
def test_implausible_intervals_are_flagged(
    name: str, earlier: str, later: str, fine: timedelta, implausible: timedelta
) -> None:
    start = BEFORE - timedelta(days=2)
    fine_row, wrong_row, out_of_order = (
        {earlier: start, later: start + after} for after in (fine, implausible, timedelta(hours=-1))
    )
    results, failures = judged(name, fine_row, wrong_row, out_of_order, {later: None if name != "duties" else BEFORE})
    result = results[f"implausible:{earlier}/{later}"]
    assert failures == [], "a flag keeps its row"
    assert (result.severity, result.unexpected) == ("warning", 1)
    assert earlier in result.detail


@pytest.mark.parametrize(
    ("name", "column", "least"),
    [
        ("victim_cases", "update_every_days", 1),
        ("team_pages", "officers_named", 0),
        ("meetings", "attendance", 0),
    ],
)
def test_implausible_counts_are_flagged(name: str, column: str, least: int) -> None:
    assert flagged(name, {column: least}, {column: None}) == set()
    assert flagged(name, {column: least - 1}) == {f"implausible:{column}"}


def test_a_row_fails_every_rule_it_breaks_in_the_order_of_rows() -> None:
    late = AS_AT + timedelta(days=1)
    found = caught("calls", {"line": "112", "ended_at": late}, {}, {"call_id": None, "key_conflict": True})
    assert found == [
        (0, "value_set:line"),
        (0, "future:ended_at"),
        (2, "required:call_id"),
        (2, "key_conflict"),
    ]


def test_positions_do_not_depend_on_the_frames_index() -> None:
    log = LOGS["calls"]
    frame = chunk(log, {}, {"line": "112"}).set_axis([700, 701])
    _, failures = fitness(log, tuple(log.by_name), frame, AS_AT, LOCAL_DATE)
    assert [failure.position for failure in failures] == [1]


def test_only_delivered_columns_are_judged() -> None:
    log = LOGS["calls"]
    columns = log.required
    results, failures = fitness(log, columns, chunk(log, {}), AS_AT, LOCAL_DATE)
    assert failures == []
    assert {name for result in results for name in result.column.split(", ")} == set(columns)


def test_trouble_columns_may_be_left_out() -> None:
    log = LOGS["calls"]
    frame = chunk(log, {}, {"received_at": None})
    frame = frame[[name for name in frame.columns if not name.endswith("__trouble")]]
    results, failures = fitness(log, tuple(log.by_name), frame, AS_AT, LOCAL_DATE)
    assert [(f.position, f.rule) for f in failures] == [(1, "required:received_at")]
    assert not [result.rule for result in results if result.rule.startswith("readable:")]


def test_an_empty_frame_says_empty_and_fails_nothing() -> None:
    results, failures = judged("calls")
    assert failures == []
    assert {(result.success, result.observed, result.examined) for result in results.values()} == {(True, "empty", 0)}


def test_a_column_without_any_value_says_empty_and_fails_nothing() -> None:
    results, failures = judged("calls", {"answered_at": None}, {"answered_at": None})
    assert failures == []
    assert results["future:answered_at"].observed == "empty"
    assert results["order:received_at/answered_at"].observed == "empty"
    assert results["implausible:received_at/answered_at"].observed == "empty"
    assert results["future:received_at"].observed == "0 of 2"


def test_untyped_columns_without_any_value_are_understood() -> None:
    log = LOGS["calls"]
    frame = chunk(log, {}, {}).assign(answered_at=pd.Series([None, None], dtype="object"))
    assert fitness(log, tuple(log.by_name), frame, AS_AT, LOCAL_DATE)[1] == []


@pytest.mark.parametrize("column", ["received_at", "answered_at"])
def test_a_wrong_type_is_an_error_that_names_the_rule_and_no_value(column: str) -> None:
    log = LOGS["calls"]
    frame = chunk(log, {}, {}).assign(**{column: pd.Series(["Smith", "Jones"], dtype="object")})
    with pytest.raises(PledgeError, match=f":{column}") as raised:
        fitness(log, tuple(log.by_name), frame, AS_AT, LOCAL_DATE)
    assert "Smith" not in str(raised.value)


def test_a_moment_without_a_zone_is_an_error() -> None:
    log = LOGS["calls"]
    frame = chunk(log, {}).assign(ended_at=pd.Series([datetime(2026, 10, 1)], dtype="datetime64[us]"))
    with pytest.raises(PledgeError, match=":ended_at"):
        fitness(log, tuple(log.by_name), frame, AS_AT, LOCAL_DATE)


def test_a_chunk_that_is_not_complete_is_refused() -> None:
    log = LOGS["calls"]
    columns, frame = tuple(log.by_name), chunk(log, {})
    with pytest.raises(UsageError, match="key_conflict"):
        fitness(log, columns, frame.drop(columns="key_conflict"), AS_AT, LOCAL_DATE)
    with pytest.raises(UsageError, match="NULL in key_conflict"):
        fitness(log, columns, frame.assign(key_conflict=pd.array([None], "boolean")), AS_AT, LOCAL_DATE)
    with pytest.raises(UsageError, match="no column line"):
        fitness(log, columns, frame.drop(columns="line"), AS_AT, LOCAL_DATE)
    with pytest.raises(UsageError, match="caller_name is not a column"):
        fitness(log, (*columns, "caller_name"), frame.assign(caller_name="x"), AS_AT, LOCAL_DATE)
    with pytest.raises(UsageError, match="without a zone"):
        fitness(log, columns, frame, AS_AT.replace(tzinfo=None), LOCAL_DATE)


def test_merged_adds_the_chunks_of_a_delivery_up() -> None:
    log = LOGS["calls"]
    chunks = [chunk(log, {}, {"line": "112"}), chunk(log), chunk(log, {"line": "112"}, {}, {})]
    results = [r for c in chunks for r in fitness(log, tuple(log.by_name), c, AS_AT, LOCAL_DATE)[0]]
    total = {result.rule: result for result in merged(results)}
    assert len(total) == len(results) / 3
    line, kind = total["value_set:line"], total["value_set:kind"]
    assert (line.success, line.unexpected, line.examined, line.observed) == (False, 2, 5, "2 of 5")
    assert (kind.success, kind.unexpected, kind.observed, kind.detail) == (True, 0, "0 of 5", "")
    assert "999, 101, switchboard" in line.detail
    assert merged([]) == []


def unfit(**change: object) -> dict[str, str]:
    log = LOGS["calls"]
    arguments = {
        "columns": tuple(log.by_name),
        "rows_read": 1000,
        "rows_quarantined": 0,
        "earlier_counts": (),
    }
    results = delivery_fitness(log, **{**arguments, **change})
    return {result.rule: result.detail for result in results if not result.success}


def rules_judged(**change: object) -> list[str]:
    log = LOGS["calls"]
    return [result.rule for result in delivery_fitness(log, tuple(log.by_name), 1000, 0, **change)]


def test_a_delivery_is_judged_for_age_and_count_only_with_a_reason() -> None:
    assert rules_judged() == ["header", "quarantined"]
    assert rules_judged(earlier_counts=[1000] * 7, age_hours=900.0) == ["header", "quarantined"]
    usual = rules_judged(earlier_counts=[1000] * 8, age_hours=900.0, earlier_gaps_hours=[24.0] * 8)
    assert usual == ["header", "quarantined", "not_empty", "row_count", "freshness"]
    assert rules_judged(expected={"max_age_hours": 36}) == ["header", "quarantined"], "its age is not known"


def test_header_complete() -> None:
    log = LOGS["calls"]
    assert unfit(columns=log.required) == {}
    assert "kind" in unfit(columns=[c for c in log.required if c != "kind"])["header"]


@pytest.mark.parametrize(
    ("read", "quarantined", "fit"),
    [
        (1000, 50, True),
        (1000, 51, False),
        (1019, 51, False),
        (1020, 51, True),
        (100, 20, True),
        (100, 21, False),
        (20, 20, True),
        (399, 20, True),
        (420, 21, True),
        (419, 21, False),
        (0, 0, True),
    ],
)
def test_more_than_five_percent_and_more_than_twenty_rows(read: int, quarantined: int, fit: bool) -> None:
    assert ("quarantined" not in unfit(rows_read=read, rows_quarantined=quarantined)) is fit


def test_empty_is_unfit_only_where_rows_are_due() -> None:
    assert unfit(rows_read=0) == {}
    assert "not_empty" in unfit(rows_read=0, expected={"may_be_empty": False})
    assert "not_empty" in unfit(rows_read=0, earlier_counts=[5] * 8)
    assert "not_empty" not in unfit(rows_read=0, earlier_counts=[5] * 8, expected={"may_be_empty": True})
    assert unfit(rows_read=0, earlier_counts=[0] * 7 + [4]) == {}


def test_usual_row_count() -> None:
    earlier = [800, 1000, 900, 1200, 1100, 1000, 950, 1050]
    assert [rows for rows in (399, 400, 2400, 2401) if unfit(rows_read=rows, earlier_counts=earlier)] == [
        399,
        2401,
    ]
    stated = {"min_rows": 10, "max_rows": 20}
    assert [rows for rows in (9, 10, 20, 21) if unfit(rows_read=rows, expected=stated)] == [9, 21]


def test_freshness() -> None:
    assert unfit(age_hours=36.0, expected={"max_age_hours": 36}) == {}
    assert "36" in unfit(age_hours=36.1, expected={"max_age_hours": 36})["freshness"]
    assert unfit(age_hours=48.0, earlier_gaps_hours=[24.0] * 8) == {}
    assert "freshness" in unfit(age_hours=48.5, earlier_gaps_hours=[24.0] * 8)


@pytest.mark.parametrize("expected", [{"max_age": 3}, {"max_age_hours": "36"}, {"may_be_empty": 1}, {"min_rows": True}])
def test_an_expectation_that_is_not_understood_is_refused(expected: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="not known"):
        unfit(expected=expected)


def test_speed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    log = LOGS["calls"]
    rows = 100_000
    frame = chunk(log, {}).loc[[0] * rows].reset_index(drop=True)
    frame["call_id"] = [f"C{row}" for row in range(rows)]
    started = time.perf_counter()
    results, failures = fitness(log, tuple(log.by_name), frame, AS_AT, LOCAL_DATE)
    took = time.perf_counter() - started
    with capsys.disabled():
        print(f"\nfitness of {rows:,} calls by {len(results)} expectations: {took:.2f} s")
    assert failures == []
    assert {result.examined for result in results} == {rows}
