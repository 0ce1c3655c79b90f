"""A full update for every neighbourhood every month: rows in, states out."""

from __future__ import annotations

import pytest

from checks.standard import Rule
from tests.checks.commitments.cases import said
from tests.spec import rule, states

NEIGHBOURHOODS = """
neighbourhoods
neighbourhood | area | active_from | active_to
N1            | A1   | 2020-01-01  |
N2            | A1   | 2020-01-01  | 2025-12-20
"""
FULL = "crime_map | outcomes | action_taken | force_performance"


def published() -> Rule:
    return rule("update_published", target=100)


def test_states() -> None:
    updates = f"""
updates
update_id | neighbourhood | published_at     | covers_month | {FULL}
u1        | N1            | 2025-10-31 23:59 | 2025-09      | true | true  | true | true
u2        | N1            | 2025-11-30 12:00 | 2025-11      | true | true  | true | false
u3        | N2            | 2025-11-01 00:00 | 2025-12      | true | true  | true | true
u4        | N1            | 2025-12-03 12:00 | 2025-12      | true | true  | true |
u5        | N1            | 2025-12-04 12:00 | 2025-12      |      | false | true | true
u6        | N2            | 2025-12-04 12:00 |              | true | true  | true | true
"""
    assert said(NEIGHBOURHOODS + updates, published()) == {
        "N1/2025-10": "met",  # published that month counts, whatever month it covers
        "N2/2025-10": "missed",
        "N1/2025-11": "missed",  # incomplete
        "N2/2025-11": "met",
        "N1/2025-12": "missed",  # two incomplete updates do not make one
        "N2/2025-12": "excluded part_month",
        "N1/2026-01": "pending",
    }


def test_met_before_the_month_is_over_and_dated_by_its_first_day() -> None:
    updates = f"""
updates
update_id | neighbourhood | published_at     | {FULL}
u1        | N1            | 2026-01-15 12:00 | true | true | true | true
u2        | N1            | 2026-01-10 12:00 | true | true | true | true
u3        | N1            | 2026-01-05 12:00 | true | true | true | false
"""
    case = states(NEIGHBOURHOODS + updates, published())["N1/2026-01"]
    assert (case["state"], str(case["local_day"])) == ("met", "2026-01-01")
    assert str(case["clock_stopped_at"]) == "2026-01-10 12:00:00"


def test_months_are_local_across_the_clock_change() -> None:
    spec = f"""
neighbourhoods
neighbourhood | active_from
N1            | 2026-03-01

updates
update_id | neighbourhood | published_at     | {FULL}
u1        | N1            | 2026-03-01 00:00 | true | true | true | true
u2        | N1            | 2026-05-01 00:59 | true | true | true | true
"""
    assert said(spec, published(), as_at="2026-04-30 22:59:59.999999") == {
        "N1/2026-03": "met",
        "N1/2026-04": "pending",
    }
    assert said(spec, published(), as_at="2026-05-01 00:00") == {
        "N1/2026-03": "met",
        "N1/2026-04": "missed",
        "N1/2026-05": "met",
    }


@pytest.mark.parametrize("column", FULL.split(" | "))
def test_a_column_not_delivered_cannot_be_judged(column: str) -> None:
    given = dict.fromkeys(FULL.split(" | "), "true") | {column: ""}
    updates = f"""
updates
update_id | neighbourhood | published_at     | {" | ".join(given)}
u1        | N1            | 2025-12-15 12:00 | {" | ".join(given.values())}
"""
    lacks = {"updates": [f"updates.{column}", "updates.covers_month"]}
    found = states(NEIGHBOURHOODS + updates, published(), lacks=lacks)
    assert (found["N1/2025-12"]["state"], found["N1/2025-12"]["unjudgeable"]) == ("unknown", True)
    assert found["N2/2025-12"]["state"] == "excluded"
