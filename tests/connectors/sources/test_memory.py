"""A file of 300 MB is read in the memory of a small one; the figures are printed (`pytest -s`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = 3_000_000
# What the interpreter, pyarrow and DuckDB take before the first row, and a few batches of 100,000 rows.
CANONICAL_MB = 900
DESCRIBED_MB = 1_600

READER = """
import json, sys, time
from pathlib import Path
from connectors.sources.description import read_description
from connectors.sources.file import canonical, open_delivery
from tests.memory import own_peak
path = Path(sys.argv[1])
source = read_description(Path(sys.argv[2])) if len(sys.argv) > 2 else canonical("calls")
began = time.perf_counter()
rows = sum(batch.rows.num_rows for batch in open_delivery(source, path).batches())
peak = own_peak()
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began, "peak_mb": peak}))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "calls.csv"
    with path.open("w") as file:
        file.write("call_id,force,line,kind,received_at,answered_at,caller,notes\n")
        for start in range(0, ROWS, 10_000):
            file.writelines(
                f"c{n},norfolk,999,public,2026-03-01 10:{n // 60 % 60:02}:{n % 60:02},2026-03-01 11:00:00,"
                f'Caller {n},"said, at length, what had happened"\n'
                for n in range(start, start + 10_000)
            )
    return path


def peak(*arguments: str | Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", READER, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, timeout=600
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, float] = json.loads(done.stdout)
    return told


def test_a_large_file_in_the_contracts_columns(large: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = peak(large)
    with capsys.disabled():
        print(
            f"\n{large.stat().st_size / 1e6:,.0f} MB of CSV as it stands: "
            f"{told['rows'] / told['seconds']:,.0f} rows/s, peak {told['peak_mb']:,.0f} MB"
        )
    assert told["rows"] == ROWS
    assert told["peak_mb"] < CANONICAL_MB


def test_a_large_file_through_a_description(large: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = large.with_name("system.sql")
    path.write_text(
        "/*---\nlog: calls\nforce: suffolk\n---*/\nselect row_number, call_id, line, kind, "
        "moment(received_at, '%Y-%m-%d %H:%M:%S') as received_at, "
        "plus_seconds(moment(received_at, '%Y-%m-%d %H:%M:%S'), '8') as answered_at from raw\n"
    )
    told = peak(large, path)
    with capsys.disabled():
        speed = f"{told['rows'] / told['seconds']:,.0f} rows/s"
        print(f"\nthe same through a description: {speed}, peak {told['peak_mb']:,.0f} MB")
    assert told["rows"] == ROWS
    assert told["peak_mb"] < DESCRIBED_MB
