"""Advice, an answer or a referral where nobody is sent: rows in, states out."""

# ruff: noqa: E501 (tables of text)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.standard import Rule
from tests.spec import DEFAULTS, check, rule

ADVICE = "resolution_without_deployment"


def given(**definition: str) -> Rule:
    return rule("advice_given", None, 100, **definition)


@pytest.fixture(autouse=True)
def nobody_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every incident of these specs is graded so, unless it says otherwise."""
    monkeypatch.setitem(DEFAULTS, "incidents", {**DEFAULTS["incidents"], "grade_first": ADVICE})


def test_states() -> None:
    check(
        """
        incidents
        incident_id        | received_at | advice_given_at | cancelled_at    | closed_at | => state | reason | elapsed_seconds
        given              | 12:00:00    | 12:05:00        |                 | 12:10:00  | met      |        | 300.0
        given_and_open     | 12:00:00    | 12:05:00        |                 |           | met      |        | 300.0
        at_once            | 12:00:00    | 12:00:00        |                 |           | met      |        | 0.0
        given_as_it_closed | 12:00:00    | 12:10:00        |                 | 12:10:00  | met      |        | 600.0
        given_afterwards   | 12:00:00    | 12:10:00.000001 |                 | 12:10:00  | missed   |        | 600.000001
        closed_without     | 12:00:00    |                 |                 | 12:10:00  | missed   |        |
        open_without       | 12:00:00    |                 |                 |           | pending  |        |
        given_before       | 12:00:00    | 11:59:59.999999 |                 | 12:10:00  | unknown  |        |
        cancelled          | 12:00:00    |                 | 12:05:00        |           | excluded | cancelled |
        cancelled_closed   | 12:00:00    |                 | 12:10:00        | 12:10:00  | excluded | cancelled |
        cancelled_late     | 12:00:00    |                 | 12:10:00.000001 | 12:10:00  | missed   |        |
        cancelled_first    | 12:00:00    | 12:06:00        | 12:05:00        | 12:10:00  | excluded | cancelled |
        cancelled_as_given | 12:00:00    | 12:05:00        | 12:05:00        | 12:10:00  | met      |        | 300.0
        cancelled_after    | 12:00:00    | 12:05:00        | 12:06:00        | 12:10:00  | met      |        | 300.0
        """,
        given(),
    )


def test_population() -> None:
    check(
        """
        incidents
        incident_id | origin  | duplicate_of | vulnerable | received_at | advice_given_at | => state | reason
        public      | public  |              |            | 12:00:00    | 12:05:00        | met      |
        vulnerable  | partner |              | true       | 12:00:00    | 12:05:00        | met      |
        officer     | officer |              |            | 12:00:00    | 12:05:00        | excluded | officer_initiated
        duplicate   | officer | i1           |            | 12:00:00    | 12:05:00        | excluded | duplicate
        test        | test    | i1           |            | 12:00:00    | 11:00:00        | excluded | test

        incidents
        incident_id | grade_first | received_at | advice_given_at
        emergency   | emergency   | 12:00:00    | 12:05:00
        priority    | priority    | 12:00:00    | 12:05:00
        scheduled   | scheduled   | 12:00:00    | 12:05:00
        """,
        given(),
    )


def test_limit_under_counts_advice_at_the_very_closing_as_too_late() -> None:
    check(
        """
        incidents
        incident_id        | received_at | advice_given_at | cancelled_at | closed_at | => state
        just_before        | 12:00:00    | 12:09:59.999999 |              | 12:10:00  | met
        given_as_it_closed | 12:00:00    | 12:10:00        |              | 12:10:00  | missed
        cancelled_closed   | 12:00:00    |                 | 12:10:00     | 12:10:00  | missed
        """,
        given(limit="under"),
    )


def test_grade() -> None:
    spec = """
        incidents
        incident_id | grade_first | grade_final | received_at | advice_given_at | => state
        kept        | {advice}    |             | 12:00:00    | 12:05:00        | met
        {case}      | {graded}    | 12:00:00    | 12:05:00    | met

        incidents
        incident_id | grade_first | grade_final | received_at | advice_given_at
        {other}     | {regraded}  | 12:00:00    | 12:05:00
        """
    away, back = f"{ADVICE} | priority", f"priority | {ADVICE}"
    first = spec.format(advice=ADVICE, case="away", graded=away, other="back", regraded=back)
    check(first, given(grade="first_set"))
    final = spec.format(advice=ADVICE, case="back", graded=back, other="away", regraded=away)
    check(final, given(grade="final"))


def test_nothing_after_the_moment_of_judging_is_known() -> None:
    check(
        """
        incidents
        incident_id  | received_at | advice_given_at | closed_at       | => state
        closes_now   | 12:00:00    |                 | 12:10:00        | missed
        closes_later | 12:00:00    |                 | 12:10:00.000001 | pending
        given_later  | 12:00:00    | 12:10:00.000001 |                 | pending
        """,
        given(),
        datetime(2026, 1, 14, 12, 10, tzinfo=UTC),
    )


def test_the_hour_the_clocks_go_back_keeps_its_order() -> None:
    check(
        """
        incidents
        incident_id | received_at               | advice_given_at           | closed_at                 | => state | local_day
        in_time     | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:50:00+01:00 | 2025-10-26T01:10:00+00:00 | met      | 2025-10-26
        too_late    | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:10:00+00:00 | 2025-10-26T01:50:00+01:00 | missed   | 2025-10-26
        not_before  | 2025-10-26T01:30:00+01:00 | 2025-10-26T01:10:00+00:00 |                           | met      | 2025-10-26
        """,
        given(),
    )


@pytest.mark.parametrize(("column", "definition"), [("advice_given_at", {}), ("grade_final", {"grade": "final"})])
def test_a_column_not_delivered_cannot_be_judged(column: str, definition: dict[str, str]) -> None:
    spec = """
        incidents
        incident_id | received_at | advice_given_at | => state | unjudgeable
        incident    | 12:00:00    | 12:05:00        | {state}
        """
    lacks = {"incidents": [f"incidents.{column}", "incidents.arrived_at"]}
    check(spec.format(state="unknown | True"), given(**definition), lacks=lacks)
    if definition:
        check(spec.format(state="met | False"), given(), lacks=lacks)
