"""The judging for forces whose logs lie where Spark reads them: `pledge sql --dialect spark`."""

from __future__ import annotations

from checks.spark.script import spark_script
from connectors.lake.cases import empty_cases_script

_HOW = "run it in Spark 4.0 or later on the same files: spark-sql -f this file"


def in_spark(script: str) -> str:
    """What `pledge sql` prints for DuckDB, as Spark runs it; its first line says of what and as at when."""
    of_what = script.partition(";")[0]
    return f"{of_what}; {_HOW}\n{spark_script(script, {'cases_so_far': empty_cases_script()})}"
