"""Reminded of at the exact age, escalated at the next, and some day no longer asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from checks.commitment import measures
from checks.errors import UsageError
from checks.reminding import ACKNOWLEDGE, EXPLAIN, Waiting, due, owes_explanation, read_patience
from tests.checks.commitments.test_explained import explained, missed

PATIENCE = read_patience("acknowledge=12h/24h/7d explain=14d/21d/28d", "PLEDGE_SLACK_REMINDERS")
NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)


def waiting(age: timedelta, what: str = ACKNOWLEDGE, force: str = "norfolk") -> Waiting:
    return Waiting(what, "attend_emergency", force, date(2026, 3, 2), NOW - age, 3)


@pytest.mark.parametrize(
    ("age", "what", "level"),
    [
        (timedelta(hours=12) - timedelta(microseconds=1), ACKNOWLEDGE, None),
        (timedelta(hours=12), ACKNOWLEDGE, "reminder"),
        (timedelta(hours=24) - timedelta(microseconds=1), ACKNOWLEDGE, "reminder"),
        (timedelta(hours=24), ACKNOWLEDGE, "escalation"),
        (timedelta(days=7), ACKNOWLEDGE, None),
        (timedelta(hours=12), EXPLAIN, None),
        (timedelta(days=14), EXPLAIN, "reminder"),
        (timedelta(days=21), EXPLAIN, "escalation"),
        (timedelta(days=28), EXPLAIN, None),
        (timedelta(hours=-1), ACKNOWLEDGE, None),
    ],
)
def test_levels_by_age(age: timedelta, what: str, level: str | None) -> None:
    assert [one.level for one in due([waiting(age, what)], PATIENCE, NOW)] == ([level] if level else [])


def test_escalations_first_then_the_oldest() -> None:
    ages = (13, 30, 20, 100)
    found = due([waiting(timedelta(hours=age), force=f"f{age}") for age in ages], PATIENCE, NOW)
    assert [(one.waiting.force, one.level) for one in found] == [
        ("f100", "escalation"),
        ("f30", "escalation"),
        ("f20", "reminder"),
        ("f13", "reminder"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acknowledge=12h/24h/7d",
        "acknowledge=12h/24h/7d explain=14d/21d",
        "acknowledge=24h/12h/7d explain=14d/21d/28d",
        "acknowledge=12h/12h/7d explain=14d/21d/28d",
        "acknowledge=12h/24h/7d acknowledge=12h/24h/7d explain=14d/21d/28d",
        "acknowledge=12/24/7 explain=14d/21d/28d",
    ],
)
def test_a_setting_that_cannot_be_read(text: str) -> None:
    with pytest.raises(UsageError, match="PLEDGE_SLACK_REMINDERS: it cannot be read"):
        read_patience(text, "PLEDGE_SLACK_REMINDERS")


def test_the_same_measures_owe_an_explanation_as_the_closing_promise_judges(tmp_path: Path) -> None:
    cases = [missed("c", name, measure.commitment) for name, measure in measures().items()]
    judged = {name.partition("/")[0] for name in explained(tmp_path, cases)}
    assert judged == {name for name in measures() if owes_explanation(name)}
    assert "attend_emergency" in judged
    assert "answer_999" not in judged
