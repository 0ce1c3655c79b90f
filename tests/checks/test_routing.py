"""Matching and choosing: the first route that matches, why others do not, and tables that cannot be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from checks.changes import Kind, Subject
from checks.errors import UsageError
from checks.hours import Occasion
from checks.matching import Matcher, matcher_again, matcher_of
from checks.routing import Route, choose, passed_over, reached_twice, unreachable

NOON = Occasion(datetime(2026, 3, 6, 12, tzinfo=ZoneInfo("Europe/London")))
NIGHT = Occasion(datetime(2026, 3, 6, 23, tzinfo=ZoneInfo("Europe/London")))
MISS = Subject(Kind.FIRST_MISS, "norfolk", "", 3, "answer_999", "high")
FEED = Subject(Kind.CANNOT_JUDGE, "norfolk", "", None, "", "high")


def routes(*tables: tuple[str, dict[str, Any]]) -> list[Route]:
    return [Route(name, f"C{name.upper():0>9}", matcher_of("test", keys)) for name, keys in tables]


@pytest.mark.parametrize(
    ("keys", "subject", "why"),
    [
        ({}, MISS, ""),
        ({"force": "norfolk", "measure": ["answer_999"], "kind": "first_miss", "severity": "high"}, MISS, ""),
        ({"force": ["suffolk", "essex"]}, MISS, "force: norfolk is not essex or suffolk"),
        ({"area": "North"}, MISS, "area: none ('') is not North"),
        ({"area": ""}, MISS, ""),
        ({"commitment": [3]}, FEED, "commitment: none ('') is not 3"),
        ({"measure": ""}, FEED, ""),
        ({"measure": ""}, MISS, "measure: answer_999 is not none ('')"),
        ({"hours": "22:00-06:00"}, MISS, "hours: 12:00 is not in 22:00-06:00"),
        ({"weekday": ["sat", "sunday"]}, MISS, "weekday: Friday 12:00 is not of sat, sun"),
        ({"bank_holiday": True}, MISS, "bank_holiday: Friday 06 March 2026 is none"),
    ],
)
def test_every_key_matches_or_says_why_not(keys: dict[str, Any], subject: Subject, why: str) -> None:
    matcher = matcher_of("test", keys)
    assert matcher.unmet(subject, NOON) == why
    assert matcher_again(matcher.as_mapping()) == matcher_of("test", matcher.as_mapping()) == matcher


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"forces": "norfolk"}, "there is no key forces; one of force"),
        ({"force": "norfolc"}, "no force is called norfolc; norfolk"),
        ({"measure": "answer_99"}, "Did you mean answer_999?"),
        ({"kind": "miss"}, "there is no kind miss"),
        ({"severity": "urgent"}, "there is no severity urgent"),
        ({"commitment": 11}, "commitment 11 does not exist"),
        ({"commitment": True}, "commitment True does not exist"),
        ({"commitment": 9, "measure": "answer_999"}, "measure answer_999 belongs to commitment"),
        ({"hours": "9-5"}, "hours 9-5 are no hours"),
        ({"hours": 1320}, "hours 1320 are no hours"),
        ({"hours": ["22:00-06:00", "05:00-07:00"]}, "hours 22:00-06:00 and 05:00-07:00 overlap"),
        ({"weekday": "someday"}, "someday is no weekday"),
        ({"bank_holiday": "yes"}, "bank_holiday is neither true nor false"),
        ({"force": []}, "force is empty or no list"),
        ({"force": None}, "force is empty or no list"),
        ({"force": 7}, "force 7 is no text"),
        (["force"], "what it matches is no mapping"),
    ],
)
def test_a_wrong_matcher_is_refused_in_one_sentence(keys: object, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        matcher_of("test", keys, ("norfolk", "suffolk"))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_first_match_wins() -> None:
    table = routes(
        ("a", {"force": "suffolk"}), ("b", {"hours": "22:00-06:00"}), ("c", {"kind": "first_miss"}), ("d", {})
    )
    assert choose(table, MISS, NOON).route.name == "c"
    assert choose(table, MISS, NIGHT).route.name == "b"
    assert choose(table, FEED, NOON).route.name == "d"
    assert [(route.name, why.split(":")[0]) for route, why in passed_over(table, MISS, NOON)] == [
        ("a", "force"), ("b", "hours"),
    ]  # fmt: skip


def test_quiet_hours_hold_or_only_call_nobody() -> None:
    quiet = matcher_of("test", {"hours": "22:00-06:00"}).times.hours
    hold = Route("hold", "C0123456789", mention="S0123456789", quiet=quiet)
    found = choose([hold], MISS, NIGHT)
    assert (found.mention, found.held_until) == ("S0123456789", datetime(2026, 3, 7, 6, tzinfo=UTC))
    found = choose([Route("call nobody", "C0123456789", mention="S0123456789", quiet=quiet, holds=False)], MISS, NIGHT)
    assert (found.mention, found.held_until, found.is_quiet) == ("", None, True)
    found = choose([hold], MISS, NOON)
    assert (found.mention, found.held_until) == ("S0123456789", None)


@pytest.mark.parametrize(
    ("tables", "lost"),
    [
        ([{}, {"force": "norfolk"}], 1),
        ([{"force": ["norfolk", "suffolk"]}, {"force": "norfolk", "severity": "high"}, {}], 1),
        ([{"force": "norfolk"}, {"severity": "high"}, {"force": "norfolk", "severity": "high"}, {}], 2),
        # Nothing is left by two that exclude each other.
        ([{"bank_holiday": True}, {"bank_holiday": False}, {}], 2),
        ([{"hours": "22:00-06:00"}, {"hours": "06:00-22:00"}, {}], 2),
        ([{"weekday": ["mon", "tue", "wed", "thu", "fri"]}, {"weekday": ["sat", "sun"]}, {}], 2),
        ([{"kind": [each.value for each in Kind]}, {}], 1),
        ([{"severity": ["high", "medium", "low", ""]}, {}], 1),
        # Friday's night ends on Saturday: the one of Friday's day does not take it.
        ([{"weekday": "fri"}, {"weekday": "fri", "hours": "22:00-06:00"}, {}], None),
        ([{"weekday": ["fri", "sat"]}, {"weekday": "fri", "hours": "22:00-06:00"}, {}], 1),
        ([{"force": "norfolk"}, {"force": ["norfolk", "suffolk"]}, {}], None),
        ([{"hours": "22:00-06:00"}, {"bank_holiday": True}, {}], None),
    ],
)
def test_a_route_that_nothing_reaches(tables: list[dict[str, Any]], lost: int | None) -> None:
    table = routes(*((f"r{n}", keys) for n, keys in enumerate(tables)))
    found = unreachable(table)
    assert (found and found[0].name) == (None if lost is None else f"r{lost}")


def test_unreachable_agrees_with_asking_every_subject() -> None:
    """A slow, obvious oracle: whatever is said to be reached is reached by some announcement."""
    tables = [{"force": "norfolk", "hours": "20:00-04:00"}, {"weekday": ["fri"]}, {"force": "norfolk"},
              {"kind": "at_risk", "bank_holiday": False}, {"hours": "04:00-20:00"}, {}]  # fmt: skip
    table = routes(*((f"r{n}", keys) for n, keys in enumerate(tables)))
    reached = set()
    for force in ("norfolk", "kent"):
        for kind in Kind:
            for day in range(2, 9):
                for hour in range(24):
                    for today in (False, True):
                        local = datetime(2026, 3, day, hour, tzinfo=ZoneInfo("Europe/London"))
                        subject = Subject(kind, force, "", 3, "answer_999", "high")
                        reached.add(choose(table, subject, Occasion(local, today)).route.name)
    assert unreachable(table) is None and reached == {route.name for route in table}


def test_hours_that_compete() -> None:
    table = routes(
        ("day", {"force": "kent", "hours": "06:00-22:00"}), ("night", {"force": "kent", "hours": "21:00-06:00"})
    )
    found = reached_twice(table)
    assert found and found[2] == "06:00-22:00 and 21:00-06:00"
    other = routes(("day", {"force": "kent", "hours": "06:00-22:00"}), ("night", {"hours": "21:00-06:00"}))
    assert reached_twice(other) is None, "they differ in more than their hours"
    assert reached_twice([*other, Route("rest", "C0123456789", Matcher())]) is None
