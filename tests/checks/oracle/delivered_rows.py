"""Rows as nasty as a force's systems make them, drawn from one seed: cheap enough for millions of cases.

Times cluster where judging can go wrong: on a limit and one microsecond either side of it, at one another, at the
moment the run judges from, at local midnight and in the hour of a clock change; any of them may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from checks.logs import Kind, Log

MICROSECOND = timedelta(microseconds=1)
# The moments around which a delivery is laid; the first two are clock changes in London, the third in California.
NIGHTS = {
    "clocks back in London": datetime(2025, 10, 26, 1, tzinfo=UTC),
    "clocks forward in London": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "clocks forward in California": datetime(2026, 3, 8, 10, tzinfo=UTC),
    "turn of the year": datetime(2026, 1, 1, tzinfo=UTC),
    "turn of a summer month, local time": datetime(2026, 6, 30, 23, tzinfo=UTC),
    "an ordinary day": datetime(2026, 1, 14, 12, tzinfo=UTC),
}
PLACES = {
    "area": ("A1", "A2", "A2", None),
    "neighbourhood": ("N1", "N2", "N3", None),
    "call_id": ("c1", None),
    "duplicate_of": ("other", *[None] * 14),
}
# How often a value is drawn: enough exclusions to be seen, not so many that little is judged.
WEIGHTS = {"kind": (12, 2, 1, 1, 1), "origin": (10, 1, 3, 1)}
MISSING = {"cancelled_at": 0.8, "abandoned_at": 0.6, "appointment_at": 0.2}


@dataclass(frozen=True)
class Circumstances:
    """What the rows of one delivery have in common; `likely` says which values make a row a case, mostly."""

    seed: int
    night: datetime
    as_at: datetime
    limits: Sequence[timedelta]
    lacks: Sequence[str]
    likely: Mapping[str, object]


def rows(log: Log, force: str, circumstances: Circumstances, number: int = 100) -> list[dict[str, Any]]:
    """That many rows of a log, with every column of the contract and `lacks`."""
    random = Random(circumstances.seed)
    return [_row(log, force, circumstances, random, place) for place in range(number)]


def _row(log: Log, force: str, given: Circumstances, random: Random, place: int) -> dict[str, Any]:
    lacks = random.choice((",".join(f"{log.name}.{column}" for column in given.lacks), "", None))
    begins = _beginning(given, random)
    row: dict[str, Any] = {"force": force, log.dated_by: begins, log.keys[0]: f"case {place}", "lacks": lacks}
    times = [begins, given.as_at]
    for column in log.columns:
        if column.name in row:
            continue
        if lacks and column.name in given.lacks:
            row[column.name] = None
        elif column.name in given.likely and random.random() < 0.9:
            row[column.name] = given.likely[column.name]
        elif column.kind is Kind.MOMENT:
            missing = random.random() < MISSING.get(column.name, 0.4)
            row[column.name] = None if missing else _moment(given, random, times)
            times += [row[column.name]] * (row[column.name] is not None)
        elif column.kind is Kind.FLAG:
            row[column.name] = random.choice((True, False, None))
        elif column.values:
            row[column.name] = _one_of(random, column.name, column.values, column.required)
        else:
            row[column.name] = random.choice(PLACES[column.name])
    return row


def _one_of(random: Random, name: str, values: Sequence[str], required: bool) -> str | None:
    if name in WEIGHTS:
        return random.choices(values, WEIGHTS[name])[0]
    return random.choice(values if required else (*values, None))


def _beginning(given: Circumstances, random: Random) -> datetime:
    """Near the night; or so that a limit ends at the very moment judged from; or only just known."""
    spread = timedelta(seconds=random.randint(-90_000, 90_000), microseconds=random.choice((0, 0, 1, 999_999)))
    midnight = given.night.replace(hour=random.choice((0, 23)), minute=0) + _jolt(random)
    ends_now = given.as_at - random.choice((*given.limits, timedelta(0))) + _jolt(random)
    around = given.night + random.choice((timedelta(0), timedelta(hours=1), -timedelta(hours=1))) + _jolt(random)
    choices = (given.night + spread, midnight, ends_now, around)
    begins = random.choices(choices, (5, 1, 1, 1))[0]
    # A row that begins after the moment judged from is no case yet: one in ten of those is enough.
    return begins if begins <= given.as_at or random.random() < 0.1 else given.as_at - (begins - given.as_at)


def _moment(given: Circumstances, random: Random, times: Sequence[datetime]) -> datetime:
    """A time that depends on another time of the row."""
    after = random.choice(
        (
            timedelta(0),
            *given.limits,
            *given.limits,
            timedelta(seconds=random.randint(0, 60)),
            timedelta(seconds=random.randint(0, 6_000)),
            timedelta(hours=random.randint(-1, 120)),
        )
    )
    # The row's beginning counts most: the others are drawn from it too, so that chains of times come about.
    return random.choice((times[0], times[0], *times)) + after + _jolt(random)


def _jolt(random: Random) -> timedelta:
    return random.choice((-1, 0, 0, 1)) * MICROSECOND
