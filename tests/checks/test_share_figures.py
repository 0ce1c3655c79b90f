"""Cases that are shares, or cover a period by themselves: how they are counted."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from checks.commitment import measures
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, prepare
from checks.standard import Limit, Rule
from tests.spec import FORCE, ZONE, delivered, rule, tables

HOUR = 3_600_000_000
AS_AT = datetime(2026, 1, 20, 6, tzinfo=UTC)
DUTIES = """
neighbourhoods
neighbourhood | area | active_from
N1            | A1   | 2025-10-01
N2            | A1   | 2025-10-01
N3            | A2   | 2025-11-15

duties
duty_id | neighbourhood | officer_id | started_at       | ended_at         | activity
d1      | N1            | o1         | 2025-11-02 08:00 | 2025-11-02 16:00 | visible
d2      | N1            | o1         | 2025-11-03 08:00 | 2025-11-03 10:00 | abstracted
d3      | N2            | o2         | 2025-11-02 08:00 | 2025-11-02 12:00 | abstracted
d4      | N3            | o3         | 2025-11-20 08:00 | 2025-11-20 16:00 | abstracted
d5      | N1            | o1         | 2025-12-02 08:00 | 2025-12-02 18:00 | visible
"""


def figures(text: str, asked: Rule, window: Window | None = None) -> dict[tuple[str, ...], dict[str, Any]]:
    """Each figure by area, neighbourhood, period and first day; those of the force, not of all forces."""
    logs, _ = tables(text)
    with tempfile.TemporaryDirectory() as folder:
        con = connect(threads=1)
        prepare(
            con,
            window or Window(AS_AT),
            {FORCE: ZONE},
            {log: [delivered(Path(folder), log, logs[log])] for log in logs},
        )
        judge(con, measures()[asked.measure], [AppliedRule(asked, FORCE, asked.definition)])
        found = con.sql("select * from figures where \"force\" <> 'all'").to_arrow_table().to_pylist()
        con.close()
    return {(row["area"], row["neighbourhood"], row["period"], str(row["period_start"])): row for row in found}


def test_shares_without_a_limit_add_up_at_every_level() -> None:
    found = figures(DUTIES, rule("abstraction", target=None))
    hours = {key: (row["sum_part"] / HOUR, row["sum_whole"] / HOUR, row["timed"]) for key, row in found.items()}
    november = {key[:2]: told for key, told in hours.items() if key[2:] == ("month", "2025-11-01")}
    assert november == {
        ("", ""): (6, 14, 2),
        ("A1", ""): (6, 14, 2),
        ("A1", "N1"): (2, 10, 1),
        ("A1", "N2"): (4, 4, 1),
        # A month active only in part is excluded: its hours count nowhere.
        ("A2", ""): (0, 0, 0),
        ("A2", "N3"): (0, 0, 0),
    }
    assert hours["", "", "year", "2025-01-01"] == (6, 24, 3)
    assert found["A2", "", "month", "2025-11-01"]["excluded"] == 1


def test_shares_with_a_limit_are_counted_as_cases() -> None:
    figure = figures(DUTIES, rule("abstraction", {"": Limit(10, "percent")}, None))["", "", "month", "2025-11-01"]
    counted = {name: figure[name] for name in ("cases", "met", "missed", "timed", "sum_part", "sum_whole")}
    assert counted == {"cases": 2, "met": 0, "missed": 2, "timed": 0, "sum_part": 0, "sum_whole": 0}


def test_a_case_that_covers_a_month_counts_in_no_day() -> None:
    found = figures(DUTIES, rule("abstraction", target=None))
    assert {period for _, _, period, _ in found} == {"month", "year"}


MEETINGS = """
neighbourhoods
neighbourhood | area | active_from
N1            | A1   | 2025-10-01

meetings
meeting_id | neighbourhood | starts_at        | held
m1         | N1            | 2025-11-02 19:00 | true
m2         | N1            | 2026-01-02 19:00 | true
"""


def test_the_present_month_and_year_are_open_even_where_the_promise_is_kept() -> None:
    found = figures(MEETINGS, rule("meeting_held", target=100))
    met_and_open = {key[2:]: (row["met"], row["missed"], row["period_open"]) for key, row in found.items() if key[1]}
    assert met_and_open == {
        ("month", "2025-11-01"): (1, 0, False),
        ("month", "2025-12-01"): (0, 1, False),
        ("month", "2026-01-01"): (1, 0, True),
        ("year", "2025-01-01"): (1, 1, False),
        ("year", "2026-01-01"): (1, 0, True),
    }


ANSWERS = "surveys\nresponse_id | answered_on | ethnic_group | treatment_satisfied\n" + "\n".join(
    f"{group}{n} | 2025-06-01 | {group} | true" for group in ("white", "minority") for n in range(30)
)


def test_a_case_that_covers_a_year_counts_in_years_only() -> None:
    found = figures(ANSWERS, rule("treatment_gap", target=None))
    assert {key: (row["met"], row["pending"], row["period_open"]) for key, row in found.items()} == {
        ("", "", "year", "2025-01-01"): (1, 0, False),
        ("", "", "year", "2026-01-01"): (0, 1, True),
    }


POSTINGS = """
neighbourhoods
neighbourhood | area | active_from
N1            | A1   | 2020-01-01
N2            | A1   | 2020-01-01

postings
officer_id | neighbourhood | started_on | ended_on
o1         | N1            | 2024-12-01 |
o2         | N1            | 2024-12-01 | 2025-12-31
o3         | N2            | 2024-12-01 | 2025-11-30
"""


def test_twelve_months_are_a_figure_of_those_twelve_months_and_of_no_other_period() -> None:
    found = figures(POSTINGS, rule("turnover", target=None))
    of_force = {key[2:]: (row["sum_part"], row["sum_whole"]) for key, row in found.items() if key[:2] == ("", "")}
    assert of_force == {
        ("rolling_12_months", "2024-12-01"): (365, 3 * 365),
        ("rolling_12_months", "2025-01-01"): (2 * 365, 2 * 365 + 334),
        ("rolling_12_months", "2025-02-01"): (0, 0),
    }
    pending = found["", "", "rolling_12_months", "2025-02-01"]
    assert (pending["pending"], pending["period_open"]) == (2, True)
    assert not found["", "", "rolling_12_months", "2025-01-01"]["period_open"]


def test_a_window_takes_the_twelve_months_by_their_last() -> None:
    asked, december = rule("turnover", target=None), date(2025, 12, 1)
    inside = figures(POSTINGS, asked, Window(AS_AT, december, date(2025, 12, 31)))
    assert {key[2:] for key in inside} == {("rolling_12_months", "2025-01-01")}
    assert figures(POSTINGS, asked, Window(AS_AT, december, date(2025, 12, 30))) == {}
