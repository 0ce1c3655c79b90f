"""SQLAlchemy's types of numbers, which say so where SQLite holds something else in their column: damage may leave a
text there, and whatever reckons with it would fail in words that help nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from sys import float_info
from typing import Any

import sqlalchemy
from sqlalchemy import Column, ColumnElement, Connection, Dialect, MetaData, Text, false, func, or_, select, type_coerce

from checks.chain import canonical
from checks.errors import unreadable_value

_WHOLE = (int, type(None))
_NUMBERS = (int, float, type(None))


def _whole(value: Any) -> Any:
    if value.__class__ in _WHOLE:
        return value
    raise unreadable_value("a number")


def _number(value: Any) -> Any:
    if value.__class__ in _NUMBERS and value not in (inf, -inf):
        return value
    raise unreadable_value("a number")


class Integer(sqlalchemy.Integer):
    """A whole number."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _whole if dialect.name == "sqlite" else None


class BigInteger(sqlalchemy.BigInteger):
    """A whole number of up to 64 bits."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _whole if dialect.name == "sqlite" else None


class Double(sqlalchemy.Double[float]):
    """A number with a fraction, or without; never infinite."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _number if dialect.name == "sqlite" else None


def _is_damaged(column: Column[Any]) -> ColumnElement[bool]:
    """As SQL what the types find when they read."""
    kinds = ["text", "blob"] if isinstance(column.type, Double) else ["text", "blob", "real"]
    return func.typeof(column).in_(kinds) | (column > float_info.max) | (column < -float_info.max)


def row_without_its_number(conn: Connection, metadata: MetaData) -> str:
    """The first row of these tables in which SQLite holds no number where one belongs, by its key; '' = none."""
    for table in metadata.sorted_tables if conn.dialect.name == "sqlite" else ():
        numbers = [column for column in table.columns if isinstance(column.type, Integer | BigInteger | Double)]
        key = select(*(type_coerce(column, Text) for column in table.primary_key.columns))
        row = conn.execute(key.where(or_(false(), *map(_is_damaged, numbers)))).first()
        if row is not None:
            return f"{table.name} {canonical(list(row)).decode()}"
    return ""
