"""The least that any judging must do: `python -m tests.bench.bare_scan FILES` decodes every value it would read."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from checks.database import literal
from checks.logs import LOGS, Kind
from tests.bench.asked import NEEDED, files_in


def main(files: str) -> None:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for name, paths in files_in(Path(files)).items():
        kinds = {column: LOGS[name].by_name[column].kind for column in NEEDED[name].split()}
        read = [
            f'sum(epoch_us("{column}"))' if kind is Kind.MOMENT else f'sum(strlen("{column}"::varchar))'
            for column, kind in kinds.items()
        ]
        con.execute(
            f"select {', '.join(read)} from read_parquet({literal(paths)}, hive_partitioning = true, "
            "hive_types = {'force': varchar, 'month': varchar}, union_by_name = true)"
        ).fetchall()


if __name__ == "__main__":
    main(*sys.argv[1:])
