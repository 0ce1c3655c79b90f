"""Files larger than one block: a record may run over its edge, memory stays flat, nothing written properly is lost."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sources.csv_lines import Block, split
from connectors.sources.file import canonical, open_delivery

HEADER = "call_id,force,line,kind,received_at"


def record(number: int) -> str:
    return f"C{number},norfolk,999,public,2026-01-05 10:00:00\n"


def test_a_record_may_run_over_the_edge_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sources.csv_records.BATCH", 3)
    in_two_lines, never_closed = record(3).replace("C3", '"C\n3"'), '"' + record(5)
    path = tmp_path / "calls.csv"
    path.write_text(f"{HEADER}\n{record(1)}{record(2)}{in_two_lines}{record(4)}{never_closed}{record(6)}{record(7)}")
    batches = list(open_delivery(canonical("calls"), path).batches())
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    assert [row["row_number"] for row in rows] == [1, 2, 3, 4, 6, 7]
    assert [row["call_id"] for row in rows] == ["C1", "C2", "C\n3", "C4", "C6", "C7"]
    assert [bad.row_number for batch in batches for bad in batch.refusals] == [5]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(records: int) -> int:
        path = tmp_path / f"{records}.csv"
        with path.open("w") as file:
            file.write(f"{HEADER}\n")
            file.writelines(record(n) for n in range(records))
        tracemalloc.start()
        seen = sum(batch.rows.num_rows for batch in open_delivery(canonical("calls"), path).batches())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seen == records
        return most

    assert peak(500_000) < 1.5 * peak(200_000)


_VALUE = st.text(alphabet='ab",\n\r;', max_size=6)


@settings(max_examples=150, deadline=None)
@given(records=st.lists(st.tuples(_VALUE, _VALUE, _VALUE), min_size=1, max_size=12), size=st.integers(1, 5))
def test_whatever_is_written_properly_is_read_back(records: list[tuple[str, str, str]], size: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(records)
    lines = list(io.StringIO(text.getvalue(), newline=""))
    found: list[tuple[str, ...]] = []
    carried: list[str] = []
    number = 1
    for start in range(0, len(lines), size):
        block = Block([*carried, *lines[start : start + size]], ",", 3, ended=start + size >= len(lines))
        parsed = split(block, number)
        assert not parsed.refused
        found += zip(*(column.to_pylist() for column in parsed.columns), strict=True) if parsed.numbers else []
        carried, number = parsed.carried, parsed.next_number
    assert found == [each for each in records if "".join(each).strip()]
