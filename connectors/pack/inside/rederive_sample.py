"""Re-derive the published figures from this pack: `python rederive.py`. Needs DuckDB only (pip install duckdb)."""

import csv
import os
import pathlib
import sys

import duckdb

os.chdir(pathlib.Path(__file__).resolve().parent)
published = list(csv.DictReader(pathlib.Path("figures.csv").open(encoding="utf-8", newline="")))
answer = duckdb.connect().execute(pathlib.Path("count.sql").read_text("utf-8"))
names, differs = [column[0] for column in answer.description], False
for said, row in zip(published, answer.fetchall(), strict=True):
    found = dict(zip(names, row, strict=True))
    same = all(str(found[name]) == said[name] for name in ("numerator", "denominator", "cases", "met", "missed"))
    differs |= not same
    print(
        "count.sql", *row[2:8], f"{found['numerator']} / {found['denominator']}", "as published" if same else "DIFFERS"
    )
for *_, case, said, again in duckdb.connect().execute(pathlib.Path("judge.sql").read_text("utf-8")).fetchall():
    differs |= said != again
    print("judge.sql", case, again, "as published" if said == again else f"DIFFERS: published {said}")
sys.exit(differs)
