"""The budget of each promise in the open month: how many more misses it allows, from the store alone."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from checks.budget import Budget, budget
from checks.commitment import measures
from checks.feeds import ALL
from connectors.settings import Settings
from connectors.store import read
from dags.recorded import Row, local_day, recorded_run

_OF_FIGURE = ("standard", "commitment", "measure", "force", "area", "period_start")
COLUMNS = (
    *_OF_FIGURE, "target", "met", "missed", "pending", "days_elapsed", "days_in_month", "expected_cases",
    "misses_allowed", "misses_left", "already_broken", "runs_out_on", "too_few", "sentence",
)  # fmt: skip
Level = tuple[Any, ...]


def budgets(
    conn: Connection, settings: Settings, filters: Mapping[str, Any], run: str | None
) -> Iterator[dict[str, Any]]:
    """One row for each promise with a target in the month that is open at the run's as_at, in local time.

    As many cases a day are expected as on the whole days so far; on the first day, as in the month before. Forces
    as a whole, or the areas asked for. Cases whose stated clocks cover a whole month are all there from its start.
    """
    judged = recorded_run(conn, run)
    if not judged:
        return
    # Neighbourhoods have no budget, areas only where they are asked for: their rows are many.
    filters = {**filters, "area": filters.get("area") or [""], "neighbourhood": [""]}
    days = _days_by_level(conn, {**filters, "period": "day"}, run, judged["as_at"])
    months = list(read.read_table(conn, "verdicts", {**filters, **_since(judged["as_at"]), "period": "month"}, run))
    before = {(*_level(row), row["period_start"]): row for row in months}
    for row in months:
        today = local_day(settings, row["force"], judged["as_at"])
        if not _is_asked(row, today, filters):
            continue
        earlier = before.get((*_level(row), _month_before(row["period_start"])))
        yield _row(row, today, days[_level(row)], earlier)


def _since(as_at: datetime) -> dict[str, date]:
    """The month that may be open and the one before it; a day to and fro for the time zone."""
    return {"from": _month_before((as_at.date() - timedelta(days=1)).replace(day=1))}


def _is_asked(row: Row, today: date, filters: Mapping[str, Any]) -> bool:
    is_level = not row["neighbourhood"] and row["area"] in filters["area"]
    is_force = row["force"] != ALL or ALL in (filters.get("force") or ())
    # What is measured without a limit has no cases to miss.
    is_promise = row["target"] is not None and not row["timed"]
    return is_level and is_force and is_promise and row["period_start"] == today.replace(day=1)


def _days_by_level(
    conn: Connection, filters: Mapping[str, Any], run: str | None, as_at: datetime
) -> dict[Level, list[Row]]:
    found: dict[Level, list[Row]] = defaultdict(list)
    first = (as_at.date() - timedelta(days=1)).replace(day=1)
    for row in read.read_table(conn, "verdicts", {**filters, "from": first}, run):
        found[_level(row)].append(row)
    return found


def _level(row: Row) -> Level:
    return tuple(row[name] for name in ("standard", "measure", "force", "area", "neighbourhood"))


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _row(row: Row, today: date, days: Sequence[Row], earlier: Row | None) -> dict[str, Any]:
    start = row["period_start"]
    length, elapsed = monthrange(start.year, start.month)[1], (today - start).days
    said = {
        **{name: row[name] for name in (*_OF_FIGURE, "target", "met", "pending")},
        "missed": _missed(row),
        "days_elapsed": elapsed,
        "days_in_month": length,
    }
    if row["verdict"] == "cannot_judge":
        return {**said, "sentence": "Cannot be judged: nothing fit was delivered for it."}
    past = [day for day in days if start <= day["period_start"] < today]
    expected = _expected(row, past, length, elapsed, earlier)
    if expected is None:
        return {**said, "sentence": "Nothing can be foreseen on the first day of the first month."}
    left = _budget(row, _missed(row), length, elapsed, expected)
    # The pace is that of whole days: the misses of a day half over would hasten it.
    paced = _budget(row, sum(_missed(day) for day in past), length, elapsed, left.expected_cases) if past else left
    day = None if left.already_broken else paced.runs_out_on_day
    runs_out_on = start + timedelta(days=day - 1) if day else None
    return {
        **said,
        "expected_cases": left.expected_cases,
        "misses_allowed": left.allowed,
        "misses_left": left.left,
        "already_broken": left.already_broken,
        "runs_out_on": runs_out_on,
        "too_few": left.too_few,
        "sentence": _sentence(row, left, runs_out_on),
    }


def _missed(row: Row) -> int:
    """What counts against the promise: the unknown, too, where the definition says so."""
    return int(row["denominator"] - row["numerator"])


def _seen(row: Row) -> int:
    return int(row["denominator"] + row["pending"])


def _expected(row: Row, past: Sequence[Row], length: int, elapsed: int, earlier: Row | None) -> int | None:
    """Cases foreseen for the whole month; None = nothing to go by."""
    if "day" not in measures()[row["measure"]].periods:
        return _seen(row)
    if elapsed:
        return sum(map(_seen, past)) * length // elapsed
    if earlier is None:
        return None
    start = earlier["period_start"]
    return _seen(earlier) * length // monthrange(start.year, start.month)[1]


def _budget(row: Row, missed: int, length: int, elapsed: int, expected: int) -> Budget:
    target = Fraction(row["target"]).limit_denominator(1_000_000)
    return budget(
        row["numerator"], missed, row["pending"], target.numerator, target.denominator, row["minimum_n"] or 0,
        elapsed, length, max(expected, _seen(row)),
    )  # fmt: skip


def _sentence(row: Row, left: Budget, runs_out_on: date | None) -> str:
    cases, missed = f"{left.expected_cases:,}", _missed(row)
    if left.already_broken:
        said = f"Can no longer be kept: {missed:,} missed, and {cases} expected cases allow {left.allowed:,}"
    elif not left.left:
        said = f"No miss is left at {cases} expected cases: one more breaks the promise"
    else:
        more = "1 more miss is" if left.left == 1 else f"{left.left:,} more misses are"
        said = f"{more} left this month, at {cases} expected cases"
    if not left.already_broken and missed:
        said += f"; at this pace they run out on {runs_out_on}" if runs_out_on else "; at this pace they last"
    if left.too_few:
        said += f"; so few cases get no verdict ({row['minimum_n']} are needed)"
    return f"{said}."
