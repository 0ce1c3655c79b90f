"""Run scripts on Spark, in an environment that has nothing but pyspark: `on_spark.py FOLDER`.

Of each `<name>.spark.sql` in the folder it leaves `<name>.facts` (cases) and `<name>.figures` (counts) as Parquet.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

# A few thousand rows on one machine: one partition, no page to look at, nothing left in the working directory.
SETTINGS = {
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
FACTS = "create or replace temporary view facts as"


def statements(script: str) -> list[str]:
    return [one for part in script.split(";\n") if (one := part.strip())]


def main(folder: Path) -> None:
    builder = SparkSession.builder.master("local[2]").config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    for script in sorted(folder.glob("*.spark.sql")):
        started = time.monotonic()
        name = script.name.removesuffix(".spark.sql")
        try:
            judge(spark, statements(script.read_text("utf-8")), folder / name)
        except PySparkException as error:
            print(f"{name}: {error}", flush=True)
        print(f"{name}: {time.monotonic() - started:.1f} s on Spark {spark.version}", file=sys.stderr, flush=True)
    spark.stop()


def judge(spark: SparkSession, script: list[str], name: Path) -> None:
    *views, query = script
    facts = f"{name}.facts"
    for statement in views:
        spark.sql(statement)
        if statement.startswith(FACTS):
            # A table, as in DuckDB: the figures read it several times.
            spark.table("facts").write.mode("overwrite").parquet(facts)
            spark.read.parquet(facts).createOrReplaceTempView("facts")
    spark.sql(query).write.mode("overwrite").parquet(f"{name}.figures")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
