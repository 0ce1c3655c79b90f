"""Most of a team's time spent visibly in its neighbourhood: rows in, shares and states out."""

from __future__ import annotations

import pytest

from checks.standard import Limit, Rule
from tests.checks.commitments.cases import said, shares
from tests.spec import rule, states

NEIGHBOURHOODS = """
neighbourhoods
neighbourhood | area | active_from | active_to
N1            | A1   | 2025-10-01  |
"""
HEAD = "duty_id | neighbourhood | officer_id | started_at | ended_at | activity"


def visible(percent: int | None = 80, /, **definition: str) -> Rule:
    return rule("visible_time", {} if percent is None else {"": Limit(percent, "percent")}, 100, **definition)


def duties(*rows: str) -> str:
    numbered = "\n".join(f"d{number} | {row}" for number, row in enumerate(rows))
    return f"{NEIGHBOURHOODS}\nduties\n{HEAD}\n{numbered}\n"


def december(*rows: str, **definition: str) -> tuple[float, float]:
    return shares(duties(*rows), visible(**definition))["N1/2025-12"]


@pytest.mark.parametrize(
    ("visible_until", "within", "under"),
    [
        ("16:00", "met", "missed"),  # 8 hours of 10: exactly the limit
        ("16:00:00.000001", "met", "met"),
        ("15:59:59.999999", "missed", "missed"),
    ],
)
def test_the_limit(visible_until: str, within: str, under: str) -> None:
    spec = duties(
        f"N1 | o1 | 2025-12-02 08:00 | 2025-12-02 {visible_until} | visible",
        f"N1 | o1 | 2025-12-02 {visible_until} | 2025-12-02 17:00 | neighbourhood_other",
        "N1 | o2 | 2025-12-03 17:00 | 2025-12-03 18:00 | abstracted",
    )
    assert said(spec, visible())["N1/2025-12"] == within
    assert said(spec, visible(limit="under"))["N1/2025-12"] == under


def test_states() -> None:
    spec = """
neighbourhoods
neighbourhood | active_from | active_to
N1            | 2025-10-01  |
nobody        | 2025-10-01  |
closed        | 2025-10-01  | 2025-12-31
reversed      | 2025-10-01  | 2026-01-01
resting       | 2025-10-01  | 2026-01-01

duties
duty_id | neighbourhood | officer_id | started_at       | ended_at         | activity
d1      | N1            | o1         | 2025-11-02 08:00 | 2025-11-02 16:00 | visible
d2      | N1            | o1         | 2025-12-02 08:00 | 2025-12-02 16:00 | abstracted
d3      | N1            | o1         | 2026-01-02 08:00 | 2026-01-02 16:00 | visible
d4      | closed        | o2         | 2025-12-02 08:00 | 2025-12-02 16:00 | visible
d5      | reversed      | o3         | 2025-12-02 08:00 | 2025-12-02 16:00 | visible
d6      | reversed      | o3         | 2025-12-05 16:00 | 2025-12-05 08:00 | visible
d7      | resting       | o4         | 2025-12-01 00:00 | 2026-01-01 00:00 | leave
d8      | unheard_of    | o5         | 2025-12-01 00:00 | 2026-01-01 00:00 | visible
"""
    assert said(spec, visible()) == {
        "N1/2025-11": "met",
        "N1/2025-12": "missed",
        "N1/2026-01": "pending",  # nine tenths of a month say nothing of its end
        "nobody/2025-11": "unknown",
        "nobody/2025-12": "unknown",
        "nobody/2026-01": "pending",
        "closed/2025-11": "unknown",
        "closed/2025-12": "excluded part_month",
        "reversed/2025-11": "unknown",
        "reversed/2025-12": "unknown",  # a duty that ends before it begins
        "resting/2025-11": "unknown",
        "resting/2025-12": "unknown",  # a whole month of leave: no hours on duty
    }
    assert {case: state for case, state in said(spec, visible(None)).items() if state == "timed"} == {
        "N1/2025-11": "timed",
        "N1/2025-12": "timed",
    }


def test_an_officers_overlapping_duties_count_once() -> None:
    twice = ("N1 | o1 | 2025-12-02 08:00 | 2025-12-02 12:00 | visible",) * 2
    assert december(*twice, "N1 | o1 | 2025-12-02 10:00 | 2025-12-02 14:00 | visible") == (6, 6)
    # Two officers side by side are two.
    assert december(twice[0], "N1 | o2 | 2025-12-02 08:00 | 2025-12-02 12:00 | visible") == (8, 8)


def test_of_overlapping_duties_the_unusual_one_counts() -> None:
    shift = "N1 | o1 | 2025-12-02 08:00 | 2025-12-02 18:00 | visible"
    paperwork = "N1 | o1 | 2025-12-02 08:00 | 2025-12-02 10:00 | neighbourhood_other"
    course = "N1 | o1 | 2025-12-02 09:00 | 2025-12-02 12:00 | training"
    called_away = "N1 | o1 | 2025-12-02 11:00 | 2025-12-02 14:00 | abstracted"
    assert december(shift, paperwork) == (8, 10)
    assert december(shift, course) == (7, 7)
    assert december(shift, called_away) == (7, 10)
    # 08-09 paperwork, 09-11 course, 11-14 called away, 14-18 visible.
    assert december(shift, paperwork, course, called_away) == (4, 8)
    assert december(shift, paperwork, course, called_away, time_base="rostered") == (4, 10)


def test_time_base() -> None:
    rows = [
        "N1 | o1 | 2025-12-02 08:00 | 2025-12-02 16:00 | visible",
        "N1 | o1 | 2025-12-03 08:00 | 2025-12-03 16:00 | leave",
        "N1 | o1 | 2025-12-04 08:00 | 2025-12-04 16:00 | sick",
        "N1 | o1 | 2025-12-05 08:00 | 2025-12-05 16:00 | training",
    ]
    assert december(*rows) == (8, 8)
    assert december(*rows, time_base="rostered") == (8, 32)
    assert said(duties(*rows), visible(time_base="rostered"))["N1/2025-12"] == "missed"


def test_a_night_shift_is_cut_at_the_end_of_the_month() -> None:
    spec = duties("N1 | o1 | 2025-11-30 22:00 | 2025-12-01 06:00 | visible")
    assert shares(spec, visible()) == {"N1/2025-11": (2, 2), "N1/2025-12": (6, 6), "N1/2026-01": (0, 0)}


def test_hours_are_elapsed_time_across_clock_changes() -> None:
    autumn = duties("N1 | o1 | 2025-10-25 22:00 | 2025-10-26 06:00 | visible")
    assert shares(autumn, visible())["N1/2025-10"] == (9, 9)
    spring = duties("N1 | o1 | 2026-03-28 22:00 | 2026-03-29 06:00 | visible")
    assert shares(spring, visible(), as_at="2026-04-02 00:00")["N1/2026-03"] == (7, 7)
    # The local month of April ends at 23:00 in UTC.
    spec = duties("N1 | o1 | 2026-04-30 22:00 | 2026-05-01 06:00 | visible")
    assert shares(spec, visible(), as_at="2026-06-02 00:00")["N1/2026-04"] == (2, 2)


def test_a_duty_is_known_as_far_as_it_has_got() -> None:
    spec = duties("N1 | o1 | 2025-12-31 20:00 | 2026-01-01 04:00 | visible")
    assert said(spec, visible(), as_at="2025-12-31 23:59:59.999999") == {"N1/2025-12": "pending"}
    assert shares(spec, visible(), as_at="2026-01-01 00:00") == {"N1/2025-12": (4, 4), "N1/2026-01": (0, 0)}
    assert said(spec, visible(), as_at="2026-01-01 00:00") == {"N1/2025-12": "met", "N1/2026-01": "pending"}


def test_the_case() -> None:
    case = states(duties("N1 | o1 | 2025-12-02 08:00 | 2025-12-02 16:00 | visible"), visible())["N1/2025-12"]
    assert (case["area"], case["covers"], str(case["local_day"])) == ("A1", "month", "2025-12-01")
    assert (case["elapsed_seconds"], case["clock_stopped_at"]) == (None, None)
    assert str(case["due_at"]) == "2026-01-01 00:00:00"
