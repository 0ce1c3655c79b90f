"""Invented logs of victims, dissatisfied people and surveys through `pledge run`: what was planted is what is found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connectors.sources.invented import invent
from tests.journey.pledge import Pledge
from tests.journey.test_journey_truth import check_cases, check_figures, check_quarantine, of_logs

VICTIMS_CODE = "victims_code_2021_right_6"
LOGS = ("victim_cases", "victim_contacts", "victim_events", "dissatisfactions", "surveys")
MEASURES = {
    "contact_agreed",
    "victim_updated",
    "victim_told",
    "dissatisfaction_acknowledged",
    "handling_discussed",
    "in_person_offered",
    "plan_agreed",
    "plan_kept",
    "treatment_satisfaction",
    "treatment_gap",
    "explained",
}


@pytest.mark.parametrize(
    ("forces", "days", "last_day"),
    [
        pytest.param(["norfolk", "suffolk"], 60, date(2026, 4, 30), id="easter"),
        pytest.param(["gwent"], 12, date(2026, 10, 31), id="autumn"),
    ],
)
def test_zero_differences_from_the_truth(tmp_path: Path, forces: list[str], days: int, last_day: date) -> None:
    pledge = Pledge(tmp_path)
    truth = of_logs(pledge, invent(pledge.input, forces, days, 7, last_day), LOGS)
    assert set(truth.cases["measure"]) == MEASURES
    said = pledge.run(truth.as_at.isoformat(), "--standard", "policing_pledge_2008", "--standard", VICTIMS_CODE)
    assert said.code == 0, said.err
    check_quarantine(pledge, truth)
    check_cases(pledge, truth)
    check_figures(pledge, truth)
