"""Invented logs of victims, dissatisfied people and surveys through `pledge run`: what was planted is what is found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

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


def test_zero_differences_from_the_truth_over_easter_and_the_clock_change(tmp_path: Path) -> None:
    pledge = Pledge(tmp_path)
    truth = of_logs(pledge, invent(pledge.input, ["norfolk", "suffolk"], 60, 7, date(2026, 4, 30)), LOGS)
    assert set(truth.cases["measure"]) == MEASURES
    said = pledge.run(truth.as_at.isoformat(), "--standard", "policing_pledge_2008", "--standard", VICTIMS_CODE)
    assert said.code == 0, said.err
    check_quarantine(pledge, truth)
    check_cases(pledge, truth)
    check_figures(pledge, truth)


def test_the_summary_is_that_of_the_first_standard_and_names_the_others(tmp_path: Path) -> None:
    pledge = Pledge(tmp_path)
    truth = of_logs(pledge, invent(pledge.input, ["durham"], 3, 7, date(2026, 4, 3)), LOGS)
    read = ("run", "--input", str(pledge.input), "--as-at", truth.as_at.isoformat())
    said = pledge(*read, "--standard", "policing_pledge_2008", "--standard", VICTIMS_CODE)
    assert said.code == 0, said.err
    told = said.out.decode()
    assert "victim_updated" in told and "victim_told" not in told
    assert f"Judged besides by {VICTIMS_CODE}: see them with --standard." in told
    assert {row["measure"] for row in pledge.rows("verdicts", "--standard", VICTIMS_CODE)} == {"victim_told"}
    assert "Judged besides" not in pledge(*read).out.decode()
