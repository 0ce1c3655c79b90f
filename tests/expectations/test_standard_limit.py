"""Limits that are no number: yes or no, none, and those each case carries; limits in calendar and working days."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.standard import Limit
from expectations.published import differences, in_words, load, validate


def standard(folder: Path, measure: str, limit: str, name: str = "limits") -> Path:
    path = folder / f"2008-12-31_{name}.yaml"
    path.write_text(
        f"name: {name}\ntitle: {name}\npublisher: Ours\nsource: A book\nin_force: {{from: 2008-12-31}}\n"
        f"measures:\n  - {{measure: {measure}, limit: {limit}, target: none, source: Page 1}}\n"
    )
    return path


@pytest.mark.parametrize(
    ("measure", "limit", "read"),
    [
        ("plan_kept", "carried by the case", {}),
        ("detail_followed_up", "carried by the case", {}),
        ("message_answered", "72 hours", {"": Limit(72, "hours")}),
        ("plan_agreed", "28 days", {"": Limit(28, "days")}),
        ("plan_agreed", "recorded", {}),
        ("victim_updated", "1 month", {"": Limit(1, "months")}),
        ("victim_updated", "30 days", {"": Limit(30, "days")}),
        ("victim_told", "5 working days", {"": Limit(5, "working_days")}),
        (
            "victim_told",
            "{otherwise: 5 working days, enhanced: 1 working day}",
            {"": Limit(5, "working_days"), "enhanced": Limit(1, "working_days")},
        ),
        ("explained", "28 days", {"": Limit(28, "days")}),
    ],
)
def test_limits_a_measure_takes(tmp_path: Path, measure: str, limit: str, read: dict[str, Limit]) -> None:
    (rule,) = load(standard(tmp_path, measure, limit))["limits"].rules
    assert rule.limits == read


@pytest.mark.parametrize(
    ("measure", "limit", "said"),
    [
        ("plan_kept", "28 days", "limit of plan_kept is 28 days; carried by the case (each case brings its own)"),
        ("plan_kept", "none", "limit of plan_kept is none; a limit or carried by the case"),
        ("plan_kept", "soon", "limit of plan_kept is soon; carried by the case"),
        ("answer_999", "carried by the case", "limit of answer_999 is carried by the case; a limit or none"),
        ("eta_emergency", "carried by the case", "a limit or recorded (it is a yes/no)"),
        ("message_answered", "1 day", "limit of message_answered is 1 day; seconds, minutes or hours"),
        ("victim_told", "5 days", "limit of victim_told is 5 days; working days"),
        ("victim_updated", "744 hours", "limit of victim_updated is 744 hours; days or months"),
    ],
)
def test_limits_it_does_not_take(tmp_path: Path, measure: str, limit: str, said: str) -> None:
    (problem,) = validate(standard(tmp_path, measure, limit))
    assert problem.line == 7 and said in str(problem)


def test_a_limit_carried_by_the_case_in_words(tmp_path: Path) -> None:
    mine = load(standard(tmp_path, "plan_kept", "carried by the case"))["limits"]
    assert "Each case carries its own limit: the time that was promised or agreed." in in_words(mine)[-1]
    again = load(standard(tmp_path, "plan_kept", "carried by the case", "again"))["again"]
    assert differences(mine, again) == []


def test_the_shipped_standards_of_messages_victims_and_dissatisfaction() -> None:
    every = load()
    limits = {rule.measure: rule.limit_in_words for rule in every["policing_pledge_2008"].rules}
    assert {
        name: limits[name] for name in ("message_answered", "detail_followed_up", "victim_updated", "plan_kept")
    } == {
        "message_answered": "24 hours",
        "detail_followed_up": "",
        "victim_updated": "1 month",
        "plan_kept": "",
    }
    days = ("contact_agreed", "handling_discussed", "in_person_offered", "plan_agreed", "explained")
    assert {limits[name] for name in days} == {"28 days"}
    assert limits["dissatisfaction_acknowledged"] == "24 hours"
    assert "victim_told" not in limits
    (told,) = every["victims_code_2021_right_6"].rules
    assert told.limit_in_words == "5 working days, 1 working day (enhanced)" and told.minimum_n == 1
    guarantee = {rule.measure: rule for rule in every["neighbourhood_policing_guarantee_2025"].rules}
    assert guarantee["message_answered"].limit_in_words == "72 hours"
