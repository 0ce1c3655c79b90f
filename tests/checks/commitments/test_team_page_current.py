"""The team's page kept up to date: rows in, states out."""

from __future__ import annotations

from checks.standard import Limit, Rule
from tests.spec import check, rule, states


def current(edge: str = "within") -> Rule:
    return rule("team_page_current", {"": Limit(3, "months")}, 100, limit=edge)


def test_without_a_limit_the_age_of_the_page_is_published() -> None:
    check(
        """
        team_pages
        case                    | neighbourhood | checked_at | last_changed_at  | => state | elapsed_seconds | local_day
        N1/2026-01-14T12:00:00Z | N1            | 12:00:00   | 2026-01-13 12:00 | timed    | 86400.0     | 2026-01-14
        N2/2026-01-14T12:00:00Z | N2            | 12:00:00   | 2019-01-14 12:00 | timed    | 220924800.0 | 2026-01-14
        N3/2026-01-14T12:00:00Z | N3            | 12:00:00   | 12:00:00         | timed    | 0.0         | 2026-01-14
        N4/2026-01-14T12:00:00Z | N4            | 12:00:00   |                  | unknown  |             | 2026-01-14
        N5/2026-01-14T12:00:00Z | N5            | 12:00:00   | 12:00:00.000001  | unknown  |             | 2026-01-14
        """,
        rule("team_page_current", target=None),
    )


def test_three_calendar_months_across_a_clock_change() -> None:
    spec = """
        team_pages
        case                    | neighbourhood | checked_at | last_changed_at            | => state
        N1/2026-01-14T12:00:00Z | N1            | 12:00:00   | 2025-10-14 12:00:00        | {edge}
        N2/2026-01-14T12:00:00Z | N2            | 12:00:00   | 2025-10-14 11:59:59.999999 | missed
        N3/2026-01-14T12:00:00Z | N3            | 12:00:00   | 2025-10-14 12:00:00.000001 | met
        """
    # The same wall time three months later: between the two the clocks go back.
    check(spec.format(edge="met"), current())
    check(spec.format(edge="missed"), current("under"))


def test_three_months_after_the_last_of_november_is_the_last_of_february() -> None:
    check(
        """
        team_pages
        case                    | neighbourhood | checked_at | last_changed_at | => state | due_at
        N1/2025-02-28T09:00:00Z | N1            | 2025-02-28 09:00 | 2024-11-30 09:00 | met | 2025-02-28 09:00:00
        N1/2025-02-28T09:00:01Z | N1            | 2025-02-28 09:00:01 | 2024-11-30 09:00 | missed | 2025-02-28 09:00:00
        """,
        current(),
    )


def test_a_check_belongs_to_its_own_day_however_old_the_page() -> None:
    spec = """
team_pages
neighbourhood | checked_at           | last_changed_at
N1            | 2025-10-25T23:30:00Z | 2011-05-01 12:00:00
"""
    [case] = states(spec, current()).values()
    assert (str(case["local_day"]), str(case["clock_started_at"])) == ("2025-10-26", "2011-05-01 11:00:00")


def test_a_column_not_delivered_cannot_be_judged() -> None:
    spec = """
team_pages
neighbourhood | checked_at
N1            | 12:00:00
"""
    [case] = states(spec, current(), lacks={"team_pages": ["team_pages.last_changed_at"]}).values()
    assert (case["state"], case["unjudgeable"]) == ("unknown", True)
    [case] = states(spec, current(), lacks={"team_pages": ["team_pages.base_given"]}).values()
    assert (case["state"], case["unjudgeable"]) == ("unknown", False)
