"""Parquet: typed columns become the text the typing door reads, with the same instants and the same numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.errors import NotFitError
from connectors.sources.csv_lines import MALFORMED
from connectors.sources.delivery import Source
from connectors.sources.file import canonical
from tests.connectors.sources.reading import CALLS, read, staged

MOMENT = datetime(2026, 7, 1, 9, 0, 5, 250_000)


def calls(count: int = 1, **columns: pa.Array) -> pa.Table:
    given = {
        "call_id": pa.array([f"c{n}" for n in range(1, count + 1)]),
        "force": pa.array(["norfolk"] * count),
        "line": pa.array(["999"] * count),
        "kind": pa.array(["public"] * count),
        "received_at": pa.array([MOMENT] * count, pa.timestamp("us")),
    }
    return pa.table({**given, **columns})


def written(folder: Path, table: pa.Table) -> Path:
    path = folder / "calls.parquet"
    pq.write_table(table, path)
    return path


LOCAL_MIDNIGHT = datetime(2026, 6, 30, 23, tzinfo=UTC)
LONDON_SUMMER = datetime(2026, 7, 1, 8, 0, 5, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moments", "instant"),
    [
        pytest.param(pa.array([MOMENT], pa.timestamp("us")), LONDON_SUMMER, id="without a zone: local"),
        pytest.param(pa.array([MOMENT], pa.timestamp("ns")), LONDON_SUMMER, id="nanoseconds"),
        pytest.param(pa.array([MOMENT], pa.timestamp("ms")), LONDON_SUMMER, id="milliseconds"),
        pytest.param(
            pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")), MOMENT.replace(tzinfo=UTC), id="UTC"
        ),
        pytest.param(
            pa.array([LONDON_SUMMER], pa.timestamp("ns", "America/New_York")), LONDON_SUMMER, id="another zone"
        ),
        pytest.param(pa.array(["2026-07-01 09:00:05.25"]), LONDON_SUMMER, id="text"),
        pytest.param(pa.array(["2026-07-01 09:00:05.25"]).dictionary_encode(), LONDON_SUMMER, id="dictionary"),
        pytest.param(pa.array([date(2026, 7, 1)], pa.date32()), LOCAL_MIDNIGHT, id="a date: local midnight"),
    ],
)
def test_moments_of_every_type_are_the_same_instant(tmp_path: Path, moments: pa.Array, instant: datetime) -> None:
    rows = staged(written(tmp_path, calls(received_at=moments)), canonical("calls"), tmp_path / "typed")
    assert rows.loc[1, "received_at"].to_pydatetime() == instant


def test_values_become_text(tmp_path: Path) -> None:
    columns = {
        "number": pa.array([123], pa.int64()),
        "gaps": pa.array([123.0], pa.float64()),
        "share": pa.array([0.25], pa.float64()),
        "money": pa.array([Decimal("12.00")], pa.decimal128(10, 2)),
        "flag": pa.array([True]),
        "clock": pa.array([time(9, 5)], pa.time64("us")),
        "nothing": pa.nulls(1),
    }
    for name, text in {
        "number": "123", "gaps": "123", "share": "0.25", "money": "12", "flag": "true", "nothing": None
    }.items():  # fmt: skip
        found = read(written(tmp_path, calls(area=columns[name])))
        assert found.rows[0].get("area") == text, name
    assert read(written(tmp_path, calls(area=columns["clock"]))).rows[0]["area"].startswith("09:05:00")


def test_columns_in_other_case_order_and_company(tmp_path: Path) -> None:
    table = calls(caller=pa.array(["Jane Smith"]), row_number=pa.array([99]))
    table = table.rename_columns([name.upper() for name in table.column_names]).select(range(6, -1, -1))
    found = read(written(tmp_path, table))
    assert found.columns == ("call_id", "force", "line", "kind", "received_at")
    assert set(found.rows[0]) == {*found.columns, "row_number"}
    assert found.numbers == [1]


def test_rows_are_numbered_across_batches_and_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    pq.write_table(calls(250_000), path, row_group_size=70_000)
    found = read(path)
    assert found.numbers == list(range(1, 250_001))
    assert found.rows[-1]["call_id"] == "c250000"


def test_no_rows_is_a_delivery_of_no_rows(tmp_path: Path) -> None:
    assert read(written(tmp_path, calls().slice(0, 0))).rows == []


def test_a_nul_in_a_text_costs_its_row(tmp_path: Path) -> None:
    found = read(written(tmp_path, calls(2, call_id=pa.array(["a\x00b", "c2"]))))
    assert (found.keys, found.refused) == (["c2"], [(1, MALFORMED)])


@pytest.mark.parametrize(
    "column",
    [pa.array([[1, 2]]), pa.array([{"a": 1}]), pa.array([b"\xff\xfe"], pa.binary())],
    ids=["list", "struct", "bytes"],
)
def test_a_column_that_cannot_be_written_as_text_is_named(tmp_path: Path, column: pa.Array) -> None:
    with pytest.raises(NotFitError, match="area"):
        read(written(tmp_path, calls(area=column)))
    assert read(written(tmp_path, calls(caller=column))).keys == ["c1"]


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, calls(50_000))
    whole = path.read_bytes()
    for damaged in (b"", CALLS.encode(), whole[:-200], whole[:100] + bytes(4_000) + whole[4_100:]):
        path.write_bytes(damaged)
        with pytest.raises(NotFitError) as refused:
            read(path)
        assert "\n" not in str(refused.value)


def test_the_same_column_twice_is_refused(tmp_path: Path) -> None:
    table = calls().append_column("Line", pa.array(["101"]))
    with pytest.raises(NotFitError, match="columns 3 and 6 have one name"):
        read(written(tmp_path, table))


def test_the_local_hour_that_comes_twice_is_resolved_only_by_the_sources_rule(tmp_path: Path) -> None:
    path = written(tmp_path, calls(received_at=pa.array([datetime(2026, 10, 25, 1, 30)], pa.timestamp("us"))))
    assert staged(path, canonical("calls"), tmp_path / "a").loc[1, "received_at__trouble"] == "ambiguous_local_time"
    source = Source("calls", "calls", ambiguous="earlier")
    assert staged(path, source, tmp_path / "b").loc[1, "received_at"].to_pydatetime().hour == 0
