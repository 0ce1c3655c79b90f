"""The row rules of a log, in GX's own vocabulary, derived from the contract in `checks/logs.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column as RowsWhere

from checks.logs import DELETED, Column, Kind, Log
from expectations.quality.implausible import INTERVALS, LEAST
from expectations.quality.results import CRITICAL, WARNING

KEY_CONFLICT = "key_conflict"
READABLE = "readable:"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

_SHAPES = {
    Kind.TEXT: "a text of at most 200 characters",
    Kind.MOMENT: "a date with a time",
    Kind.DATE: "a date",
    Kind.MONTH: "a month written YYYY-MM",
    Kind.TIME: "a time of day written HH:MM",
    Kind.COUNT: "a whole number",
    Kind.FLAG: "true or false",
    Kind.SLUG: "a short name in small letters, such as norfolk",
    Kind.WEEKDAY: "the name of a weekday",
}


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule, the contract column it is about, and the sentence said of a row that fails it."""

    name: str
    column: str
    severity: str
    sentence: str
    expectation: Expectation


def trouble(column: str) -> str:
    """The frame's column that says why a delivered value of `column` could not be used."""
    return f"{column}__trouble"


def seconds(earlier: str, later: str) -> str:
    """The frame's derived column with the seconds from one moment to a later one, NULL when out of order."""
    return f"{earlier}__to__{later}"


@lru_cache(maxsize=64)
def rules(
    log: Log, columns: tuple[str, ...], troubled: frozenset[str], as_at: datetime, local_date: date
) -> tuple[Rule, ...]:
    """Every row rule of the log for the delivered `columns`; the `troubled` bring a trouble column.

    Dates are compared as midnights in UTC, which is how `rows.py` hands them over.
    """
    latest = {Kind.MOMENT: as_at, Kind.DATE: datetime.combine(local_date, time(), UTC)}
    delivered = [log.by_name[name] for name in columns]
    found = [rule for column in delivered for rule in _presence_rules(column, column.name in troubled)]
    found.extend(rule for column in delivered if column.kind in latest for rule in _time_rules(column, latest))
    if DELETED in troubled:
        sentence = f"The mark that the record is {DELETED} is there but cannot be read; expected true or false."
        found.append(_critical(READABLE, DELETED, sentence, gxe.ExpectColumnValuesToBeNull, column=trouble(DELETED)))
    found.append(_key_conflict(log))
    found.extend(_order_rules(log, columns))
    found.extend(_implausible_rules(log, columns))
    return tuple(found)


def _presence_rules(column: Column, troubled: bool) -> Iterator[Rule]:
    name = column.name
    if column.required:
        sentence = f"{name} is empty; every row of this log must have it."
        # A value that is there but unreadable is NULL too: the readable rule speaks of it, not this one.
        where = {"row_condition": RowsWhere(trouble(name)).is_null()} if troubled else {}
        yield _critical("required:", name, sentence, gxe.ExpectColumnValuesToNotBeNull, **where)
    if troubled:
        sentence = f"{name} is there but cannot be read; expected {_SHAPES[column.kind]}."
        yield _critical(READABLE, name, sentence, gxe.ExpectColumnValuesToBeNull, column=trouble(name))
    if column.values:
        sentence = f"{name} is none of the values this log knows: {', '.join(column.values)}."
        values = list(column.values)
        yield _critical("value_set:", name, sentence, gxe.ExpectColumnValuesToBeInSet, value_set=values)


def _time_rules(column: Column, latest: dict[Kind, datetime]) -> Iterator[Rule]:
    name, between = column.name, gxe.ExpectColumnValuesToBeBetween
    if not column.planned:
        sentence = f"{name} is later than the delivery itself; an event cannot be in the future."
        yield _critical("future:", name, sentence, between, max_value=latest[column.kind])
    sentence = f"{name} is before 1990; expected a time since then."
    yield _critical("before_1990:", name, sentence, between, min_value=EARLIEST)


def _key_conflict(log: Log) -> Rule:
    keys = ", ".join(log.keys)
    sentence = f"The same key ({keys}) stands elsewhere in this delivery with other values; a key must be unique."
    arguments = {"column": KEY_CONFLICT, "value_set": [False]}
    return _rule(KEY_CONFLICT, keys, CRITICAL, sentence, gxe.ExpectColumnValuesToBeInSet, arguments)


def _order_rules(log: Log, columns: tuple[str, ...]) -> Iterator[Rule]:
    for earlier, later in dict.fromkeys(log.order):
        if earlier in columns and later in columns:
            sentence = f"{later} is before {earlier}; expected the other way round."
            arguments = {"column_A": later, "column_B": earlier, "or_equal": True}
            arguments["ignore_row_if"] = "either_value_is_missing"
            greater = gxe.ExpectColumnPairValuesAToBeGreaterThanB
            yield _rule(f"order:{earlier}/{later}", later, WARNING, sentence, greater, arguments)


def _implausible_rules(log: Log, columns: tuple[str, ...]) -> Iterator[Rule]:
    between = gxe.ExpectColumnValuesToBeBetween
    for interval in INTERVALS.get(log.name, ()):
        earlier, later = interval.earlier, interval.later
        if earlier in columns and later in columns:
            bounds = {"min_value": interval.at_least, "max_value": interval.at_most}
            arguments = {"column": seconds(earlier, later), **bounds}
            yield _rule(f"implausible:{earlier}/{later}", later, WARNING, interval.sentence, between, arguments)
    for least in LEAST.get(log.name, ()):
        if least.column in columns:
            arguments = {"column": least.column, "min_value": least.value}
            yield _rule(f"implausible:{least.column}", least.column, WARNING, least.sentence, between, arguments)


def _critical(prefix: str, about: str, sentence: str, kind: type[Expectation], **arguments: Any) -> Rule:
    return _rule(f"{prefix}{about}", about, CRITICAL, sentence, kind, {"column": about, **arguments})


def _rule(
    name: str, column: str, severity: str, sentence: str, kind: type[Expectation], arguments: dict[str, Any]
) -> Rule:
    expectation = kind(severity=FailureSeverity(severity), meta={"rule": name}, **arguments)
    return Rule(name, column, severity, sentence, expectation)
