"""DuckDB's words as Spark's: every function the judging may use, and what says the same in Spark.

What is not named here is refused. A function both engines know by one name may still count differently (`date_diff`,
`dayname`, `isodow`, `any_value` do), so each is let in only once `make spark` has compared the figures.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from checks.spark.dialect import parsed, parsed_spark, part_of, refused, spark_type

# Of the two moments a wall clock shows twice when the clocks go back, DuckDB takes the later and Spark the earlier; an
# hour that is missing when they go forward both carry on. No force's clocks change by more than an hour.
_CLOCKS = {
    "wall_clock": (("moment", "zone"), "from_utc_timestamp(moment, zone)"),
    "utc": (
        ("wall", "zone"),
        "greatest(to_utc_timestamp(wall, zone), to_utc_timestamp(wall + interval '1' hour, zone) - interval '1' hour)",
    ),
}


def _quantile(share: float) -> tuple[tuple[str, ...], str]:
    position = f"(size(sorted) - 1) * {share}"
    between = f"({position} - floor({position})) * (sorted[int(ceil({position}))] - sorted[int(floor({position}))])"
    return ("numbers",), (
        "if(size(numbers) > 0, aggregate(array(sort_array(numbers)), cast(null as double), (nothing, sorted) -> "
        f"sorted[int(floor({position}))] + {between}), null)"
    )


# Macros of the judging that Spark has other words for: their parameters, and the same in Spark.
_INSTEAD = {**_CLOCKS, "p50_of": _quantile(0.5), "p90_of": _quantile(0.9)}
# What DuckDB calls by a name of its own: its parameters, and the same in Spark.
_CALLS = {
    "epoch_us": (("moment",), "unix_micros(moment)"),
    "to_years": (("n",), "make_ym_interval(n, 0)"),
    "to_months": (("n",), "make_ym_interval(0, n)"),
    "to_microseconds": (("n",), "interval '0.000001' second * n"),
    "to_json": (("value",), "to_json(value)"),
    "list_sum": (("list",), "aggregate(list, cast(0 as bigint), (so_far, one) -> so_far + one)"),
}
# Functions that mean the same in both, as sqlglot writes them.
_SAME: tuple[type[exp.Expr], ...] = (
    exp.And, exp.AnyValue, exp.Array, exp.ArrayContains, exp.ArrayDistinct, exp.ArrayFilter, exp.ArraySort,
    exp.Case, exp.Cast, exp.Coalesce, exp.ConcatWs, exp.Count, exp.Explode, exp.Flatten, exp.Greatest,
    exp.Grouping, exp.If, exp.LastDay, exp.Lead, exp.Least, exp.Left, exp.LogicalAnd, exp.LogicalOr, exp.Lower,
    exp.MapFromEntries, exp.Max, exp.Min, exp.Nullif, exp.Or, exp.RowNumber, exp.SHA2, exp.Split,
    exp.StartsWith, exp.Struct, exp.Sum, exp.TimestampTrunc, exp.Transform, exp.Trim, exp.Year,
)  # fmt: skip
_PATTERNS = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss", "%f": "SSSSSS", "T": "'T'"}
_NEVER = "9999-12-31"


class Words:
    """Rewrites expressions; macros are written out where they stand, since not every Spark has SQL functions."""

    def __init__(self) -> None:
        known = {**_INSTEAD, **_CALLS}
        self._macros = {name: (params, parsed_spark(body)) for name, (params, body) in known.items()}

    def define(self, create: exp.Create) -> None:
        """Take in a `create macro`, but for those that stand in other words here."""
        name = create.this.this.name
        if name not in _INSTEAD:
            params = tuple(param.name for param in create.this.expressions)
            self._macros[name] = (params, self.rewritten(create.expression))

    def rewritten(self, tree: exp.Expr) -> exp.Expr:
        """The same tree in Spark's words; it is changed in place."""
        if isinstance(tree, exp.Filter) and _is_call(tree.this, "histogram"):
            tree = _counted_by_name(tree)
        for part in list(tree.iter_expressions()):
            new = self.rewritten(part)
            if new is not part:
                part.replace(new)
        return self._said(tree)

    def _said(self, one: exp.Expr) -> exp.Expr:
        if isinstance(one, exp.Anonymous):
            return self._written_out(one)
        if type(one) in _OTHERWISE:
            return _OTHERWISE[type(one)](one)
        if isinstance(one, exp.AtTimeZone) or (isinstance(one, exp.Func) and type(one) not in _SAME):
            raise refused(one.sql(dialect="duckdb")[:80], f"{type(one).__name__} has no known match in Spark")
        return one

    def _written_out(self, call: exp.Anonymous) -> exp.Expr:
        name = call.name.lower()
        if name not in self._macros:
            raise refused(f"{name}()", "it has no known match in Spark")
        params, body = self._macros[name]
        given = dict(zip(params, call.expressions, strict=True))

        def filled(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.table in given:
                return exp.Dot(this=given[node.table].copy(), expression=node.this.copy())
            is_param = isinstance(node, exp.Column) and not node.table and node.name in given
            return _one_operand(given[node.name].copy()) if is_param else node

        return _one_operand(body.copy().transform(filled))


def _one_operand(tree: exp.Expr) -> exp.Expr:
    return exp.paren(tree) if isinstance(tree, (exp.Binary, exp.Unary, exp.Between)) else tree


def _is_call(tree: exp.Expr, name: str) -> bool:
    return isinstance(tree, exp.Anonymous) and tree.name.lower() == name


def _counted_by_name(tree: exp.Filter) -> exp.Expr:
    """`histogram(x) filter (where …)` in the words of the judging's own macro for the same."""
    [counted] = parsed("added_up(list({'name': x, 'n': 1}) filter (where true))")
    part_of(counted, exp.Column).replace(tree.this.expressions[0])
    part_of(counted, exp.Filter).set("expression", tree.expression)
    return counted


def _call(name: str, *given: exp.Expr | str) -> exp.Expr:
    """A function by its very name: sqlglot would otherwise write some in another dialect's way."""
    return exp.Anonymous(this=name, expressions=[exp.convert(one) if isinstance(one, str) else one for one in given])


def _integer(text: exp.Expr, start: int) -> exp.Expr:
    """Two digits of a text `HH:MM[:SS]` from a position on as a number, 0 where it ends before."""
    digits = _call("substr", text.copy(), exp.Literal.number(start), exp.Literal.number(2))
    return _call("int", exp.func("coalesce", exp.Nullif(this=digits, expression=exp.convert("")), exp.convert("0")))


def _cast(one: exp.Cast) -> exp.Expr:
    if one.to.is_type("interval"):
        parts = [_integer(one.this, start) for start in (1, 4, 7)]
        return _call("make_dt_interval", exp.Literal.number(0), *parts)
    if isinstance(one.this, exp.Literal) and one.this.name == "infinity":
        return exp.cast(exp.convert(_NEVER), "date")
    if isinstance(one.this, exp.Explode):
        each = exp.Lambda(this=exp.cast(exp.column("one"), one.to), expressions=[exp.to_identifier("one")])
        return exp.Explode(this=_call("transform", one.this.this, each))
    return one


def _moment_type(one: exp.DataType) -> exp.DataType:
    return exp.DataType.build(spark_type(one.sql(dialect="duckdb")), dialect="spark")


def _collected(one: exp.ArrayAgg) -> exp.Expr:
    if one.find(exp.Order, exp.Distinct):
        raise refused(one.sql(dialect="duckdb")[:80], "Spark's lists are in no order and hold what is there twice")
    return one


def _days_between(one: exp.DateDiff) -> exp.Expr:
    if one.text("unit").lower() != "day":
        raise refused(one.sql(dialect="duckdb")[:80], "only whole days are counted alike")
    return _call("datediff", one.this, one.expression)


def _joined(one: exp.ArrayConcat) -> exp.Expr:
    lists = [one.this, *one.expressions]
    return _call("concat", *(exp.func("coalesce", each, exp.Array()) for each in lists))


def _series(one: exp.GenerateSeries) -> exp.Expr:
    """Nothing where it would end before it begins: of that Spark's `sequence` makes an error."""
    start, end, step = one.args["start"], one.args["end"], one.args.get("step")
    if one.args.get("is_end_exclusive"):
        end = exp.Sub(this=exp.paren(end), expression=exp.Literal.number(1))
    kind = "timestamp" if step else "bigint"
    first, last = exp.cast(start, kind), exp.cast(end, kind)
    sequence = _call("sequence", first, last, *([step] if step else []))
    return _call("if", exp.LTE(this=first.copy(), expression=last.copy()), sequence, exp.null())


def _formatted(one: exp.TimeToStr) -> exp.Expr:
    pattern = one.args["format"].name
    for ours, sparks in _PATTERNS.items():
        pattern = pattern.replace(ours, sparks)
    if "%" in pattern:
        raise refused(one.sql(dialect="duckdb")[:80], "a part of a date that is not written alike")
    return _call("date_format", one.this, pattern)


_OTHERWISE: dict[type[exp.Expr], Callable[..., exp.Expr]] = {
    exp.ArrayAgg: _collected,
    exp.ArrayConcat: _joined,
    exp.ArrayOverlaps: lambda one: _call("arrays_overlap", one.this, one.expression),
    exp.Cast: _cast,
    exp.DataType: _moment_type,
    exp.DateDiff: _days_between,
    exp.DayOfWeekIso: lambda one: exp.paren(_call("weekday", one.this) + 1),
    exp.Dayname: lambda one: _call("date_format", one.this, "EEEE"),
    exp.GenerateSeries: _series,
    exp.PercentileCont: lambda one: _call("percentile", one.this, one.expression),
    exp.TimeToStr: _formatted,
    exp.ToDays: lambda one: _call("make_dt_interval", one.this),
    exp.UnixToTime: lambda one: _call("timestamp_micros", one.this),
}
