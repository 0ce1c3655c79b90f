"""What is read from a database, as statements SQLAlchemy words for its dialect."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from checks.errors import NotFitError
from connectors.sources.sql.connection import SqlQuery
from connectors.sources.sql.watermark import Span, Value, bound, known

ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Relation:
    """A table, or a select in parentheses, and the columns of it that are read.

    `watermark` is its column's own name, '' where there is none.
    """

    source: sa.FromClause
    columns: tuple[str, ...]
    watermark: str

    @property
    def mark(self) -> sa.ColumnElement[Any]:
        return sa.column(self.watermark)


def relation(conn: sa.Connection, where: str, query: SqlQuery, read: Collection[str] | None) -> Relation:
    """Look at the columns there are, and take those the description reads (None = all): of no other a value is asked.

    Raises NotFitError when the watermark's column is not there, or two columns have one name.
    """
    found = conn.execute(sa.select(sa.text("*")).select_from(_source(query)).where(sa.false()))
    names = list(found.keys())
    found.close()
    folded = [name.casefold() for name in names]
    if len(set(folded)) < len(folded):
        raise NotFitError(where, "two of its columns have one name", "each once", "Name them in `select`.")
    mark = dict(zip(folded, names, strict=True)).get(query.watermark.casefold(), "")
    if query.watermark and not mark:
        found_, do = f"it has no column {query.watermark}", "Correct `watermark`, or ask what became of the column."
        raise NotFitError(where, found_, "the watermark's column", do)
    taken = tuple(name for name in names if read is None or name.casefold() in read or name == mark)
    return Relation(_source(query), taken or tuple(names[:1]), mark)


def _source(query: SqlQuery) -> sa.FromClause:
    if query.select:
        # A colon begins no parameter: there are none.
        return sa.text(query.select.strip().replace(":", r"\:")).columns().subquery("delivered")
    schema, _, name = query.table.rpartition(".")
    return sa.table(name, schema=schema or None)


def newest(conn: sa.Connection, where: str, of: Relation) -> Value | None:
    """The watermark's newest value, None where there is no row; raises NotFitError when a row has none at all."""
    value = conn.execute(sa.select(sa.func.max(of.mark)).select_from(of.source)).scalar()
    without = sa.select(sa.literal(1)).select_from(of.source).where(of.mark.is_(None)).limit(1)
    if conn.execute(without).first() is not None:
        do = f"Fill it, or name another column, or let `select` replace it (coalesce({of.watermark}, …))."
        raise NotFitError(where, f"a row has no {of.watermark}", "one in each row: else it is never read", do)
    return None if value is None else known(where, value)


def waiting(conn: sa.Connection, of: Relation, highest: Value) -> int:
    """How many rows are beyond a watermark."""
    count = sa.select(sa.func.count()).select_from(of.source).where(of.mark > bound(highest))
    return int(conn.execute(count).scalar() or 0)


def rows(conn: sa.Connection, of: Relation, span: Span, in_order: bool) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of a span, a few thousand at a time from a cursor of the server; in order of the watermark if asked."""
    statement: Any = sa.select(*(sa.column(name) for name in of.columns)).select_from(of.source)
    if in_order:
        statement = statement.where(*span.holds(of.mark)).order_by(of.mark)
    with conn.execution_options(yield_per=ROWS_AT_ONCE).execute(statement) as result:
        yield from result.partitions()
