"""Days that are final, judged again: `pledge run --from --to --reason`, one run for each year, alerts muted.

A year at a time, so that memory does not grow with the years. Each is a run of its own, sealed like any other: what was
done before a backfill was killed is not done again when it is called again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from checks.errors import UsageError
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import read
from connectors.store.engine import open_store, reading
from dags.look_back import BACKFILL, CASES, first_day, first_figure, input_of
from dags.tables import Format

Row = Mapping[str, Any]
Say = Callable[[str], None]


def nights(settings: Settings, as_at: datetime | None, now: datetime, form: Format, say: Say, **choices: Any) -> bool:
    """One night, or the backfill of days that are final year by year; returns whether a delivery was unfit.

    Raises:
        UsageError: days that are final are asked for without a reason.
    """
    from dags.night import one_night

    moment = as_at or now
    if not _reaches_back(choices, moment):
        return one_night(settings, moment, now, form, say, **choices)
    runs = _runs(settings)
    refuse_without_reason(choices["reason"], choices["first_day"], moment, runs)
    name = _name(choices)
    begun = _unfinished(runs, name)
    # Called again it goes on as of the moment it began with.
    moment = as_at or (begun[-1]["as_at"] if begun else now)
    done = {_days_of(row) for row in begun}
    chunks = list(years(_day(choices["first_day"]), _day(choices["last_day"]) or moment.date()))
    unfit = False
    for number, (first, last) in enumerate(chunks, start=1):
        where = f"backfill {number} of {len(chunks)}, {first or 'the beginning'} to {last}"
        if (first, last) in done:
            say(f"{where}: done before.")
            continue
        if number not in (1, len(chunks)) and f"{last:%Y-%m}" < _first_month(settings):
            continue  # nothing was admitted of these days, and there are no cases of them
        say(f"{where}: judging.")
        part = {
            **choices,
            "first_day": first.isoformat() if first else "",
            "last_day": last.isoformat(),
            "counted_from": max(chunks[0][0] or first, first_figure(first)).isoformat() if first else "",
            "backfill": f"{name} {number}/{len(chunks)}",
        }
        # Each part begins when it does: a night takes a run for killed by how long ago it began.
        begins = max(now + timedelta(microseconds=number), datetime.now(UTC))
        unfit |= one_night(settings, moment, begins, form, say, **part)
    return unfit


def _reaches_back(choices: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a window begins before the look-back; one without a beginning does, if it ends before it."""
    first, last = _day(choices["first_day"]), _day(choices["last_day"])
    return bool(first and first < first_day(moment)) or bool(not first and last and last < first_day(moment))


def refuse_without_reason(reason: str, first: str, moment: datetime, runs: Sequence[Row]) -> None:
    if not reason.strip() and any(row["status"] == "done" for row in runs):
        found = f"days before {first_day(moment)} are final, and no reason is given to judge them again"
        raise UsageError(f"--from {first}" if first else "--to", found, "--reason TEXT", "Say why.")


def _days_of(run: Row) -> tuple[date | None, date]:
    return run["window_from"] and run["window_from"].date(), run["window_to"].date()


def years(first: date | None, last: date) -> Iterator[tuple[date | None, date]]:
    """The days from `first` to `last`, cut at the ends of calendar years; without a first, in one piece."""
    if first is None:
        yield None, last
        return
    while first <= last:
        yield first, min(last, date(first.year, 12, 31))
        first = date(first.year + 1, 1, 1)


def _name(choices: Mapping[str, Any]) -> str:
    about = repr(sorted((name, value) for name, value in choices.items() if name not in ("input", "sources")))
    return hashlib.sha256(about.encode()).hexdigest()[:16]


def _unfinished(runs: Sequence[Row], name: str) -> list[Row]:
    """The runs that a backfill of this name has ended, since it was last finished."""
    found: list[Row] = []
    for row in sorted(runs, key=lambda each: each["run_number"]):
        said, _, place = str(input_of(row).get(BACKFILL, "")).partition(" ")
        if row["status"] == "done" and said == name:
            number, _, of = place.partition("/")
            found = [] if number == of else [*found, row]
    return found


def _runs(settings: Settings) -> list[Row]:
    with reading(open_store(settings.store)) as conn:
        return [*read.run_rows(conn)]


def _first_month(settings: Settings) -> str:
    """The first month the lake holds anything of."""
    lake = Lake(settings.lake)
    tables = {**lake.versions(), CASES: None}
    months = {month for name in tables for month in lake.listing(name).column("partition.month")}
    return min((month for month in months if month[:1].isdigit()), default="9999-12")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
