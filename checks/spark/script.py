"""The judging as Spark runs it: the one script of the judging, which DuckDB runs, said in Spark's SQL.

A script is macros, small tables of literals, views and a query. Spark gets the macros written out, the tables as views
of literals and the rest statement by statement, all of it temporary: nothing is created that outlives the session.
DuckDB lays the script out too, over empty logs: it alone knows which columns a query has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
from sqlglot import exp

from checks.database import connect
from checks.judging import log_script
from checks.logs import LOGS
from checks.spark.clauses import Columns, in_sparks_clauses
from checks.spark.dialect import duckdb_sql, parsed, refused, spark_sql, spark_type
from checks.spark.words import Words

_HEAD = "set time zone 'UTC'"


def spark_script(script: str, empty: Mapping[str, str] | None = None) -> str:
    """A script of the judging for Spark 4: its statements, each ended by `;` and a line's end.

    Args:
        empty: for a view over files that is not one of the logs, the statement that makes it without any.

    Raises:
        UsageError: it says something that has no known match in Spark.
    """
    without_files = {**{name: log_script(log, ()) for name, log in LOGS.items()}, **(empty or {})}
    return "".join(f"{statement};\n\n" for statement in _Translation(script, without_files).said)


class _Translation:
    def __init__(self, script: str, empty: Mapping[str, str]) -> None:
        self._con, self._words, self._there = connect(threads=1), Words(), set[str]()
        trees = parsed(script)
        for statement, tree in zip(self._con.extract_statements(script), trees, strict=True):
            over_files = isinstance(tree, exp.Create) and tree.find(exp.ReadParquet)
            self._con.execute(empty[tree.this.name] if over_files else statement)
        self.said = [_HEAD]
        for tree in trees:
            self._say(tree)
        self._con.close()

    def _say(self, tree: exp.Expression) -> None:
        if isinstance(tree, exp.Create) and tree.kind in ("FUNCTION", "MACRO"):
            self._words.define(tree)
        elif isinstance(tree, exp.Create):
            self._create(tree)
        elif isinstance(tree, exp.Query):
            self.said.append(spark_sql(self._query(tree)))
        elif not isinstance(tree, (exp.Insert, exp.Update, exp.Alter, exp.Set)):
            raise refused(type(tree).__name__, "the judging has no such statement")

    def _create(self, create: exp.Create) -> None:
        # A table of literals is read where it is created, with all that was inserted since.
        name = create.find(exp.Table).name
        if name in self._there and create.args.get("exists"):
            return
        self._there.add(name)
        if create.expression is None:
            self.said.append(_view(name, self._literals(name)))
            return
        for files in create.find_all(exp.ReadParquet):
            paths = [path.name for path in files.find_all(exp.Literal) if path.name.endswith(".parquet")]
            self.said.append(_delivered(name, paths))
            files.parent.replace(exp.to_table(f"delivered_{name}", alias=files.parent.alias or None))
        self.said.append(_view(name, spark_sql(self._query(create.expression))))

    def _query(self, tree: exp.Expression) -> exp.Expression:
        ctes = ", ".join(f'"{cte.alias}" as ({duckdb_sql(cte.this)})' for cte in tree.ctes)

        def columns_of(query: exp.Expression) -> Columns:
            within = f"with {ctes} " if ctes else ""
            return self._columns(f"{within}{duckdb_sql(query)}")

        in_sparks_clauses(tree, columns_of)
        return self._words.rewritten(tree)

    def _columns(self, query: str) -> Columns:
        # DuckDB's moments may count nanoseconds where a date became one: they are microseconds all the same.
        described = self._con.execute(f"describe {query}").fetchall()
        return [(name, kind.replace("TIMESTAMP_NS", "TIMESTAMP")) for name, kind, *_ in described]

    def _literals(self, table: str) -> str:
        """What DuckDB holds in a table, as a query of literals."""
        columns = self._columns(table)
        rows = self._con.execute(f"select * from {table}").fetchall()
        names = ", ".join(f"`{name}`" for name, _ in columns)
        typed = ", ".join(f"cast(`{name}` as {spark_type(kind)}) as `{name}`" for name, kind in columns)
        shown = rows or [(None,) * len(columns)]
        values = ",\n    ".join("(" + ", ".join(map(_literal, row)) + ")" for row in shown)
        return f"select {typed}\nfrom values\n    {values}\nas t ({names})" + ("" if rows else "\nwhere false")


def _view(name: str, query: str) -> str:
    return f"create or replace temporary view {name} as\n{query}"


def _delivered(view: str, paths: Sequence[str]) -> str:
    """The very files of a log as a view; what their folders say (`force=norfolk`) are columns too."""
    base = re.split(r"/[a-z]+=", paths[0])[0]
    inside = ",".join(path.removeprefix(f"{base}/") for path in paths)
    if any(sign in base + inside.replace(",", "") for sign in "{}[]*?\\'"):
        raise refused(base, "the path has a sign that Spark reads as a pattern")
    return (
        f"create or replace temporary view delivered_{view} using parquet\n"
        f"options (basePath '{base}', mergeSchema 'true', path '{base}/{{{inside}}}')"
    )


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
