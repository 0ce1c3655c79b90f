"""What a script reads, as Spark's temporary views: the files of a log, and small tables of literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlglot import exp

from checks.spark.clauses import Columns
from checks.spark.dialect import refused, spark_type

_SIGNS = frozenset("{}[]*?,\\'")


def view(name: str, query: str) -> str:
    return f"create or replace temporary view {name} as\n{query}"


def of_files(name: str, paths: Sequence[str]) -> str:
    """The very files named, as a view; what their folders say (`force=norfolk`) are columns too."""
    for path in paths:
        if _SIGNS & set(path):
            raise refused(path, "Spark reads one of its signs as a pattern")
    base = re.split(r"/[a-z]+=", paths[0])[0]
    inside = ",".join(path.removeprefix(f"{base}/") for path in paths)
    return (
        f"create or replace temporary view {name} using parquet\n"
        f"options (basePath '{base}', mergeSchema 'true', path '{base}/{{{inside}}}')"
    )


def of_rows(columns: Columns, rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a query of literals."""
    names = ", ".join(f"`{name}`" for name, _ in columns)
    typed = ", ".join(f"cast(`{name}` as {spark_type(kind)}) as `{name}`" for name, kind in columns)
    shown = rows or [(None,) * len(columns)]
    values = ",\n    ".join("(" + ", ".join(map(_literal, row)) + ")" for row in shown)
    return f"select {typed}\nfrom values\n    {values}\nas t ({names})" + ("" if rows else "\nwhere false")


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, list):
        return f"array({', '.join(map(_literal, value))})"
    if isinstance(value, dict):
        return "named_struct(" + ", ".join(f"{_literal(key)}, {_literal(held)}" for key, held in value.items()) + ")"
    return exp.convert(value).sql(dialect="spark")
