"""The judging as Spark runs it: the one script of the judging, which DuckDB runs, said in Spark's SQL.

A script is macros, small tables of literals, views and a query. Spark gets the macros written out, the tables as views
of literals and the rest statement by statement, all of it temporary: nothing is created that outlives the session.
DuckDB lays the script out too, over empty logs: it knows which columns a query has and what a table holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

import duckdb
from sqlglot import exp

from checks.database import connect
from checks.judging import log_script
from checks.logs import LOGS
from checks.spark.clauses import Columns, in_sparks_clauses
from checks.spark.dialect import duckdb_sql, parsed, part_of, refused, spark_sql
from checks.spark.tables import of_files, of_rows, view
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
    trees = parsed(script)
    with closing(connect(threads=1)) as con:
        for statement, tree in zip(con.extract_statements(script), trees, strict=True):
            over_files = isinstance(tree, exp.Create) and tree.find(exp.ReadParquet)
            con.execute(without_files[_name(tree)] if over_files else statement)
        translation = _Translation(con)
        said = [_HEAD, *(statement for tree in trees for statement in translation.of(tree))]
    return "".join(f"{statement};\n\n" for statement in said)


def _name(create: exp.Expr) -> str:
    return part_of(create, exp.Table).name


class _Translation:
    """Says one statement after another in Spark's SQL; on `con` lies all that the script creates."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con, self._words, self._created = con, Words(), set[str]()

    def of(self, tree: exp.Expr) -> list[str]:
        """What Spark needs to be told for a statement: nothing, it alone, or what it reads first."""
        if isinstance(tree, exp.Create) and tree.kind == "MACRO":
            self._words.define(tree)
            return []
        if isinstance(tree, exp.Create):
            return self._creation(tree)
        if isinstance(tree, exp.Query):
            return [spark_sql(self._query(tree))]
        # What is inserted into a table, or changed in it, is told where the table is created; a drop says nothing.
        if isinstance(tree, (exp.Insert, exp.Update, exp.Alter, exp.Set, exp.Drop)):
            return []
        raise refused(tree.sql(dialect="duckdb")[:80], "a statement the judging has no use for")

    def _creation(self, create: exp.Create) -> list[str]:
        name = _name(create)
        if name in self._created and create.args.get("exists"):
            return []
        self._created.add(name)
        if create.expression is None:
            rows = self._con.execute(f'select * from "{name}"').fetchall()
            return [view(name, of_rows(self._columns(f'"{name}"'), rows))]
        files = [self._files(name, read) for read in list(create.find_all(exp.ReadParquet))]
        return [*files, view(name, spark_sql(self._query(create.expression)))]

    def _files(self, name: str, read: exp.ReadParquet) -> str:
        """Name the files' view where they were read; returns the statement that creates it."""
        delivered, table = f"delivered_{name}", read.parent
        if table is None:
            raise refused(name, "it reads files outside a from clause")
        table.replace(exp.to_table(delivered, alias=table.alias or None))
        first = read.expressions[0]
        return of_files(delivered, [path.name for path in first.find_all(exp.Literal)])

    def _query(self, tree: exp.Expr) -> exp.Expr:
        named = ", ".join(f'"{cte.alias}" as ({duckdb_sql(cte.this)})' for cte in part_of(tree, exp.Query).ctes)
        within = f"with {named} " if named else ""
        in_sparks_clauses(tree, lambda query: self._columns(f"{within}{duckdb_sql(query)}"))
        return self._words.rewritten(tree)

    def _columns(self, query: str) -> Columns:
        # DuckDB's moments may count nanoseconds where a date became one: they are microseconds all the same.
        described = self._con.execute(f"describe {query}").fetchall()
        return [(name, kind.replace("TIMESTAMP_NS", "TIMESTAMP")) for name, kind, *_ in described]
