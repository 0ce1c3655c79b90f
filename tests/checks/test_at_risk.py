"""What is about to run out, in which order, and what became of it: edges first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.at_risk import DAY_BEFORE, LAST_DAYS, SOON, Clock, Listed, at_risk, groups, horizon, outcome
from checks.commitment import measures
from connectors.settings import Settings
from dags.plan import chosen_standards

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOURS = {"message_answered": SOON, "victim_updated": DAY_BEFORE}
MICRO = timedelta(microseconds=1)


def clock(
    case: str = "M1", due: timedelta | None = timedelta(hours=1), state: str = "pending", **more: object
) -> Clock:
    told = {"measure": "message_answered", "force": "norfolk", "area": "Central"} | more
    return Clock(case_id=case, state=state, due_at=None if due is None else NOW + due, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "is_listed"),
    [
        (timedelta(0), True),  # not over yet: a clock may stop at its very limit
        (-MICRO, False),
        (SOON, True),
        (SOON + MICRO, False),
        (None, False),
    ],
)
def test_the_horizon_has_exact_edges(due: timedelta | None, is_listed: bool) -> None:
    assert bool(at_risk([clock(due=due)], NOW, HOURS)) is is_listed


@pytest.mark.parametrize("state", ["met", "missed", "unknown", "excluded", "timed"])
def test_only_open_clocks_are_at_risk(state: str) -> None:
    assert at_risk([clock(state=state)], NOW, HOURS) == []


def test_soonest_first_once_a_case_and_only_what_is_watched() -> None:
    late, soon = clock("M2", timedelta(hours=3)), clock("M1", timedelta(hours=2))
    by_another_standard = replace(soon, due_at=NOW + timedelta(hours=1))
    answered_999 = clock("C1", timedelta(seconds=5), measure="answer_999")
    found = at_risk([late, soon, by_another_standard, answered_999], NOW, HOURS)
    assert found == [by_another_standard, late]


def test_grouped_by_promise_and_force_the_soonest_group_first() -> None:
    clocks = [clock("M1"), clock("M2", timedelta(minutes=1)), clock("M3", timedelta(0), force="kent")]
    assert [(group.force, [each.case_id for each in group.clocks]) for group in groups(clocks)] == [
        ("kent", ["M3"]),
        ("norfolk", ["M2", "M1"]),
    ]
    assert groups([]) == []


@pytest.mark.parametrize(
    ("standard", "measure", "expected"),
    [
        ("policing_pledge_2008", "message_answered", SOON),  # 24 hours
        ("policing_pledge_2008", "appointment_offered", SOON),  # 48 hours
        ("neighbourhood_policing_guarantee_2025", "message_answered", DAY_BEFORE),  # 72 hours
        ("policing_pledge_2008", "victim_updated", DAY_BEFORE),  # 1 month
        ("policing_pledge_2008", "plan_kept", DAY_BEFORE),  # the case's own date
        ("policing_pledge_2008", "meeting_held", LAST_DAYS),  # once a month
    ],
)
def test_the_horizon_follows_the_limit_of_the_standard(standard: str, measure: str, expected: timedelta) -> None:
    (each,) = chosen_standards(Settings(), (standard,))
    rules = [rule for rule in each.rules if rule.measure == measure]
    assert rules and horizon(rules, measures()[measure].periods) == expected


LISTED = Listed("message_answered", "norfolk", "M1", NOW + timedelta(hours=1), NOW)


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([clock()], None),
        ([clock(state="met", stopped_at=NOW + MICRO)], "saved"),
        ([clock(state="met", stopped_at=NOW)], "gone"),  # met before it was listed: the record came late
        ([clock(state="met")], "saved"),
        ([clock(state="missed")], "missed"),
        ([clock(state="excluded")], "gone"),
        ([clock(state="unknown")], "gone"),
        ([clock(due=timedelta(hours=2))], "gone"),  # put off: another clock
        ([], "gone"),  # withdrawn
    ],
)
def test_what_became_of_a_listed_clock(judged: list[Clock], expected: str | None) -> None:
    assert outcome(LISTED, judged) == expected
