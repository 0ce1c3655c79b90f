"""Values as a database's driver gives them, as the one text form every value has until the typing door."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connectors.sources.json_records import whole_number


def as_text(value: Any) -> str | None:
    """NULL stays NULL and '' stays ''; numbers in full digits, moments in ISO 8601 with their offset where they have
    one, intervals in seconds, bytes in hexadecimal."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return whole_number(repr(value))
    if isinstance(value, Decimal):
        return whole_number(format(value, "f")) if value.is_finite() else str(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return whole_number(format(Decimal(value // timedelta(microseconds=1)) / 1_000_000, "f"))
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    return str(value)


# Of most values the type says all there is to know.
_COMMON: dict[type, Callable[[Any], str | None]] = {
    type(None): lambda value: None,
    int: str,
    datetime: lambda value: value.isoformat(" "),
}


def text_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows as columns of text; half a character, which no text has, becomes the sign for one that is missing."""
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.table([_column(column) for column in columns], names=list(names))


def _column(values: Sequence[Any]) -> pa.Array:
    texts = [value if type(value) is str else _COMMON.get(type(value), as_text)(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([each and each.encode("utf-8", "replace").decode() for each in texts], pa.string())
