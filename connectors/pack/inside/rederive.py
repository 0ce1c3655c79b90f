"""Re-derive the published figures from this pack: `python rederive.py`. Needs DuckDB only (pip install duckdb)."""

import csv
import os
import pathlib
import sys

import duckdb

os.chdir(pathlib.Path(__file__).resolve().parent)
published = list(csv.DictReader(pathlib.Path("figures.csv").open(encoding="utf-8", newline="")))
differs = False
for script in ("count.sql", "judge.sql"):
    answer = duckdb.connect().execute(pathlib.Path(script).read_text("utf-8"))
    names = [column[0] for column in answer.description]
    for said, row in zip(published, answer.fetchall(), strict=True):
        found = dict(zip(names, row, strict=True))
        same = all(str(found[name]) == said[name] for name in ("numerator", "denominator", "cases", "met", "missed"))
        differs |= not same
        print(
            script, *row[2:8], f"{found['numerator']} / {found['denominator']}", "as published" if same else "DIFFERS"
        )
sys.exit(differs)
