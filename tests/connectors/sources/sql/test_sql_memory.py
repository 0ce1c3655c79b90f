"""A table of a million rows is read in the memory of a small one; the figures are printed (`pytest -s`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.connectors.sources.sql.conftest import Cad

ROOT = Path(__file__).parents[4]
ROWS = int(os.environ.get("SQL_MEMORY_ROWS", 1_000_000))
# How much more than a fetch of one row it may take, however many rows there are.
GROWTH_MB = 150

READER = """
import json, sys, time
from datetime import datetime, timedelta
from pathlib import Path
from connectors.sources.description import described
from connectors.sources.sql.fetch import SqlWanted, fetch
from tests.memory import own_peak
url, folder, as_at = sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
wanted = SqlWanted(described("cad", [folder / "sources"]), url, (), as_at, folder / "fetched")
began = time.perf_counter()
fetch(wanted, lambda said: None)
rows = json.loads((wanted.folder / "fetch.json").read_text())["logs"]["calls"]["rows"]
peak = own_peak()
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - began, "peak_mb": peak}))
"""


def read(cad: Cad, day: int) -> dict[str, float]:
    wanted = cad.wanted(day)
    done = subprocess.run(
        [sys.executable, "-c", READER, wanted.url, str(cad.folder), wanted.as_at.isoformat()],
        capture_output=True, text=True, cwd=ROOT, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, float] = json.loads(done.stdout)
    return told


def test_a_million_rows(postgres_cad: Cad, capsys: pytest.CaptureFixture[str]) -> None:
    postgres_cad.create()
    postgres_cad.call("first", "2026-01-01")
    small = read(postgres_cad, 0)
    postgres_cad.do(
        "insert into calls select 'call-' || n, '999', 'public', 'A. Person', at, at + interval '8 seconds', at from "
        "(select n, timestamptz '2026-01-01Z' + n * interval '1 second' as at "
        f"from generate_series(1, {ROWS - 1}) n) x",
        "create index on calls (changed_at)",
    )
    large = read(postgres_cad, 365)
    with capsys.disabled():
        print(
            f"\n{ROWS:,} rows of PostgreSQL: {large['rows'] / large['seconds']:,.0f} rows/s, "
            f"peak {large['peak_mb']:,.0f} MB; one row {small['peak_mb']:,.0f} MB"
        )
    assert (small["rows"], large["rows"]) == (1, ROWS)
    assert large["peak_mb"] < small["peak_mb"] + GROWTH_MB
