"""`make spark`: every measure judged by DuckDB and by Spark over the same files; the first difference fails it.

    python -m tests.spark.parity [MEASURE …]      logs drawn for the purpose (see `drawn`)
    PLEDGE_LAKE=… PLEDGE_STORE=… (the same)       the logs of that lake, by what `pledge sql` prints

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
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from checks.commitment import Measure, measures
from checks.database import connect
from checks.judging import AppliedRule, Window, facts_script, measure_script, preamble, rules_script
from checks.logs import LOGS
from checks.standard import one_switch_at_a_time
from connectors.lake.cases import missed_cases_script
from connectors.settings import Settings, load
from dags.looking import sql_script
from dags.plan import applied, commitments_by_measure, standards_of
from dags.spark_sql import in_spark
from tests.spark.drawn import AS_AT, BANK_HOLIDAYS, ZONES, drawn_logs, kept

SPARK = Path(os.environ.get("SPARK_PYTHON", ".venv-spark/bin/python"))
# The only figures that are interpolated, and how far apart they may be, in seconds.
QUANTILES = ("p50_seconds", "p90_seconds")
NEAR = 0.000001
LEVEL = ("standard", "measure", "definition_id", "force", "area", "neighbourhood", "period", "period_start")


def absent() -> str:
    """Why Spark cannot be asked here; '' where it can."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "there is no Java (17 or later) for Spark to run on"
    return "" if SPARK.is_file() else f"{SPARK} is not there: `make spark` installs it"


def rules(measure: Measure) -> Iterator[AppliedRule]:
    """Every standard's own definition for every force, and that of each with one switch changed."""
    standards = list(standards_of(Settings()).values())
    for force in ZONES:
        for one in applied(standards, measure.name, force):
            for number, definition in enumerate(one_switch_at_a_time(one.rule, measure.switches)):
                yield AppliedRule(one.rule, force, definition, str(number), one.applies_from, one.applies_to)


def scripts(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """The script that judges each measure, over the environment's lake, or else drawn logs kept in `folder`."""
    if "PLEDGE_LAKE" in os.environ:
        settings = load(os.environ)
        return {name: sql_script(settings, name, (), (), "", "", None, None) for name in names}
    files = kept(folder, drawn_logs())
    return {name: judging(measures()[name], files, Window(AS_AT)) for name in names}


def judging(measure: Measure, files: Mapping[str, Sequence[str]], window: Window) -> str:
    """The script that judges the measure, as `pledge sql` puts it together."""
    logs = [log for log in files if log in LOGS]
    missed = missed_cases_script(list(files["cases"]), commitments_by_measure()) if measure.name == "explained" else ""
    return "\n".join(
        [
            preamble(window, ZONES, files, logs=logs, bank_holidays=BANK_HOLIDAYS) + missed,
            rules_script(measure, list(rules(measure))),
            measure_script(measure),
            facts_script(),
            "select * from figures order by standard, force, area, neighbourhood, period, period_start;",
        ]
    )


@dataclass(frozen=True)
class Compared:
    """How many cases and figures the engines agree on, or the first row that only one of them has."""

    cases: int = 0
    figures: int = 0
    difference: str = ""

    def __str__(self) -> str:
        return self.difference or f"{self.cases} cases, {self.figures} figures the same"


def compared_on_both(folder: Path, names: Sequence[str]) -> dict[str, Compared]:
    """Judge the measures on both engines, in an empty folder."""
    duckdbs = scripts(folder / "lake", names)
    for name, script in duckdbs.items():
        (folder / f"{name}.spark.sql").write_text(in_spark(script), "utf-8")
    with (folder / "spark.log").open("w") as log:
        if subprocess.run([SPARK, Path(__file__).with_name("on_spark.py"), folder], stderr=log).returncode:
            raise RuntimeError(f"Spark stopped: {(folder / 'spark.log').read_text('utf-8')[-2000:]}")
    return {name: _compared(folder / name, script) for name, script in duckdbs.items()}


def _compared(sparks: Path, script: str) -> Compared:
    with closing(connect(threads=2)) as con:
        con.execute(script)
        for table in ("facts", "figures"):
            found = Path(f"{sparks}.{table}")
            if not found.is_dir():
                return Compared(difference="Spark could not run it")
            con.execute(f"create view sparks_{table} as select * from read_parquet('{found}/*.parquet')")
            if difference := _first_difference(con, table):
                return Compared(difference=difference)
        return Compared(
            *(con.execute(f"select count(*) from {table}").fetchall()[0][0] for table in ("facts", "figures"))
        )


def _first_difference(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """The first row of a table that only one of the engines has, '' where there is none."""
    kinds = {name: kind for name, kind, *_ in con.execute(f"describe {table}").fetchall()}
    exact = {name: _exactly(name, kind) for name, kind in kinds.items() if name not in QUANTILES}
    columns, sparks = ", ".join(exact.values()), f"sparks_{table}"
    for engine, one, other in (("DuckDB", table, sparks), ("Spark", sparks, table)):
        only = con.execute(f"select {columns} from {one} except all select {columns} from {other} order by all limit 1")
        if row := only.fetchone():
            return f"only {engine} has {dict(zip(exact, row, strict=True))}"
    return _quantiles_apart(con) if set(QUANTILES) <= kinds.keys() else ""


def _exactly(name: str, kind: str) -> str:
    return f'epoch_us("{name}") as "{name}"' if kind.startswith("TIMESTAMP") else f'"{name}"'


def _quantiles_apart(con: duckdb.DuckDBPyConnection) -> str:
    apart = " or ".join(f"abs(coalesce(ours.{q}, -1) - coalesce(theirs.{q}, -1)) > {NEAR}" for q in QUANTILES)
    joined = f"figures as ours inner join sparks_figures as theirs using ({', '.join(LEVEL)})"
    row = con.execute(f"select * from {joined} where {apart} limit 1").fetchone()
    return f"quantiles differ: {row}" if row else ""


def main(names: Sequence[str]) -> int:
    if reason := absent():
        print(f"Not compared: {reason}.")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        told = compared_on_both(Path(folder), names or list(measures()))
    for name, one in told.items():
        print(f"{name}: {one}")
    same = not any(one.difference for one in told.values())
    print(f"{'The same' if same else 'NOT the same'} on both engines, {time.monotonic() - started:.0f} s")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
