"""Our judging by itself: `python -m tests.bench.ours FILES COUNTS` judges the bench's measures from admitted Parquet.

The product's own code on one connection, all forces together: what a night does between admission and recording, but
for keeping the cases. COUNTS: how many cases of which state, by place and by day, month and year.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from checks.commitment import measures
from checks.database import connect, literal
from checks.judging import AppliedRule, Window, judge, prepare
from connectors.settings import load
from dags.plan import applied, chosen_standards, zones
from tests.bench.asked import AS_AT, COLUMNS, MEASURES, files_in

# Twelve months in a row are nobody else's to count.
FIGURES = f"select {', '.join(COLUMNS)} from figures where period in ('day', 'month', 'year')"


def laid_out(files: Path) -> tuple[duckdb.DuckDBPyConnection, dict[str, list[AppliedRule]]]:
    """A connection with the logs on it, and the rules of each measure."""
    settings = load({})
    standards = chosen_standards(settings, ())
    given = files_in(files)
    con = connect(memory_limit="3GB")
    calls = f"read_parquet({literal(given['calls'])}, hive_partitioning = true)"
    forces = [row[0] for row in con.execute(f"select distinct force from {calls} order by 1").fetchall()]
    prepare(con, Window(AS_AT), zones(settings, forces), given)
    return con, {name: [rule for force in forces for rule in applied(standards, name, force)] for name in MEASURES}


def main(files: str, counts: str) -> None:
    con, rules = laid_out(Path(files))
    for name in MEASURES:
        judge(con, measures()[name], rules[name])
        con.execute(f"{'create table counts as' if name == MEASURES[0] else 'insert into counts'} {FIGURES}")
    con.execute(f"copy counts to {literal(counts)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
