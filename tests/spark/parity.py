"""`make spark`: every measure judged by DuckDB and by Spark over the same files; the first difference fails it.

    python -m tests.spark.parity [MEASURE …]

Compared are every case (state, reason, clocks, local day, definition) and every figure (counts by force, area,
neighbourhood, day, month, year and twelve months), exactly; only quantiles may differ in their last digits, since the
two engines interpolate in another order.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from checks.commitment import Measure, measures
from checks.database import connect
from checks.judging import AppliedRule, Window, facts_script, measure_script, preamble, rules_script
from checks.logs import LOGS
from checks.spark.script import spark_script
from checks.standard import one_switch_at_a_time
from connectors.lake.cases import empty_cases_script, missed_cases_script
from connectors.settings import Settings
from dags.plan import applied, commitments_by_measure, standards_of
from tests.spark.drawn import AS_AT, BANK_HOLIDAYS, ZONES, drawn_logs, kept

SPARK = Path(os.environ.get("PLEDGE_SPARK_PYTHON", ".venv-spark/bin/python"))
# The only figures that are interpolated, and how far apart they may be, in seconds.
QUANTILES = ("p50_seconds", "p90_seconds")
NEAR = 0.000001
LEVEL = ("standard", "measure", "definition_id", "force", "area", "neighbourhood", "period", "period_start")


def absent() -> str:
    """Why Spark cannot be asked here; '' where it can."""
    if not SPARK.is_file():
        return f"{SPARK} is not there: `make spark` installs it"
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "there is no Java (17 or later) for Spark to run on"
    return ""


def rules(measure: Measure) -> Iterator[AppliedRule]:
    """Every standard's own definition for every force, and that of each with one switch changed."""
    standards = list(standards_of(Settings()).values())
    for force in ZONES:
        for one in applied(standards, measure.name, force):
            for number, definition in enumerate(one_switch_at_a_time(one.rule, measure.switches)):
                yield AppliedRule(one.rule, force, definition, str(number), one.applies_from, one.applies_to)


def judging(measure: Measure, files: Mapping[str, Sequence[str]]) -> str:
    """The script that judges the measure, as `pledge sql` prints it, over the drawn logs."""
    logs = [log for log in files if log in LOGS]
    missed = missed_cases_script(list(files["cases"]), commitments_by_measure()) if measure.name == "explained" else ""
    return "\n".join(
        [
            preamble(Window(AS_AT), ZONES, files, logs=logs, bank_holidays=BANK_HOLIDAYS) + missed,
            rules_script(measure, list(rules(measure))),
            measure_script(measure),
            facts_script(),
            "select * from figures;",
        ]
    )


def compared(con: duckdb.DuckDBPyConnection, table: str, parquet: str) -> tuple[int, str]:
    """How many rows DuckDB has in a table, and the first that only one of the engines has ('' = the same rows)."""
    kinds = {name: kind for name, kind, *_ in con.execute(f"describe {table}").fetchall()}
    con.execute(f"create or replace view sparks as select * from read_parquet('{parquet}/*.parquet')")
    exact = {name: _exactly(name, kind) for name, kind in kinds.items() if name not in QUANTILES}
    columns = ", ".join(exact.values())
    for engine, one, other in (("DuckDB", table, "sparks"), ("Spark", "sparks", table)):
        only = con.execute(f"select {columns} from {one} except all select {columns} from {other} order by all limit 1")
        if row := only.fetchone():
            return 0, f"only {engine} has {dict(zip(exact, row, strict=True))}"
    if set(QUANTILES) <= kinds.keys():
        apart = " or ".join(f"abs(coalesce(ours.{q}, -1) - coalesce(sparks.{q}, -1)) > {NEAR}" for q in QUANTILES)
        far = con.execute(
            f"select * from {table} as ours inner join sparks using ({', '.join(LEVEL)}) where {apart} limit 1"
        )
        if row := far.fetchone():
            return 0, f"quantiles differ: {row}"
    return con.execute(f"select count(*) from {table}").fetchall()[0][0], ""


def _exactly(name: str, kind: str) -> str:
    return f'epoch_us("{name}") as "{name}"' if kind.startswith("TIMESTAMP") else f'"{name}"'


def same_on_both(folder: Path, names: Sequence[str]) -> bool:
    """Judge the measures on both engines in the folder; prints a line for each and says whether all are the same."""
    files = kept(folder / "lake", drawn_logs())
    empty = {"cases_so_far": empty_cases_script()}
    scripts = {name: judging(measures()[name], files) for name in names}
    for name, script in scripts.items():
        (folder / f"{name}.spark.sql").write_text(spark_script(script, empty), "utf-8")
    subprocess.run([SPARK, Path(__file__).with_name("on_spark.py"), folder], check=True, stderr=subprocess.DEVNULL)
    same = True
    for name, script in scripts.items():
        con = connect(threads=2)
        con.execute(script)
        found = [compared(con, table, f"{folder / name}.{table}") for table in ("facts", "figures")]
        differs = [difference for _, difference in found if difference]
        print(
            f"{name}: {found[0][0]} cases, {found[1][0]} figures the same" if not differs else f"{name}: {differs[0]}"
        )
        same &= not differs and bool(found[0][0])
        con.close()
    return same


def main(names: Sequence[str]) -> int:
    if reason := absent():
        print(f"Not compared: {reason}.")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        same = same_on_both(Path(folder), names or list(measures()))
    print(f"{'The same' if same else 'NOT the same'} on both engines, {time.monotonic() - started:.0f} s")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
