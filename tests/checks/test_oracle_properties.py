"""Calls and incidents, SQL against oracle: the same rows, the same states, whatever the times and definitions.

One example is a delivery of 100 rows judged under several definitions. How many examples: PLEDGE_ORACLE_EXAMPLES
(default 100 a measure, which is at least 10,000 cases):

    PLEDGE_ORACLE_EXAMPLES=2000 pytest -n 2 tests/checks/test_oracle_properties.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from checks.commitment import Measure, measures
from checks.judging import AppliedRule, Window
from checks.logs import LOGS, Log
from checks.standard import Limit, every_combination
from tests.checks.oracle import oracle_of, said_in_spec
from tests.checks.oracle.delivered_rows import NIGHTS, Circumstances, rows
from tests.checks.oracle.product import Product
from tests.checks.oracle.states import Asked, Judged, Oracle, known, local_day
from tests.spec import rule

EXAMPLES = int(os.environ.get("PLEDGE_ORACLE_EXAMPLES", "100"))
ZONES = {"norfolk": "Europe/London", "elsewhere": "America/Los_Angeles"}

# The measures of commitments 5 and 6: each reads one log, one row a case.
CALLS_AND_INCIDENTS = [name for name, measure in measures().items() if measure.commitment in (5, 6)]
# What makes most rows a case of the measure, and the limits it is asked under (the Pledge's own first); a measure that
# is not here says so in its spec test, under the same names.
LIKELY: dict[str, dict[str, object]] = {
    "deploy_emergency": {"grade_first": "emergency"},
    "attend_emergency": {"grade_first": "emergency"},
    "appointment_kept": {},
    "answer_999": {"line": "999"},
    "answer_non_emergency": {"line": "101"},
    "attend_vulnerable": {"grade_first": "priority", "grade_final": None, "vulnerable": True},
    "attend_priority": {"grade_first": "scheduled", "vulnerable": None, "neighbourhood_priority": True},
    "appointment_offered": {"grade_first": "scheduled", "vulnerable": False, "neighbourhood_priority": None}
    | {"appointment_requested_later": False, "cancelled_at": None},
    "eta_emergency": {"grade_first": "emergency"},
    "eta_non_emergency": {"grade_first": "priority"},
    "advice_given": {"grade_first": "resolution_without_deployment"},
}
LIMITS: dict[str, tuple[dict[str, Limit], ...]] = {
    "answer_999": ({"": Limit(10, "seconds")}, {"": Limit(1, "seconds")}, {}),
    "answer_non_emergency": ({"": Limit(30, "seconds")}, {}),
    "attend_emergency": ({"urban": Limit(15, "minutes"), "rural": Limit(20, "minutes")}, {"": Limit(1, "hours")}),
    "attend_vulnerable": ({"": Limit(60, "minutes")}, {}),
    "attend_priority": ({"": Limit(60, "minutes")}, {}),
    "appointment_offered": ({"": Limit(48, "hours")}, {}),
    "appointment_kept": ({"": Limit(15, "minutes")}, {"": Limit(2, "hours")}),
    "deploy_emergency": ({}, {"": Limit(2, "minutes")}),
}
YES_OR_NO: tuple[dict[str, Limit], ...] = ({},)
STATES = {"met", "missed", "pending", "unknown", "excluded"}
DECIDED = {"met", "missed", "pending"}
Case = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One example: a force's rows, the definitions and limits they are judged under, and the moment.

    The rows follow from the circumstances, which is all that hypothesis needs to print.
    """

    log: Log
    force: str
    circumstances: Circumstances
    definitions: list[dict[str, str]]
    limits: dict[str, Limit]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        return rows(self.log, self.force, self.circumstances)

    @property
    def as_at(self) -> datetime:
        return self.circumstances.as_at


@st.composite
def deliveries(draw: st.DrawFn, measure: Measure) -> Delivery:
    """Rows around a night, judged from before, inside, just after or long after it."""
    log = LOGS[measure.logs[0]]
    limits = draw(st.sampled_from(LIMITS.get(measure.name) or said_in_spec(measure.name, "LIMITS", YES_OR_NO)))
    night = NIGHTS[draw(st.sampled_from(sorted(NIGHTS)))]
    as_at = night + draw(st.sampled_from([timedelta(hours=hours) for hours in (0, 1, 3, 24, 24 * 9)]))
    force = draw(st.sampled_from(sorted(ZONES)))
    every = st.sampled_from(every_combination(rule(measure.name), measure.switches))
    definitions = draw(st.lists(every, min_size=2, max_size=3))
    circumstances = Circumstances(
        seed=draw(st.integers(0, 2**48)),
        night=night,
        as_at=as_at,
        limits=list(_lengths(limits).values()),
        lacks=draw(_undelivered(log, measure)),
        likely=LIKELY.get(measure.name) or said_in_spec(measure.name, "LIKELY", {}),
    )
    return Delivery(log, force, circumstances, definitions, limits)


def _undelivered(log: Log, measure: Measure) -> st.SearchStrategy[list[str]]:
    """Columns a source does not deliver: mostly none, else any that may be left out, more often needed ones."""
    optional = [column.name for column in log.columns if not column.required]
    needed = [name for name in optional if f"{log.name}.{name}" in measure.needs]
    some = st.lists(st.sampled_from(optional + needed * 4), min_size=1, max_size=3, unique=True)
    return st.one_of(st.just([]), st.just([]), some)


def _lengths(limits: Mapping[str, Limit]) -> dict[str, timedelta]:
    return {key: timedelta(microseconds=limit.microseconds or 0) for key, limit in limits.items()}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("oracle"), ZONES, Window(NIGHTS["an ordinary day"]))


@pytest.mark.parametrize("name", CALLS_AND_INCIDENTS)
def test_the_sql_agrees_with_the_oracle(name: str, product: Product) -> None:
    measure, oracle = measures()[name], oracle_of(name)
    assert oracle, f"{name} has no oracle in tests/checks/oracle"
    seen: Counter[str] = Counter()

    # Nothing to shrink: cases are judged one by one, and `_compare` names the one that differs.
    @settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True, phases=[Phase.generate])
    @given(deliveries(measure))
    def agrees(delivery: Delivery) -> None:
        found = _by_the_product(product, measure, delivery)
        expected = _by_the_oracle(oracle, delivery)
        seen.update(case["state"] for case in expected.values())
        _compare(found, expected, delivery)

    agrees()
    assert seen.total() >= 100 * EXAMPLES, f"too few cases were generated: {seen}"
    assert EXAMPLES < 100 or set(seen) >= STATES, f"states never generated: {seen}"


def _by_the_product(product: Product, measure: Measure, asked: Delivery) -> dict[tuple[str, str], Case]:
    applied = [
        AppliedRule(rule(measure.name, asked.limits), asked.force, definition, str(number))
        for number, definition in enumerate(asked.definitions)
    ]
    cases = product.judged(measure, asked.log.name, asked.rows, applied, Window(asked.as_at))
    found = {(case["definition_id"], case["case_id"]): _told(case) for case in cases}
    assert len(found) == len(cases), "a case was judged twice under one definition"
    return found


def _told(case: Mapping[str, Any]) -> Case:
    """What the product says of a case; a due time is promised only where the limit decided."""
    decided = case["state"] in DECIDED
    return {
        "state": case["state"],
        "reason": case["reason"],
        "day": case["local_day"],
        "due_at": case["due_at"] and case["due_at"].replace(tzinfo=UTC) if decided else None,
        "elapsed_seconds": case["elapsed_seconds"],
        "unjudgeable": case["unjudgeable"] and case["state"] == "unknown",
    }


def _by_the_oracle(oracle: Oracle, asked: Delivery) -> dict[tuple[str, str], Case]:
    log = asked.log
    there = [row for each in asked.rows if (row := known(each, asked.as_at, log.dated_by))]
    return {
        (str(number), row[log.keys[0]]): _expected(judged, row[log.dated_by], ZONES[asked.force])
        for number, definition in enumerate(asked.definitions)
        for row in there
        if (judged := oracle(row, Asked(definition, _lengths(asked.limits), asked.as_at)))
    }


def _expected(judged: Judged, dated_at: datetime, zone: str) -> Case:
    elapsed = judged.elapsed
    return {
        "state": judged.state,
        "reason": judged.reason,
        "day": local_day(judged.started_at or dated_at, zone),
        "due_at": judged.due_at if judged.state in DECIDED else None,
        "elapsed_seconds": None if elapsed is None else elapsed / timedelta(microseconds=1) / 1_000_000,
        "unjudgeable": judged.unjudgeable,
    }


def _compare(found: Mapping[Any, Case], expected: Mapping[Any, Case], asked: Delivery) -> None:
    """Cases are judged one by one, so the first that differs is the whole counter-example."""
    for number, case_id in sorted(found.keys() | expected.keys()):
        here, there = found.get((number, case_id)), expected.get((number, case_id))
        if here != there:
            row = next(row for row in asked.rows if case_id in (row.get("call_id"), row.get("incident_id")))
            told = {name: str(value) for name, value in row.items() if value is not None}
            raise AssertionError(
                f"the SQL says {here}\nthe oracle says {there}\nof {told}\n"
                f"under {asked.definitions[int(number)]} and {asked.limits} as at {asked.as_at}"
            )
