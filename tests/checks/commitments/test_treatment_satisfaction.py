"""People satisfied with how they were treated: rows in, states out."""

from __future__ import annotations

from datetime import UTC, datetime

from checks.standard import Rule
from tests.spec import check, rule


def satisfied() -> Rule:
    return rule("treatment_satisfaction", target=None)


def test_states() -> None:
    check(
        """
        surveys
        response_id | area | answered_on | treatment_satisfied | overall_satisfied | => state | local_day | area
        yes         | A1   | 2026-01-14  | true                | false             | met      | 2026-01-14 | A1
        no          |      | 2026-01-14  | false               | true              | missed   | 2026-01-14 |
        not_said    |      | 2026-01-14  |                     | true              | missed   | 2026-01-14 |
        """,
        satisfied(),
    )


def test_a_response_belongs_to_its_local_day_on_either_side_of_a_clock_change() -> None:
    check(
        """
        surveys
        response_id | answered_on | treatment_satisfied | => state | local_day | clock_started_at
        summer      | 2025-10-26  | true                | met      | 2025-10-26 | 2025-10-25 23:00:00
        winter      | 2025-10-27  | true                | met      | 2025-10-27 | 2025-10-27 00:00:00
        """,
        satisfied(),
    )


def test_a_response_of_a_day_to_come_is_not_known_yet() -> None:
    spec = """
        surveys
        response_id | answered_on | treatment_satisfied | => state
        today       | 2025-07-01  | true                | met
        {tomorrow}

        surveys
        response_id | answered_on | treatment_satisfied
        tomorrow    | 2025-07-02  | true
        """
    # 23:00 in UTC is midnight in London, where the next day begins.
    check(spec.format(tomorrow=""), satisfied(), datetime(2025, 7, 1, 22, 59, 59, tzinfo=UTC))
    expected = "tomorrow | 2025-07-02 | true | met"
    check(spec.format(tomorrow=expected), satisfied(), datetime(2025, 7, 1, 23, tzinfo=UTC))


def test_a_column_not_delivered_cannot_be_judged() -> None:
    spec = """
        surveys
        response_id | answered_on | treatment_satisfied | => state | unjudgeable
        response    | 2026-01-14  |                     | {state}
        """
    lacks = {"surveys": ["surveys.treatment_satisfied"]}
    check(spec.format(state="unknown | True"), satisfied(), lacks=lacks)
    check(spec.format(state="missed | False"), satisfied(), lacks={"surveys": ["surveys.overall_satisfied"]})
