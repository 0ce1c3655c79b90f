"""Public counters open when they are said to be: rows in, states out."""

from __future__ import annotations

import pytest

from checks.standard import Rule
from tests.spec import check, rule


def found_open() -> Rule:
    return rule("open_as_advertised", target=100)


def test_states() -> None:
    check(
        """
        counter_visits
        visit_id | area | visited_at | advertised_open | found_open | => state | reason | area | elapsed_seconds
        open     | A1   | 12:00:00   | true            | true       | met      |        | A1   |
        shut     |      | 12:00:00   | true            | false      | missed   |        |      |
        not_said |      | 12:00:00   | true            |            | missed   |        |      |

        counter_visits
        visit_id     | visited_at | advertised_open | found_open
        out_of_hours | 22:00:00   | false           | false
        lucky        | 22:00:00   | false           | true
        unheard_of   | 22:00:00   |                 | true
        to_come      | 2026-01-21 | true            | true
        """,
        found_open(),
    )


def test_a_visit_belongs_to_its_local_day_also_when_the_clocks_change() -> None:
    check(
        """
        counter_visits
        visit_id  | visited_at                | advertised_open | found_open | => state | local_day
        new_day   | 2025-10-25T23:30:00+00:00 | true            | true       | met      | 2025-10-26
        long_day  | 2025-10-26T23:30:00+00:00 | true            | false      | missed   | 2025-10-26
        """,
        found_open(),
    )


@pytest.mark.parametrize("column", ["advertised_open", "found_open"])
def test_a_column_not_delivered_cannot_be_judged(column: str) -> None:
    given = {"advertised_open": "true", "found_open": "true"} | {column: ""}
    check(
        f"""
        counter_visits
        visit_id | visited_at | {" | ".join(given)} | => state | unjudgeable
        visit    | 12:00:00   | {" | ".join(given.values())} | unknown | True
        """,
        found_open(),
        lacks={"counter_visits": [f"counter_visits.{column}"]},
    )
