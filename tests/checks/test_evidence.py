"""Which logs a measure reads, and that every log has its evidence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import checks.evidence
from checks.commitment import measures
from checks.evidence import logs_of
from checks.logs import LOGS

SQL = Path(checks.evidence.__file__).parent / "sql" / "evidence.sql"


def test_every_log_has_a_view_of_its_rows() -> None:
    assert set(re.findall(r"view evidence_of_(\w+) as", SQL.read_text("utf-8"))) == set(LOGS)


@pytest.mark.parametrize("measure", list(measures()))
def test_every_measure_reads_some_log(measure: str) -> None:
    assert logs_of(measures()[measure])


def test_shared_views_are_read_too() -> None:
    read = {name: logs_of(measures()[name]) for name in ("visible_when_needed", "victim_told", "team_published")}
    assert read == {
        "visible_when_needed": ("duties", "agreed_hours", "neighbourhoods"),
        "victim_told": ("victim_cases", "victim_events"),
        "team_published": ("neighbourhoods", "team_pages"),
    }
    assert logs_of(measures()["explained"]) == ("explanations",)
