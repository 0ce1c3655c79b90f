"""Officers leaving their neighbourhood team: rows in, shares and states out."""

from __future__ import annotations

import pytest

from checks.standard import Limit, Rule
from tests.checks.commitments.cases import said, shares
from tests.spec import rule, states

NEIGHBOURHOODS = """
neighbourhoods
neighbourhood | active_from | active_to
N1            | 2024-01-01  |
"""
HEAD = "officer_id | neighbourhood | started_on | ended_on"


def leaving(limit: int | None = None) -> Rule:
    return rule("turnover", {"": Limit(limit, "percent")} if limit else {}, None)


def postings(*rows: str, neighbourhoods: str = NEIGHBOURHOODS) -> str:
    posted = "\n".join(rows)
    return f"{neighbourhoods}\npostings\n{HEAD}\n{posted}\n"


def of_2025(*rows: str) -> tuple[float, float]:
    """Leavers x days and officer days of the twelve months to December 2025."""
    return shares(postings("o0 | N1 | 2024-12-01 |", *rows), leaving(), unit=1)["N1/2025-12"]


@pytest.mark.parametrize(
    ("posting", "leavers", "officer_days"),
    [
        ("o1 | N1 | 2024-12-01 |", 0, 365),
        ("o1 | N1 | 2024-12-01 | 2025-12-31", 1, 365),
        ("o1 | N1 | 2024-12-01 | 2026-01-01", 0, 365),
        ("o1 | N1 | 2024-12-01 | 2025-01-01", 1, 1),
        ("o1 | N1 | 2024-12-01 | 2024-12-31", 0, 0),
        ("o1 | N1 | 2025-12-31 |", 0, 1),
        ("o1 | N1 | 2026-01-01 |", 0, 0),
        ("o1 | N1 | 2025-06-01 | 2025-06-01", 1, 1),
        ("o1 | N2 | 2024-12-01 | 2025-06-01", 0, 0),
    ],
)
def test_leavers_over_average_strength(posting: str, leavers: int, officer_days: int) -> None:
    assert of_2025(posting) == (365 * leavers, 365 + officer_days)


def test_a_move_inside_the_neighbourhood_is_no_leaving() -> None:
    assert of_2025("o1 | N1 | 2024-12-01 | 2025-06-30", "o1 | N1 | 2025-07-01 |") == (0, 730)
    overlapping = of_2025(
        "o1 | N1 | 2024-12-01 | 2025-06-30", "o1 | N1 | 2025-03-01 | 2025-05-01", "o1 | N1 | 2025-06-01 |"
    )
    assert overlapping == (0, 730)
    # Away for a day: left, and came back.
    assert of_2025("o1 | N1 | 2024-12-01 | 2025-06-30", "o1 | N1 | 2025-07-02 |") == (365, 729)
    # To another neighbourhood: left.
    assert of_2025("o1 | N1 | 2024-12-01 | 2025-06-30", "o1 | N2 | 2025-07-01 |") == (365, 365 + 181)


def test_only_whole_windows_since_the_log_began() -> None:
    spec = postings("o1 | N1 | 2024-11-15 |", "o2 | N1 | 2025-01-01 | 2025-02-28")
    assert said(spec, leaving()) == {
        "N1/2025-10": "timed",
        "N1/2025-11": "timed",
        "N1/2025-12": "timed",
        "N1/2026-01": "pending",
    }


def test_states() -> None:
    neighbourhoods = """
neighbourhoods
neighbourhood | active_from      | active_to
N1            | 2024-01-01       |
young         | 2025-01-01 00:01 |
a_year_old    | 2025-01-01       |
closing       | 2024-01-01       | 2025-12-15
nobody        | 2024-01-01       | 2026-01-01
reversed      | 2024-01-01       | 2026-01-01
"""
    rows = ["o1 | N1 | 2025-01-01 |", "o2 | reversed | 2025-03-05 | 2025-03-04"]
    rows += [f"o{n} | N1 | 2025-01-01 | 2025-12-31" for n in (3, 4)]
    spec = postings(*rows, neighbourhoods=neighbourhoods)
    assert said(spec, leaving()) == {
        "N1/2025-12": "timed",
        "N1/2026-01": "pending",
        "young/2025-12": "excluded part_month",
        "young/2026-01": "pending",  # there since before its twelve months began
        "a_year_old/2025-12": "unknown",  # nobody was posted to it
        "a_year_old/2026-01": "pending",
        "closing/2025-12": "excluded part_month",
        "nobody/2025-12": "unknown",
        "reversed/2025-12": "unknown",  # a posting that ends before it begins
    }
    # Two of three left: 66.7 %.
    assert said(spec, leaving(67))["N1/2025-12"] == "met"
    assert said(spec, leaving(66))["N1/2025-12"] == "missed"


def test_the_month_is_over_when_the_local_month_is() -> None:
    spec = postings("o1 | N1 | 2024-07-01 |")
    assert said(spec, leaving(), as_at="2025-06-30 22:59:59.999999")["N1/2025-06"] == "pending"
    assert said(spec, leaving(), as_at="2025-06-30 23:00")["N1/2025-06"] == "timed"


def test_the_case_is_dated_by_its_last_month() -> None:
    case = states(postings("o1 | N1 | 2024-11-01 |"), leaving())["N1/2025-10"]
    assert (str(case["local_day"]), case["covers"]) == ("2025-10-01", "rolling_12_months")
    assert str(case["due_at"]) == "2025-11-01 00:00:00"


def test_a_column_not_delivered_cannot_be_judged() -> None:
    spec = postings("o1 | N1 | 2025-01-01 |")
    found = states(spec, leaving(), lacks={"postings": ["postings.ended_on"]})["N1/2025-12"]
    assert (found["state"], found["unjudgeable"]) == ("unknown", True)
