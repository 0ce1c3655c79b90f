"""The standards shipped in `expectations/standards/`: what they hold, and that they load."""

from __future__ import annotations

import subprocess
import sys

import pytest

from checks.commitment import measures
from checks.standard import effective, one_switch_at_a_time, rule_for
from expectations.published import load, validate


def test_what_is_shipped_is_valid() -> None:
    assert [str(problem) for problem in validate()] == []


def test_the_pledge_holds_commitments_5_and_6_in_full() -> None:
    pledge = load()["policing_pledge_2008"]
    assert {rule.measure for rule in pledge.rules} >= {
        name for name, measure in measures().items() if measure.commitment in (5, 6)
    }
    assert pledge.in_force_to is None
    assert "29 June 2010" in pledge.note


@pytest.mark.parametrize(
    ("measure", "limit", "target", "minimum_n"),
    [
        ("answer_999", "10 seconds", "90 %", 30),
        ("deploy_emergency", "", "none", 30),
        ("eta_emergency", "", "100 %", 1),
        ("attend_emergency", "15 minutes (urban), 20 minutes (rural)", "90 %", 30),
        ("answer_non_emergency", "30 seconds", "90 %", 30),
        ("eta_non_emergency", "", "100 %", 1),
        ("attend_vulnerable", "60 minutes", "90 %", 30),
        ("attend_priority", "60 minutes", "90 %", 30),
        ("appointment_offered", "48 hours", "90 %", 30),
        ("appointment_kept", "15 minutes", "90 %", 30),
        ("advice_given", "", "100 %", 1),
    ],
)
def test_the_pledges_limits_and_targets(measure: str, limit: str, target: str, minimum_n: int) -> None:
    rule = rule_for(load()["policing_pledge_2008"], measure, "norfolk")
    assert rule is not None
    assert (rule.limit_in_words, rule.target_in_words, rule.minimum_n) == (limit, target, minimum_n)
    assert rule.definition == measures()[measure].default_definition
    assert bool(rule.target_source) == (target != "none")


def test_suffolk_counts_from_dispatch() -> None:
    examples = load()["force_level_examples"]
    rule = rule_for(examples, "attend_emergency", "suffolk")
    assert rule is not None and rule.definition["clock_start"] == "dispatched"
    assert rule_for(examples, "attend_emergency", "norfolk") is None


def test_the_shipped_standards_judge_side_by_side() -> None:
    found = effective(load().values(), "attend_emergency", "suffolk")
    assert {each.rule.standard for each in found} == {
        "policing_pledge_2008",
        "national_response_standards_2026",
        "force_level_examples",
    }
    assert all(each.applies_from is each.applies_to is None for each in found)


def test_every_shipped_rule_can_be_asked_under_every_switch() -> None:
    for standard in load().values():
        for rule in standard.rules:
            switches = measures()[rule.measure].switches
            expected = 1 + sum(len(values) - 1 for values in switches.values())
            assert len(one_switch_at_a_time(rule, switches)) == expected


def test_the_loader_brings_no_heavy_library_with_it() -> None:
    code = (
        "import sys, expectations.published as p; p.load(); "
        "print([m for m in ('great_expectations', 'pandas', 'airflow', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
