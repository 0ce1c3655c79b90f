"""Where the processor's time of judging goes, ours beside bare DuckDB's: what each kind of work takes."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from checks.commitment import measures
from checks.database import literal
from checks.judging import facts_script, measure_script, rules_script
from tests.bench import bare_duckdb, ours
from tests.bench.asked import MEASURES, files_in

READING, JUDGING, KEEPING = "reading the logs", "judging each case", "keeping every case in a table"
COUNTING, REST = "counting and quantiles", "planning, views and the rest"
# By DuckDB's operator, in the statement that makes the cases; of the others every operator is judging.
_KINDS = {"TABLE_SCAN": READING, "CREATE_TABLE_AS": KEEPING}


def told(files: Path) -> str:
    """A Markdown table: processor seconds of each kind of work on the admitted files a JSON file lists."""
    con, rules = ours.laid_out(files)
    parts = [(measures()[name], rules[name]) for name in MEASURES]
    counting = f"create or replace temp table counts as {ours.FIGURES};"
    scripts = [rules_script(*each) + measure_script(each[0]) + facts_script() + counting for each in parts]
    found = profiled(con, "\n".join(scripts))
    con.close()
    with bare_duckdb.connected() as bare:
        beside = profiled(bare, bare_duckdb.judging_script(files_in(files)))
    lines = ["| processor s | ours | bare DuckDB |", "|---|--:|--:|"]
    lines += [
        f"| {kind} | {found[kind]:.1f} | {beside[kind]:.1f} |" for kind in sorted(found, key=found.__getitem__)[::-1]
    ]
    return "\n".join([*lines, f"| together | {found.total():.1f} | {beside.total():.1f} |"])


def profiled(con: duckdb.DuckDBPyConnection, script: str) -> Counter[str]:
    """Processor seconds of a script by kind of work; those of a statement are shared out as its operators took time."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "profile.json"
        con.execute(f"set enable_profiling = 'json'; set profiling_output = {literal(str(said))}")
        for statement in con.extract_statements(script):
            began = time.process_time()
            con.execute(statement)
            seconds = time.process_time() - began
            for kind, share in _shares(statement.query, said).items():
                found[kind] += seconds * share
        con.execute("set enable_profiling = 'no_output'")
    return found


def _shares(statement: str, profile: Path) -> dict[str, float]:
    if "table counts as" in statement:
        return {COUNTING: 1.0}
    if "table facts as" not in statement:
        return {REST: 1.0}
    seconds: Counter[str] = Counter()
    for operator in _operators(json.loads(profile.read_text("utf-8"))["operator"]):
        seconds[_KINDS.get(operator["type"], JUDGING)] += operator["timing"]
    return {kind: each / seconds.total() for kind, each in seconds.items()}


def _operators(operators: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for operator in operators:
        yield operator
        yield from _operators(operator.get("children", []))
