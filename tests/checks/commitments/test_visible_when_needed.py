"""Someone visible in the hours agreed with the community: rows in, shares and states out."""

from __future__ import annotations

from checks.standard import Limit, Rule
from tests.checks.commitments.cases import said, shares
from tests.spec import rule

NEIGHBOURHOODS = """
neighbourhoods
neighbourhood | active_from | active_to
N1            | 2025-10-01  |
"""
AGREED = "neighbourhood | weekday | from_time | to_time | valid_from_on | valid_to_on"
DUTIES = "duty_id | neighbourhood | officer_id | started_at | ended_at | activity"


def needed(limit: int | None = None) -> Rule:
    return rule("visible_when_needed", {"": Limit(limit, "percent")} if limit else {}, None)


def spec(agreed: list[str], duties: list[str], neighbourhoods: str = NEIGHBOURHOODS) -> str:
    numbered = "\n".join(f"d{number} | {row}" for number, row in enumerate(duties))
    agreement = "\n".join(agreed)
    return f"{neighbourhoods}\nagreed_hours\n{AGREED}\n{agreement}\n\nduties\n{DUTIES}\n{numbered}\n"


def december(agreed: list[str], duties: list[str]) -> tuple[float, float]:
    return shares(spec(agreed, duties), needed())["N1/2025-12"]


def test_hours_with_someone_visible_inside_the_agreed_hours() -> None:
    # December 2025 has five Tuesdays, the first on the 2nd.
    agreed = ["N1 | tuesday | 16:00 | 20:00 | 2025-01-01 |"]
    assert december(agreed, ["N1 | o1 | 2025-12-02 08:00 | 2025-12-02 18:00 | visible"]) == (2, 20)
    together = ["N1 | o1 | 2025-12-02 17:00 | 2025-12-02 19:00 | visible"]
    together += ["N1 | o2 | 2025-12-02 18:00 | 2025-12-02 23:00 | visible"]
    assert december(agreed, together) == (3, 20)
    elsewhere = ["N1 | o1 | 2025-12-02 16:00 | 2025-12-02 20:00 | neighbourhood_other"]
    elsewhere += ["N9 | o2 | 2025-12-02 16:00 | 2025-12-02 20:00 | visible"]
    assert december(agreed, elsewhere) == (0, 20)
    called_away = ["N1 | o1 | 2025-12-02 16:00 | 2025-12-02 20:00 | visible"]
    called_away += ["N1 | o1 | 2025-12-02 17:00 | 2025-12-02 18:00 | abstracted"]
    assert december(agreed, called_away) == (3, 20)


def test_agreed_hours_past_midnight_to_midnight_and_overlapping() -> None:
    night = ["N1 | o1 | 2025-12-02 00:00 | 2025-12-04 00:00 | visible"]
    assert december(["N1 | tuesday | 22:00 | 02:00 | 2025-01-01 |"], night) == (4, 20)
    assert december(["N1 | tuesday | 22:00 | 24:00 | 2025-01-01 |"], night) == (2, 10)
    overlapping = ["N1 | tuesday | 16:00 | 20:00 | 2025-01-01 |", "N1 | tuesday | 18:00 | 22:00 | 2025-01-01 |"]
    assert december(overlapping, night) == (6, 30)
    # The night of Sunday 30 November runs two hours into December.
    assert december(["N1 | sunday | 22:00 | 02:00 | 2025-01-01 | 2025-11-30"], night) == (0, 2)


def test_agreed_hours_hold_from_their_first_to_their_last_day() -> None:
    # Wednesdays of December 2025: 3, 10, 17, 24, 31.
    agreed = ["N1 | wednesday | 10:00 | 12:00 | 2025-12-10 | 2025-12-17"]
    agreed += ["N1 | wednesday | 10:00 | 14:00 | 2025-12-24 | 2025-12-24"]
    assert december(agreed, ["N1 | o1 | 2025-12-01 00:00 | 2026-01-01 00:00 | visible"]) == (8, 8)


def test_across_clock_changes_agreed_hours_are_wall_clock_and_measured_in_elapsed_time() -> None:
    weekend = ["N1 | saturday | 22:00 | 06:00 | 2025-01-01 |", "N1 | sunday | 09:00 | 10:00 | 2025-01-01 |"]
    duties = ["N1 | o1 | 2025-10-25 00:00 | 2025-10-27 00:00 | visible"]
    # Four Saturday nights of eight hours, the last of them nine; four Sunday hours.
    assert shares(spec(weekend, duties), needed())["N1/2025-10"] == (9 + 1, 3 * 8 + 9 + 4)
    duties = ["N1 | o1 | 2026-03-28 00:00 | 2026-03-30 00:00 | visible"]
    # Six hours of the night of 28 February lie in March; the last of the other four nights has seven. Five Sundays.
    found = shares(spec(weekend, duties), needed(), as_at="2026-04-01 12:00")
    assert found["N1/2026-03"] == (7 + 1, 6 + 3 * 8 + 7 + 5)


def test_states() -> None:
    neighbourhoods = """
neighbourhoods
neighbourhood | active_from | active_to
N1            | 2025-10-01  |
N2            | 2025-10-01  | 2025-12-31
none_agreed   | 2025-12-01  | 2026-01-01
"""
    agreed = ["N1 | monday | 10:00 | 20:00 | 2025-12-01 |", "N2 | monday | 10:00 | 20:00 | 2025-01-01 |"]
    duties = [
        "N1 | o1 | 2025-11-01 00:00 | 2026-01-01 00:00 | visible",
        "N2 | o2 | 2025-11-24 17:00 | 2025-11-24 16:59 | visible",
    ]
    text = spec(agreed, duties, neighbourhoods)
    assert said(text, needed()) == {
        "N1/2025-11": "unknown",  # no hours agreed yet
        "N1/2025-12": "timed",
        "N1/2026-01": "pending",
        "N2/2025-11": "unknown",  # a duty that ends before it begins
        "N2/2025-12": "excluded part_month",
        "none_agreed/2025-12": "unknown",
    }
    assert said(text, needed(100))["N1/2025-12"] == "met"


def test_a_standard_may_set_a_limit() -> None:
    # Half of the five agreed hours of December.
    text = spec(
        ["N1 | monday | 10:00 | 11:00 | 2025-12-01 |"], ["N1 | o1 | 2025-12-01 10:00 | 2025-12-08 10:30 | visible"]
    )
    assert shares(text, needed())["N1/2025-12"] == (1.5, 5)
    assert said(text, needed(30))["N1/2025-12"] == "met"
    assert said(text, needed(31))["N1/2025-12"] == "missed"
