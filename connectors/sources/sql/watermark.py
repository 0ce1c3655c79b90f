"""The watermark of an incremental source: the column's newest value, what to read from, and up to where.

It may be a moment with a zone, a moment without one (local to the source's zone), a date, a whole number, or a text
that is an ISO moment (SQLite has no other).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from checks.errors import NotFitError, UsageError

Value = datetime | date | int | str


def known(where: str, value: Any) -> Value:
    """A value of the watermark's column; raises NotFitError for a kind that cannot count."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, datetime | date | int | str):
        raise _unknown(where, f"a {type(value).__name__}")
    if isinstance(value, str):
        _moment(where, value)
    return value


def _unknown(where: str, found: str) -> NotFitError:
    expected, do = "a moment, a date or a whole number", "Name another column, or convert it in select."
    return NotFitError(where, f"its watermark is {found}", expected, do)


def _moment(where: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _unknown(where, "a text that is no ISO moment") from None


def written(value: Value) -> str:
    """As it stands in a manifest."""
    return value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)


def read_like(where: str, text: str, sample: Value) -> Value:
    """A written value, of the kind of a sample: the column's newest value.

    Raises UsageError when it is of another kind.
    """
    try:
        if isinstance(sample, datetime):
            moment = datetime.fromisoformat(text)
            return moment if bool(moment.tzinfo) == bool(sample.tzinfo) else _like_zone(moment, sample)
        if isinstance(sample, date):
            return date.fromisoformat(text[:10])
        return int(text) if isinstance(sample, int) else _spelt_like(datetime.fromisoformat(text), sample)
    except ValueError:
        found, do = f"since is {text!r}", "Correct since, or remove the source's folder of fetches."
        raise UsageError(where, found, f"a value such as {written(sample)}", do) from None


def _like_zone(moment: datetime, sample: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if sample.tzinfo else moment.replace(tzinfo=None)


def before(value: Value, overlap: int) -> Value:
    """A value so many minutes, or numbers, earlier; a date by whole days, rounded up."""
    if isinstance(value, str):
        return _spelt_like(datetime.fromisoformat(value) - timedelta(minutes=overlap), value)
    if isinstance(value, datetime):
        return value - timedelta(minutes=overlap)
    if isinstance(value, date):
        return value - timedelta(days=-(-overlap // 1440))
    return value - overlap


def until(as_at: datetime, zone: str, sample: Value) -> Value | None:
    """The run's moment in the column's own kind; None where it counts numbers, which know no moment."""
    local = as_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if isinstance(sample, str):
        is_instant = datetime.fromisoformat(sample).tzinfo is not None
        return _spelt_like(as_at.astimezone(UTC) if is_instant else local, sample)
    if isinstance(sample, datetime):
        return as_at.astimezone(UTC) if sample.tzinfo else local
    return local.date() if isinstance(sample, date) else None


def moment_of(value: Value, zone: str) -> datetime | None:
    """The instant a watermark stands for; None where it is a number, or a day, which has many."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))


def bound(value: Value) -> sa.ColumnElement[Any]:
    """A value as a parameter of a statement; a moment keeps its zone."""
    if isinstance(value, datetime):
        return sa.bindparam(None, value, type_=sa.DateTime(timezone=value.tzinfo is not None))
    return sa.bindparam(None, value)


def _spelt_like(moment: datetime, sample: str) -> str:
    """A moment as the column spells its texts, so that they compare as texts do."""
    there = datetime.fromisoformat(sample)
    if len(sample) == 10:
        return moment.date().isoformat()
    if there.tzinfo:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(there.tzinfo)
    else:
        moment = moment.replace(tzinfo=None)
    digits = sample.partition(".")[2][:6]
    precision = (
        "microseconds" if len([d for d in digits if d.isdigit()]) > 3 else "milliseconds" if digits else "seconds"
    )
    text = moment.isoformat(sample[10], precision)
    return text.removesuffix("+00:00") + "Z" if sample.endswith(("Z", "z")) else text


@dataclass(frozen=True)
class Span:
    """What of a table is read: `lowest` included unless `beyond`, `highest` included; None = open."""

    lowest: Value | None = None
    highest: Value | None = None
    beyond: bool = False

    def holds(self, column: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
        conditions: list[sa.ColumnElement[bool]] = []
        if self.lowest is not None:
            low = bound(self.lowest)
            conditions.append(column > low if self.beyond else column >= low)
        if self.highest is not None:
            conditions.append(column <= bound(self.highest))
        return conditions
