"""Rows as nasty as a force's systems make them, for the logs that are read month by month: drawn from one seed.

Times cluster at local midnights, ends of months and years, clock changes and the moment judged from, and one
microsecond either side; rows overlap, run backwards, name neighbourhoods nobody knows, lack columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from checks.logs import LOGS, WEEKDAYS
from tests.checks.oracle.local_calendar import later, to_utc

MICROSECOND = timedelta(microseconds=1)
FORCE = "norfolk"
Rows = list[dict[str, Any]]


@dataclass
class Drawn:
    """Where the rows of one example lie: around the months before `as_at`, in a zone; `lacks` may be missing."""

    seed: int
    as_at: datetime
    zone: str
    lacks: Sequence[str] = ()
    neighbourhoods: int = 60

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def names(self) -> list[str]:
        return [f"N{n}" for n in range(self.neighbourhoods)]

    def month_start(self, back: int) -> datetime:
        wall = self.as_at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        first = to_utc(wall.replace(day=1, hour=0, minute=0, second=0, microsecond=0), self.zone)
        return later(first, -back, 0, self.zone)

    def moment(self, months: int = 4) -> datetime:
        """Any time of the last months, or a place where judging can go wrong."""
        start = self.month_start(self.random.randint(0, months))
        anywhere = start + timedelta(seconds=self.random.randint(0, 31 * 86_400))
        at = self.random.choices((start, anywhere, self.as_at), (3, 12, 1))[0]
        return at + self.random.choice((-1, 0, 0, 0, 1)) * MICROSECOND

    def day(self, months: int) -> date:
        return self.moment(months).astimezone(ZoneInfo(self.zone)).date()

    def some(self, *values: Any) -> Any:
        return self.random.choice(values)

    def rows(self, log: str, number: int, draw: Callable[[int], dict[str, Any]]) -> Rows:
        """So many rows of a log with every column of the contract; some of a source that lacks columns."""
        own = [column for column in self.lacks if column in LOGS[log].by_name]
        without = ",".join(f"{log}.{column}" for column in own)
        told = []
        for place in range(number):
            row = {
                **dict.fromkeys(LOGS[log].by_name),
                "force": FORCE,
                **draw(place),
                "lacks": self.some(without, "", None),
            }
            told.append({**row, **dict.fromkeys(own)} if without and row["lacks"] == without else row)
        return told


def neighbourhoods(drawn: Drawn) -> Rows:
    """Long there, created, merged or closed, at the turn of a month or inside it."""
    names = drawn.names()
    ancient = drawn.month_start(30)
    return drawn.rows(
        "neighbourhoods",
        len(names),
        lambda n: {
            "neighbourhood": names[n],
            "active_from": drawn.some(ancient, ancient, ancient, drawn.moment(14)),
            "active_to": drawn.some(None, None, None, drawn.moment()),
        },
    )


def meetings(drawn: Drawn) -> Rows:
    def one(n: int) -> dict[str, Any]:
        held, cancelled = drawn.some(True, True, False, None), drawn.some(None, None, None, drawn.moment())
        place = {"meeting_id": f"m{n}", "neighbourhood": drawn.some("unknown", *drawn.names()), "kind": "meeting"}
        return {**place, "starts_at": drawn.moment(), "held": held, "cancelled_at": cancelled}

    return drawn.rows("meetings", 2 * drawn.neighbourhoods, one)


def updates(drawn: Drawn) -> Rows:
    contents = ("crime_map", "outcomes", "action_taken", "force_performance")
    return drawn.rows(
        "updates",
        3 * drawn.neighbourhoods,
        lambda n: {
            "update_id": f"u{n}",
            "neighbourhood": drawn.some("unknown", *drawn.names()),
            "published_at": drawn.moment(),
            **{content: drawn.some(*[True] * 9, False, None) for content in contents},
        },
    )


def duties(drawn: Drawn) -> Rows:
    """Shifts, nights and whole weeks; a few officers each, so that much overlaps; one in fifty runs backwards."""
    activities = ("visible", "visible", "visible", "neighbourhood_other", "abstracted", "training", "leave", "sick")

    def one(n: int) -> dict[str, Any]:
        start = drawn.moment()
        hours = drawn.some(0, 4, 8, 8, 8, 12, 100) if drawn.random.random() < 0.98 else -8
        team = drawn.some("unknown", *drawn.names())
        return {
            "duty_id": f"d{n}",
            "neighbourhood": team,
            "officer_id": drawn.some("o1", "o2", f"{team} o3"),
            "started_at": start,
            "ended_at": start + timedelta(hours=hours),
            "activity": drawn.some(*activities),
        }

    return drawn.rows("duties", 8 * drawn.neighbourhoods, one)


def tenths(drawn: Drawn) -> Rows:
    """Months whose shares are exactly on a limit, or a microsecond off it: one shift of ten hours, cut in two."""

    def shift(n: int) -> Rows:
        start = drawn.month_start(drawn.random.randint(1, 3)) + timedelta(days=n % 27, hours=8)
        cut = start + timedelta(hours=drawn.some(1, 8, 9)) + drawn.some(-1, 0, 0, 1) * MICROSECOND
        own = {"neighbourhood": drawn.names()[n], "officer_id": f"tenth {n}"}
        seen, taken = (
            {"started_at": start, "ended_at": cut},
            {"started_at": cut, "ended_at": start + timedelta(hours=10)},
        )
        pairs = zip(("a", "b"), (seen, taken), drawn.random.sample(("visible", "abstracted"), 2), strict=True)
        return [{"duty_id": f"{n}{half}", "activity": activity, **own, **times} for half, times, activity in pairs]

    exact = [row for n in range(drawn.neighbourhoods // 2) for row in shift(n)]
    return drawn.rows("duties", len(exact), lambda n: exact[n])


def agreed_hours(drawn: Drawn) -> Rows:
    times = ("00:00", "01:00", "01:30", "02:00", "10:00", "22:30")

    def one(n: int) -> dict[str, Any]:
        return {
            "neighbourhood": drawn.some("unknown", *drawn.names()),
            "weekday": drawn.some("saturday", "sunday", *WEEKDAYS),
            "from_time": drawn.some(*times),
            "to_time": drawn.some("24:00", *times),
            "valid_from_on": drawn.some(date(2020, 1, 1), drawn.day(4)),
            "valid_to_on": drawn.some(None, drawn.day(4)),
        }

    return drawn.rows("agreed_hours", 3 * drawn.neighbourhoods, one)


def postings(drawn: Drawn) -> Rows:
    """Few officers and teams, so that postings overlap, follow each other, or leave a day between."""
    days = [drawn.day(16) for _ in range(12)]

    def any_day() -> date:
        return drawn.some(*days) + timedelta(days=drawn.some(-1, 0, 0, 1))

    def one(n: int) -> dict[str, Any]:
        start, end = any_day(), drawn.some(None, any_day(), any_day())
        if end is not None and end < start and drawn.random.random() < 0.9:
            start, end = end, start
        team = drawn.some("unknown", *drawn.names())
        return {"officer_id": drawn.some("o1", "o2"), "neighbourhood": team, "started_on": start, "ended_on": end}

    return drawn.rows("postings", 4 * drawn.neighbourhoods, one)


def team_pages(drawn: Drawn) -> Rows:
    def one(n: int) -> dict[str, Any]:
        checked = drawn.moment()
        three_months = later(checked, -3, 0, drawn.zone) + drawn.some(-1, 0, 1) * MICROSECOND
        return {
            "neighbourhood": f"N{n}",
            "checked_at": checked,
            "officers_named": drawn.some(None, 0, 1, 2, 3, 4),
            "contact_methods": drawn.some(None, 0, 1, 2, 3, 4),
            "base_given": drawn.some(True, True, True, False, None),
            "how_to_work_given": drawn.some(True, True, True, False, None),
            "last_changed_at": drawn.some(None, three_months, three_months, drawn.moment(8), checked + MICROSECOND),
        }

    return drawn.rows("team_pages", 300, one)


def surveys(drawn: Drawn) -> Rows:
    """Responses of the last two years."""
    return _surveys(drawn, 500, lambda: drawn.day(24))


def century(drawn: Drawn) -> Rows:
    """Responses of a hundred years, enough of most years to compare the groups."""
    last = drawn.day(0)
    first = last.replace(year=last.year - 100, day=1).toordinal()
    return _surveys(drawn, 12_000, lambda: date.fromordinal(drawn.random.randint(first, last.toordinal())))


def _surveys(drawn: Drawn, number: int, day: Callable[[], date]) -> Rows:
    """The groups differ a little, so that chance can explain it or not."""
    white = drawn.random.uniform(0.2, 0.8)
    satisfied = {"white": white, "minority": white + drawn.random.uniform(-0.3, 0.3)}

    def one(n: int) -> dict[str, Any]:
        group = drawn.some("white", "minority", "minority", "not_stated", None)
        said = drawn.random.random() < satisfied.get(group or "", 0.5)
        answer = None if drawn.random.random() < 0.05 else said
        return {"response_id": f"r{n}", "answered_on": day(), "ethnic_group": group, "treatment_satisfied": answer}

    return drawn.rows("surveys", number, one)


def counter_visits(drawn: Drawn) -> Rows:
    return drawn.rows(
        "counter_visits",
        400,
        lambda n: {
            "visit_id": f"v{n}",
            "station": "s1",
            "visited_at": drawn.moment(),
            "advertised_open": drawn.some(True, True, True, False, None),
            "found_open": drawn.some(True, True, False, None),
        },
    )


MOMENTS = {
    "the end of a month": datetime(2026, 6, 30, 23, tzinfo=UTC),
    "just before the end of a month": datetime(2026, 6, 30, 22, 59, 59, 999_999, tzinfo=UTC),
    "after the clocks went back": datetime(2025, 11, 14, 12, tzinfo=UTC),
    "after the clocks went forward": datetime(2026, 4, 2, tzinfo=UTC),
    "turn of the year": datetime(2026, 1, 1, tzinfo=UTC),
    "turn of the year in California": datetime(2026, 1, 1, 8, tzinfo=UTC),
    "an ordinary day": datetime(2026, 3, 14, 12, tzinfo=UTC),
}
