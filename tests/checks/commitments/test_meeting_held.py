"""A public meeting every month: rows in, states out."""

from __future__ import annotations

import pytest

from checks.standard import Rule
from tests.checks.commitments.cases import said
from tests.spec import rule, states

NEIGHBOURHOODS = """
neighbourhoods
neighbourhood | area | active_from
N1            | A1   | 2020-01-01
N2            | A2   | 2020-01-01
"""


def held() -> Rule:
    return rule("meeting_held", target=100)


def test_states() -> None:
    meetings = """
meetings
meeting_id | neighbourhood | kind           | starts_at        | advertised_at | held  | cancelled_at     | attendance
m1         | N1            | meeting        | 2025-11-15 19:00 |               | true  |                  | 0
m2         | N1            | surgery        | 2025-12-01 00:00 |               | true  |                  |
m3         | N2            | meeting        | 2025-12-15 19:00 | 2025-11-01    |       |                  |
m4         | N2            | meeting        | 2025-12-16 19:00 | 2025-11-01    | false |                  |
m5         | N2            | meeting        | 2025-12-17 19:00 | 2025-11-01    | true  | 2025-12-17 12:00 |
m6         | N2            | mobile_station | 2026-01-19 19:00 |               | true  |                  |
m7         | N1            | street_briefing | 2026-01-27 19:00 | 2026-01-02   |       |                  |
"""
    assert said(NEIGHBOURHOODS + meetings, held()) == {
        "N1/2025-11": "met",
        "N2/2025-11": "missed",  # no row at all, yet the promise was made to it
        "N1/2025-12": "met",
        "N2/2025-12": "missed",  # advertised, not recorded as held; cancelled
        "N1/2026-01": "pending",  # the meeting lies ahead
        "N2/2026-01": "met",  # met before the month is over
    }


def test_nothing_counts_before_the_force_kept_the_log() -> None:
    meetings = """
meetings
meeting_id | neighbourhood | starts_at        | held
m1         | N9            | 2025-12-31 23:59 |
m2         | N1            | 2026-02-03 19:00 |
"""
    assert said(NEIGHBOURHOODS + meetings, held()) == {
        "N1/2025-12": "missed",
        "N2/2025-12": "missed",
        "N1/2026-01": "pending",
        "N2/2026-01": "pending",
    }


def test_months_active_only_in_part_are_left_out() -> None:
    spec = """
neighbourhoods
neighbourhood | active_from      | active_to
early         | 2025-11-01       | 2025-12-01
created       | 2025-11-01 00:01 |
closed        | 2020-01-01       | 2025-12-31
closing       | 2020-01-01       | 2026-01-25
next_year     | 2026-02-01       |

meetings
meeting_id | neighbourhood | starts_at        | held
m1         | early         | 2025-11-15 19:00 | true
m2         | created       | 2025-11-15 19:00 | true
"""
    assert said(spec, held()) == {
        "early/2025-11": "met",
        "created/2025-11": "excluded part_month",
        "created/2025-12": "missed",
        "created/2026-01": "pending",
        "closed/2025-11": "missed",
        "closed/2025-12": "excluded part_month",
        "closing/2025-11": "missed",
        "closing/2025-12": "missed",
        "closing/2026-01": "excluded part_month",
    }


def test_the_month_is_over_when_the_local_month_is() -> None:
    spec = """
neighbourhoods
neighbourhood | active_from
N1            | 2026-05-01

meetings
meeting_id | neighbourhood | starts_at        | held
m1         | N1            | 2026-05-31 23:59 | true
m2         | N1            | 2026-07-01 00:30 | true
"""
    june = {"N1/2026-05": "met", "N1/2026-06": "pending"}
    assert said(spec, held(), as_at="2026-06-30 22:59:59.999999") == june
    # Local midnight of 1 July is 23:00 in UTC: June is over at that very moment, and July has begun.
    july = {"N1/2026-05": "met", "N1/2026-06": "missed", "N1/2026-07": "pending"}
    assert said(spec, held(), as_at="2026-06-30 23:00") == july
    assert said(spec, held(), as_at="2026-07-02 00:00") == {**july, "N1/2026-07": "met"}


def test_the_clock_and_the_day_of_a_case() -> None:
    spec = """
neighbourhoods
neighbourhood | area | active_from
N1            | A1   | 2020-01-01

meetings
meeting_id | neighbourhood | starts_at        | held
second     | N1            | 2025-10-21 19:00 | true
first      | N1            | 2025-10-14 19:00 | true
"""
    case = states(spec, held())["N1/2025-10"]
    told = {name: str(case[name]) for name in ("area", "neighbourhood", "local_day", "covers")}
    assert told == {"area": "A1", "neighbourhood": "N1", "local_day": "2025-10-01", "covers": "month"}
    # From British summer time into winter: October begins at 23:00 and ends at 00:00 in UTC.
    assert str(case["clock_started_at"]) == "2025-09-30 23:00:00"
    assert str(case["due_at"]) == "2025-11-01 00:00:00"
    assert str(case["clock_stopped_at"]) == "2025-10-14 18:00:00"


@pytest.mark.parametrize(("held_in_december", "state"), [("", "unknown"), ("true", "met")])
def test_a_column_not_delivered_cannot_be_judged(held_in_december: str, state: str) -> None:
    spec = f"""
neighbourhoods
neighbourhood | active_from | active_to
N1            | 2020-01-01  | 2026-01-01
N2            | 2020-01-01  | 2026-01-01

meetings
meeting_id | neighbourhood | starts_at        | held
m1         | N1            | 2025-12-14 19:00 | {held_in_december}
"""
    found = states(spec, held(), lacks={"meetings": ["meetings.held", "meetings.attendance"]})
    assert found["N1/2025-12"]["state"] == state
    assert found["N1/2025-12"]["unjudgeable"] is (state == "unknown")
    # Where no source ever says whether a meeting was held, a month without a row says nothing either.
    assert found["N2/2025-12"]["unjudgeable"]
