"""The two dialects: DuckDB's as the judging is written in it, and Spark's."""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp, parse, parse_one
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel, ParseError, UnsupportedError

from checks.errors import UsageError

Part = TypeVar("Part", bound=exp.Expr)


class _Judging(DuckDB):
    """DuckDB's dialect; sqlglot takes the column `force` for a keyword of MySQL's."""

    class Tokenizer(DuckDB.Tokenizer):
        KEYWORDS = {word: token for word, token in DuckDB.Tokenizer.KEYWORDS.items() if word != "FORCE"}  # noqa: RUF012


def parsed(sql: str) -> list[exp.Expr]:
    """The statements of the judging as trees."""
    try:
        trees = [tree for tree in parse(sql, read=_Judging) if tree]
    except ParseError as error:
        raise refused(str(error).splitlines()[0], "sqlglot cannot read it") from error
    for tree in trees:
        if isinstance(tree, exp.Command):
            raise refused(f"{tree.name} {tree.expression.name[:60]} …", "sqlglot cannot read it")
    return trees


def parsed_spark(sql: str) -> exp.Expr:
    """An expression written in Spark's own SQL as a tree."""
    return parse_one(sql, read="spark")


def part_of(tree: exp.Expr, kind: type[Part]) -> Part:
    """The first part of this kind, which must be there."""
    found = tree.find(kind)
    if found is None:
        raise refused(tree.sql(dialect="duckdb")[:80], f"it has no {kind.__name__}")
    return found


def duckdb_sql(tree: exp.Expr) -> str:
    return tree.sql(dialect=_Judging)


def spark_sql(tree: exp.Expr) -> str:
    try:
        return tree.sql(dialect="spark", pretty=True, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise refused(str(error).splitlines()[0], "sqlglot cannot say it in Spark") from error


def spark_type(duckdb_type: str) -> str:
    """The Spark type that holds what a DuckDB type holds.

    A moment is an instant there, shown in the session's UTC. Sums are 64 bits wide, and more is an error in Spark.
    Texts of which there are few kinds are texts.
    """
    if duckdb_type.startswith("ENUM("):
        return "STRING"
    spark = exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect="spark")
    return spark.replace("TIMESTAMP_NTZ", "TIMESTAMP").replace("INT128", "BIGINT")


def refused(where: str, found: str) -> UsageError:
    return UsageError(
        f"--dialect spark: {where}",
        found,
        "SQL that DuckDB and Spark are known to understand alike (checks/spark/words.py)",
        "Write it in other words, or judge this measure with DuckDB.",
    )
