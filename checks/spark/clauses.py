"""DuckDB's clauses as Spark's: what a query is built of beside its functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from checks.spark.dialect import refused

# The name and DuckDB type of each column of a query.
Columns = Sequence[tuple[str, str]]


def in_sparks_clauses(tree: exp.Expr, columns_of: Callable[[exp.Expr], Columns]) -> None:
    """Change a query of the judging in place; `columns_of` tells the columns of any part of it."""
    for query in list(tree.find_all(exp.SetOperation)):
        if query.args.get("by_name"):
            _by_place(query, columns_of)
    for cte in tree.find_all(exp.CTE):
        cte.set("materialized", None)
    for join in tree.find_all(exp.Join):
        if join.method == "ASOF" or join.kind in ("SEMI", "ANTI", "POSITIONAL"):
            raise refused(join.sql(dialect="duckdb")[:80], f"a join of the kind {join.method or join.kind}")
    for select in tree.find_all(exp.Select):
        _replaced_beside_the_star(select)
        _framed(select)


def _by_place(union: exp.SetOperation, columns_of: Callable[[exp.Expr], Columns]) -> None:
    """`union all by name`: each side with every column of the union, NULL where it has none."""
    whole = columns_of(union)
    for side in ("this", "expression"):
        own = {name for name, _ in columns_of(union.args[side])}
        columns = [
            exp.alias_(exp.cast(exp.column(name) if name in own else exp.null(), kind, dialect="duckdb"), name)
            for name, kind in whole
        ]
        union.set(side, exp.select(*columns).from_(union.args[side].subquery(side)))
    union.set("by_name", False)


def _replaced_beside_the_star(select: exp.Select) -> None:
    """`* replace (x as y)`: everything but y, and y beside it. The order of columns decides nothing here."""
    for star in [one for one in select.expressions if isinstance(one, exp.Star) and one.args.get("replace")]:
        replaced = star.args["replace"]
        star.set("replace", None)
        star.set("except_", [*(star.args.get("except_") or []), *(exp.to_identifier(each.alias) for each in replaced)])
        for each in replaced:
            select.append("expressions", each.copy())


def _framed(select: exp.Select) -> None:
    """Windows as Spark has them: `lead` bears no frame, and what is aggregated over one no `filter`."""
    named = {window.name: window for window in select.args.get("windows") or []}
    for window in select.find_all(exp.Window):
        if isinstance(window.this, exp.Lead) and window.alias in named:
            shape = named[window.alias]
            window.set("partition_by", [each.copy() for each in shape.args["partition_by"]])
            window.set("order", shape.args["order"].copy())
            window.set("alias", None)
        if isinstance(window.this, exp.Filter):
            aggregate, condition = window.this.this, window.this.expression.this
            counted = exp.convert(1) if isinstance(aggregate.this, exp.Star) else aggregate.this
            aggregate.set("this", exp.case().when(condition.copy(), counted.copy()))
            window.set("this", aggregate)
