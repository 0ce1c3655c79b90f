"""Staging: what of a delivery is on disk before anything is decided about its rows."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from checks.logs import LOGS
from connectors.lake import staging
from connectors.lake.staging import Staged, span

HEADER = "call_id,force,line,kind,received_at,answered_at"


def calls(*rows: str) -> str:
    return "\n".join([HEADER, *(",".join(cell.strip() for cell in row.split("|")) for row in rows)])


def frame(staged: Staged) -> pd.DataFrame:
    return pd.concat(list(staged.chunks()))


def test_only_contract_columns_reach_the_disk(deliver) -> None:
    text = "caller_name,call_id,force,line,kind,received_at,note\nAnn Other,1,norfolk,999,public,2026-03-01 10:00,cried"
    staged = deliver("calls", text)
    bare = {"row_number", "delivered"}
    written = pq.read_schema(staged.path).names
    assert (
        {name.removesuffix("__trouble") for name in written} - bare == set(staged.columns) <= set(LOGS["calls"].by_name)
    )
    assert b"Ann" not in staged.path.read_bytes()
    assert [path.name for path in staged.path.parent.iterdir() if path.suffix != ".csv"] == ["typed.parquet"]


def test_typed_values_come_back_in_file_order_with_the_contracts_types(deliver) -> None:
    staged = deliver(
        "meetings",
        "meeting_id,force,neighbourhood,kind,starts_at,held,attendance\n"
        "m1,norfolk,n1,surgery,2026-07-01 18:00,yes,12\nm2,norfolk,n1,surgery,2026-07-02,,\n",
    )
    rows = frame(staged)
    assert rows["row_number"].tolist() == [1, 2]
    assert {name: str(rows[name].dtype) for name in ("starts_at", "held", "attendance")} == {
        "starts_at": "datetime64[us, UTC]",
        "held": "boolean",
        "attendance": "Int64",
    }
    assert rows["starts_at"].tolist() == [pd.Timestamp("2026-07-01 17:00Z"), pd.Timestamp("2026-07-01 23:00Z")]
    assert rows["held"].tolist() == [True, pd.NA]
    assert rows["attendance"].tolist() == [12, pd.NA]


def test_dates_are_moments_of_pandas_even_where_all_are_empty(deliver) -> None:
    text = "officer_id,force,neighbourhood,started_on,ended_on\no1,norfolk,n1,2026-01-05,\no2,norfolk,n1,9999-12-31,"
    rows = frame(deliver("postings", text))
    assert [str(rows[name].dtype) for name in ("started_on", "ended_on")] == ["datetime64[us]"] * 2
    assert rows["started_on"].tolist() == [pd.Timestamp("2026-01-05"), pd.Timestamp("9999-12-31")]


def test_the_delivered_text_is_kept_of_troubled_rows_only(deliver) -> None:
    staged = deliver(
        "calls",
        calls(
            "1 | norfolk | 999 | public | 2026-03-01 10:00 | 2400",
            "2 | norfolk | 999 | public | 2026-03-01 10:00 | 2026-03-01 10:00:05",
            "3 | norfolk | 999 | public | 2026-03-29 01:30 |",
            "4 | norfolk | 999 | public | 2026-10-25 01:30 |",
        ),
    )
    rows = frame(staged)
    assert rows["answered_at__trouble"].tolist()[0] == "unreadable"
    assert rows["received_at__trouble"].tolist()[2:] == ["nonexistent_local_time", "ambiguous_local_time"]
    assert rows["delivered"].isna().tolist() == [False, True, False, False]
    assert json.loads(rows["delivered"].iloc[0]) == {
        "call_id": "1",
        "force": "norfolk",
        "line": "999",
        "kind": "public",
        "received_at": "2026-03-01 10:00",
        "answered_at": "2400",
    }
    assert "answered_at" not in json.loads(rows["delivered"].iloc[2])


def test_the_sources_rules_for_local_time_and_empty_texts_are_used(deliver) -> None:
    text = calls("1 | norfolk | 999 | public | 2026-11-01 01:30 | 0:00:00")
    rows = frame(deliver("calls", text, zone="America/Los_Angeles", ambiguous="later", empty=("0:00:00",)))
    assert rows["received_at"].tolist() == [pd.Timestamp("2026-11-01 09:30Z")]
    assert rows[["answered_at", "answered_at__trouble", "delivered"]].isna().all().all()


def test_identical_repeats_collapse_to_the_first_and_conflicts_are_all_named(deliver, monkeypatch) -> None:
    monkeypatch.setattr(staging, "CHUNK", 2)
    staged = deliver(
        "calls",
        calls(
            "a | norfolk | 999 | public | 2026-07-01 10:00 | 2026-07-01 10:00:05",
            "b | norfolk | 999 | public | 2026-07-01 10:00 |",
            "c | norfolk | 999 | public | 2026-07-01 10:00 |",
            "a | norfolk | 999 | public | 2026-07-01T09:00Z | 2026-07-01 10:00:05.000",  # the same in other words
            "b | norfolk | 999 | public | 2026-07-01 10:00 | 2026-07-01 10:00:09",
            "b | norfolk | 999 | public | 2026-07-01 10:00 |",
            "a | norfolk | 999 | public | 2026-07-01 10:00 | 2026-07-01 10:00:05",
            "a | suffolk | 999 | public | 2026-07-01 11:00 | 2026-07-01 11:00:05",  # another force's call
        ),
    )
    assert staged.repeats == {4, 7}
    assert staged.conflicts == {2, 5, 6}
    chunks = list(staged.chunks())
    assert [len(chunk) for chunk in chunks] == [2, 2, 2, 2]
    assert [key for chunk in chunks for key in chunk["key_conflict"]] == [
        number in staged.conflicts for number in range(1, 9)
    ]


def test_rows_that_differ_only_in_an_unreadable_text_are_in_conflict(deliver) -> None:
    rows = (
        "a | norfolk | 999 | public | 2026-07-01 10:00 | 2400",
        "a | norfolk | 999 | public | 2026-07-01 10:00 | 9999",
    )
    assert deliver("calls", calls(*rows)).conflicts == {1, 2}
    assert deliver("calls", calls(rows[0], rows[0])).repeats == {2}


def test_rows_without_a_key_are_not_compared(deliver) -> None:
    staged = deliver(
        "calls",
        calls(
            " | norfolk | 999 | public | 2026-07-01 10:00 |",
            " | norfolk | 999 | public | 2026-07-01 11:00 |",
            "#N/A | norfolk | 999 | public | 2026-07-01 12:00 |",
            "#N/A | norfolk | 999 | public | 2026-07-01 13:00 |",
            "a |  | 999 | public | 2026-07-01 10:00 |",
            "a |  | 999 | public | 2026-07-01 11:00 |",
        ),
    )
    assert (staged.conflicts, staged.repeats) == (set(), set())


def test_a_key_of_several_columns_with_times_of_day(deliver) -> None:
    head = "neighbourhood,force,weekday,from_time,to_time,valid_from_on\n"
    rows = "n1,norfolk,mon,09:00,17:00,2026-01-01\nn1,norfolk,Monday,09:00:00,{},2026-01-01\n"
    assert deliver("agreed_hours", head + rows.format("17:00:00")).repeats == {2}
    assert deliver("agreed_hours", head + rows.format("18:00")).conflicts == {1, 2}


def test_span_and_counts(deliver) -> None:
    staged = deliver(
        "calls",
        calls(
            "1 | norfolk | 999 | public | 2026-07-02 10:00 |",
            "2 | norfolk | 999 | public | 2026-07-01 00:00 |",
            "3 | norfolk | 999 | public | never |",
        ),
    )
    assert staged.rows_read == 3
    assert span(staged) == (datetime(2026, 6, 30, 23, tzinfo=UTC), datetime(2026, 7, 2, 9, tzinfo=UTC))


def test_span_of_dates_and_of_logs_without_one(deliver) -> None:
    surveys = deliver("surveys", "response_id,force,answered_on\nr1,norfolk,2026-07-01\nr2,norfolk,2026-07-03")
    assert span(surveys) == (datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 3, tzinfo=UTC))
    postings = deliver("postings", "officer_id,force,neighbourhood,started_on\no1,norfolk,n1,2026-01-05")
    assert span(postings) == (None, None)


def test_a_header_without_rows(deliver) -> None:
    staged = deliver("calls", HEADER)
    assert (staged.rows_read, list(staged.chunks()), span(staged)) == (0, [], (None, None))


def test_records_the_reader_refuses_are_counted_and_handed_on(deliver) -> None:
    staged = deliver("calls", calls("1 | norfolk | 999 | public | 2026-07-02 10:00 |", "2 | norfolk | 999 | public"))
    assert staged.rows_read == 2
    assert [refusal.row_number for refusal in staged.refusals] == [2]
    assert frame(staged)["row_number"].tolist() == [1]


_MEMORY = """
    import sys
    from pathlib import Path
    from checks.logs import LOGS
    from connectors.lake.staging import stage
    from connectors.sources.file import canonical, open_delivery
    from tests.memory import own_peak
    folder = Path(sys.argv[1])
    staged = stage(open_delivery(canonical("calls"), folder / "calls.csv"), LOGS["calls"], folder)
    for chunk in staged.chunks():
        pass
    print(staged.rows_read, int(own_peak()))
"""


@pytest.mark.parametrize("rows", [600_000])
def test_memory_does_not_grow_with_the_delivery(tmp_path: Path, rows: int) -> None:
    few, many = (_peak_megabytes(tmp_path / str(n), n) for n in (rows // 3, rows))
    print(few, many)
    assert many - few < 150, (few, many)


def _peak_megabytes(folder: Path, rows: int) -> int:
    folder.mkdir()
    with (folder / "calls.csv").open("w") as file:
        file.write(HEADER + "\n")
        for number in range(rows):
            second = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
            file.write(f"c{number},norfolk,999,public,2026-07-01 {second},2026-07-01T{second}+01:00\n")
    command = [sys.executable, "-c", textwrap.dedent(_MEMORY), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    read, megabytes = map(int, done.stdout.split())
    assert read == rows
    return megabytes
