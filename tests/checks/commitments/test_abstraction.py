"""Teams taken off neighbourhood business: rows in, shares and states out."""

from __future__ import annotations

import pytest

from checks.standard import Limit, Rule
from tests.checks.commitments.cases import said, shares
from tests.spec import rule

NEIGHBOURHOODS = """
neighbourhoods
neighbourhood | active_from | active_to
N1            | 2025-10-01  |
N2            | 2025-10-01  | 2025-12-31
"""
HEAD = "duty_id | neighbourhood | officer_id | started_at | ended_at | activity"


def taken(limit: int | None = 10, edge: str = "within") -> Rule:
    return rule("abstraction", {"": Limit(limit, "percent")} if limit is not None else {}, None, limit=edge)


def duties(*rows: str) -> str:
    numbered = "\n".join(f"d{number} | {row}" for number, row in enumerate(rows))
    return f"{NEIGHBOURHOODS}\nduties\n{HEAD}\n{numbered}\n"


@pytest.mark.parametrize(
    ("taken_until", "within", "under"),
    [
        ("09:00", "met", "missed"),  # 1 hour of 10: exactly the limit
        ("09:00:00.000001", "missed", "missed"),
        ("08:59:59.999999", "met", "met"),
    ],
)
def test_the_limit(taken_until: str, within: str, under: str) -> None:
    spec = duties(
        f"N1 | o1 | 2025-12-02 08:00 | 2025-12-02 {taken_until} | abstracted",
        f"N1 | o1 | 2025-12-02 {taken_until} | 2025-12-02 14:00 | visible",
        "N1 | o2 | 2025-12-03 14:00 | 2025-12-03 18:00 | neighbourhood_other",
    )
    assert said(spec, taken())["N1/2025-12"] == within
    assert said(spec, taken(edge="under"))["N1/2025-12"] == under
    assert said(spec, taken(limit=None))["N1/2025-12"] == "timed"


def test_states() -> None:
    spec = duties(
        "N1 | o1 | 2025-10-05 08:00 | 2025-10-05 16:00 | visible",
        "N1 | o1 | 2025-11-05 08:00 | 2025-11-05 16:00 | abstracted",
        "N1 | o1 | 2025-12-05 08:00 | 2025-12-05 16:00 | leave",
        "N1 | o1 | 2026-01-05 08:00 | 2026-01-05 16:00 | visible",
        "N2 | o2 | 2025-11-05 08:00 | 2025-11-05 07:59 | abstracted",
        "N2 | o2 | 2025-12-05 08:00 | 2025-12-05 16:00 | visible",
    )
    assert said(spec, taken()) == {
        "N1/2025-10": "met",
        "N1/2025-11": "missed",
        "N1/2025-12": "unknown",  # nobody on duty
        "N1/2026-01": "pending",
        "N2/2025-10": "unknown",
        "N2/2025-11": "unknown",  # a duty that ends before it begins
        "N2/2025-12": "excluded part_month",
    }
    assert said(spec, taken(limit=0))["N1/2025-10"] == "met"


def test_overlapping_duties_count_once_abstraction_first() -> None:
    spec = duties(
        "N1 | o1 | 2025-12-02 08:00 | 2025-12-02 18:00 | visible",
        "N1 | o1 | 2025-12-02 09:00 | 2025-12-02 10:30 | abstracted",
        "N1 | o1 | 2025-12-02 10:00 | 2025-12-02 11:00 | abstracted",
        "N1 | o1 | 2025-12-02 10:30 | 2025-12-02 13:00 | training",
        "N1 | o2 | 2025-12-02 09:00 | 2025-12-02 10:00 | abstracted",
    )
    assert shares(spec, taken())["N1/2025-12"] == (3, 9)


def test_nights_month_ends_and_clock_changes() -> None:
    spec = duties(
        "N1 | o1 | 2025-10-25 22:00 | 2025-10-26 06:00 | abstracted",
        "N1 | o1 | 2025-10-31 22:00 | 2025-11-01 06:00 | abstracted",
    )
    found = shares(spec, taken())
    assert (found["N1/2025-10"], found["N1/2025-11"]) == ((11, 11), (6, 6))
