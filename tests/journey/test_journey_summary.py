"""What a run prints when several standards judge side by side."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from connectors.sources.invented import invent
from tests.journey.pledge import Pledge
from tests.journey.test_journey_truth import of_logs

VICTIMS_CODE = "victims_code_2021_right_6"
LOGS = ("victim_cases", "victim_contacts", "victim_events", "dissatisfactions", "surveys")


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
