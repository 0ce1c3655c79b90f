"""How often and how long a victim is kept informed agreed with them: rows in, states out."""

# ruff: noqa: E501 (tables of text)

from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Limit, Rule
from tests.spec import check, rule

# 28 days after 1 January, 10:00, are over on 29 January, 10:00.
AS_AT = datetime(2026, 2, 10, 6, tzinfo=UTC)


def agreed(**definition: str) -> Rule:
    return rule("contact_agreed", {"": Limit(28, "days")}, 100, **definition)


def test_states() -> None:
    check(
        """
        victim_cases
        crime_id       | opened_at           | agreed_at                  | updates_declined_at        | closed_at           | => state | reason
        at_once        | 2026-01-01 10:00:00 | 2026-01-01 10:00:00        |                            |                     | met      |
        on_the_limit   | 2026-01-01 10:00:00 | 2026-01-29 10:00:00        |                            |                     | met      |
        just_outside   | 2026-01-01 10:00:00 | 2026-01-29 10:00:00.000001 |                            |                     | missed   |
        never          | 2026-01-01 10:00:00 |                            |                            |                     | missed   |
        runs_until_now | 2026-01-13 06:00:00 |                            |                            |                     | pending  |
        ran_out        | 2026-01-13 05:59:59 |                            |                            |                     | missed   |
        as_it_closed   | 2026-01-01 10:00:00 | 2026-01-05 10:00:00        |                            | 2026-01-05 10:00:00 | met      |
        after_closing  | 2026-01-01 10:00:00 | 2026-01-05 10:00:01        |                            | 2026-01-05 10:00:00 | missed   |
        closed_without | 2026-02-08 10:00:00 |                            |                            | 2026-02-09 10:00:00 | missed   |
        declined       | 2026-01-01 10:00:00 |                            | 2026-01-02 10:00:00        |                     | excluded | declined
        declined_edge  | 2026-01-01 10:00:00 |                            | 2026-01-29 10:00:00        |                     | excluded | declined
        declined_late  | 2026-01-01 10:00:00 |                            | 2026-01-29 10:00:00.000001 |                     | missed   |
        declined_after | 2026-01-01 10:00:00 | 2026-01-02 10:00:00        | 2026-01-03 10:00:00        |                     | met      |
        declined_first | 2026-01-01 10:00:00 | 2026-01-03 10:00:00        | 2026-01-02 10:00:00        |                     | excluded | declined
        declined_shut  | 2026-01-01 10:00:00 |                            | 2026-01-06 10:00:00        | 2026-01-05 10:00:00 | missed   |
        backwards      | 2026-01-01 10:00:00 | 2025-12-31 10:00:00        |                            |                     | unknown  |
        closed_before  | 2026-01-01 10:00:00 | 2026-01-02 10:00:00        |                            | 2025-12-31 10:00:00 | unknown  |
        """,
        agreed(),
        AS_AT,
    )


def test_28_days_are_local_days_across_a_clock_change() -> None:
    check(
        """
        victim_cases
        crime_id | opened_at           | agreed_at           | => state | due_at              | elapsed_seconds
        spring   | 2026-03-10 10:00:00 | 2026-04-07 10:00:00 | met      | 2026-04-07 09:00:00 | 2415600.0
        late     | 2026-03-10 10:00:00 | 2026-04-07 10:00:01 | missed   | 2026-04-07 09:00:00 | 2415601.0
        autumn   | 2025-10-10 10:00:00 | 2025-11-07 10:00:00 | met      | 2025-11-07 10:00:00 | 2422800.0
        """,
        agreed(),
        datetime(2026, 4, 20, tzinfo=UTC),
    )


def test_the_exact_limit_is_outside_when_the_limit_is_under() -> None:
    check(
        """
        victim_cases
        crime_id     | opened_at           | agreed_at           | => state
        on_the_limit | 2026-01-01 10:00:00 | 2026-01-29 10:00:00 | missed
        """,
        agreed(limit="under"),
        AS_AT,
    )


def test_a_column_that_is_not_delivered_cannot_be_judged() -> None:
    check(
        """
        victim_cases
        crime_id | opened_at           | agreed_at | => state | unjudgeable
        a_case   | 2026-01-01 10:00:00 |           | unknown  | True
        """,
        agreed(),
        AS_AT,
        lacks={"victim_cases": ["victim_cases.agreed_at"]},
    )
