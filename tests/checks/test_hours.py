"""Hours, weekdays and bank holidays: nights that span midnight, the clock change, the end of quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from checks.hours import Hours, Occasion, Times, cover_the_day, hours_of, overlapping, quiet_until

LONDON = ZoneInfo("Europe/London")


def hours(text: str) -> Hours:
    found = hours_of(text)
    assert found, text
    return found


def local(utc: str) -> datetime:
    return datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(LONDON)


@pytest.mark.parametrize(
    "text", ["", "22-06", "22:00", "24:00-06:00", "22:60-06:00", "22:00-24:01", "06:00-06:00", "00:00-00:00", "a:b-c:d"]
)
def test_what_are_no_hours(text: str) -> None:
    assert hours_of(text) is None


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("08:00-16:00", ("08:00", "15:59"), ("07:59", "16:00")),
        ("22:00-06:00", ("22:00", "23:59", "00:00", "05:59"), ("06:00", "21:59")),
        ("18:00-24:00", ("18:00", "23:59"), ("00:00", "17:59")),
        ("18:00-00:00", ("18:00", "23:59"), ("00:00", "17:59")),
        ("00:00-24:00", ("00:00", "23:59"), ()),
    ],
)
def test_the_end_is_not_inside(text: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    for clock in (*inside, *outside):
        minute = 60 * int(clock[:2]) + int(clock[3:])
        assert hours(text).holds(minute) is (clock in inside), clock


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("22:00-06:00", "06:00-22:00", False),
        ("22:00-06:00", "05:59-07:00", True),
        ("22:00-02:00", "23:00-24:00", True),
        ("18:00-24:00", "00:00-06:00", False),
        ("22:00-06:00", "23:00-05:00", True),
    ],
)
def test_overlaps(one: str, other: str, clash: bool) -> None:
    assert (overlapping([hours(one), hours(other)]) is not None) is clash
    assert (overlapping([hours(other), hours(one)]) is not None) is clash


def test_hours_that_never_end() -> None:
    assert cover_the_day([hours("22:00-06:00"), hours("06:00-22:00")])
    assert cover_the_day([hours("00:00-24:00")])
    assert not cover_the_day([hours("22:00-06:00"), hours("06:01-22:00")]) and not cover_the_day([])


@pytest.mark.parametrize(
    ("at", "quiet", "until"),
    [
        ("2026-03-02T23:30", ["22:00-06:00"], "2026-03-03T06:00"),
        ("2026-03-03T05:59", ["22:00-06:00"], "2026-03-03T06:00"),
        ("2026-03-03T06:00", ["22:00-06:00"], None),
        ("2026-03-02T23:30", ["22:00-24:00", "00:00-07:00"], "2026-03-03T07:00"),
        # Spring: 01:00 becomes 02:00 on 29 March; the night is an hour shorter.
        ("2026-03-28T23:30", ["22:00-06:00"], "2026-03-29T05:00"),
        ("2026-03-29T00:30", ["00:00-01:30"], "2026-03-29T01:30"),
        # Autumn: 02:00 becomes 01:00 on 25 October; the night is an hour longer.
        ("2026-10-24T22:30", ["22:00-06:00"], "2026-10-25T06:00"),
        ("2026-10-25T00:10", ["22:00-01:30"], "2026-10-25T00:30"),  # 01:10 BST: the first 01:30
        ("2026-10-25T00:40", ["22:00-01:30"], None),  # 01:40 BST
        ("2026-10-25T01:10", ["22:00-01:30"], "2026-10-25T01:30"),  # 01:10 GMT: the second 01:30
    ],
)
def test_when_quiet_hours_end(at: str, quiet: list[str], until: str | None) -> None:
    """Moments in UTC, hours by the clock of London."""
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert quiet_until([hours(each) for each in quiet], local(at)) == expected


@pytest.mark.parametrize(
    ("at", "unmet"),
    [
        ("2026-03-06T23:00", ""),  # Friday
        ("2026-03-07T02:00", ""),  # Saturday, but Friday's night
        ("2026-03-07T23:00", "weekday"),
        ("2026-03-06T02:00", "weekday"),  # Friday, but Thursday's night
        ("2026-03-06T12:00", "hours"),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(at: str, unmet: str) -> None:
    times = Times((hours("22:00-06:00"),), frozenset({4}))
    assert times.unmet(Occasion(local(at))) == unmet


def test_the_night_of_a_bank_holiday() -> None:
    night = Times((hours("22:00-06:00"),), None, True)
    assert night.unmet(Occasion(local("2026-04-07T02:00"), False, yesterday_was=True)) == ""  # after Easter Monday
    assert night.unmet(Occasion(local("2026-04-07T22:00"), False, yesterday_was=True)) == "bank_holiday"
    assert Times(bank_holiday=False).unmet(Occasion(local("2026-04-06T12:00"), True)) == "bank_holiday"
