"""Messages, victims, dissatisfaction and explanations: the SQL agrees with the oracle on anything that can be drawn.

`PLEDGE_ORACLE_EXAMPLES` asks for more examples than `make test` does.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.commitment import measures
from checks.judging import AppliedRule, Window, judge, log_script, rules_script, run_script
from checks.logs import LOGS, Log
from checks.standard import Limit, every_combination
from tests.checks.oracle import oracle_of, victim_rows
from tests.checks.oracle.delivered_rows import NIGHTS, Circumstances, rows
from tests.checks.oracle.explanations import explained
from tests.checks.oracle.local_calendar import AskedThere, known_with_plans
from tests.checks.oracle.product import Product
from tests.checks.oracle.states import Judged, local_day
from tests.checks.oracle.victim_rows import AS_AT, ZONES
from tests.checks.oracle.victims import contact_agreed, victim_told, victim_updated
from tests.spec import rule

EXAMPLES = settings(
    max_examples=int(os.environ.get("PLEDGE_ORACLE_EXAMPLES", "100")), deadline=None, database=None, print_blob=True
)
SEEDS = st.integers(0, 2**32 - 1)
LIMITS = {
    "message_answered": Limit(24, "hours"),
    "dissatisfaction_acknowledged": Limit(24, "hours"),
    "detail_followed_up": None,
    "plan_kept": None,
    "victim_updated": Limit(1, "months"),
    "victim_told": Limit(5, "working_days"),
}
TWENTY_EIGHT_DAYS = Limit(28, "days")
LACKING = {
    "message_answered": "messages.opened_at",
    "detail_followed_up": "messages.detail_promised_for",
    "dissatisfaction_acknowledged": "dissatisfactions.acknowledged_at",
    "plan_agreed": "dissatisfactions.became_aware_at",
    "plan_kept": "dissatisfactions.plan_due_at",
    "contact_agreed": "victim_cases.agreed_at",
    "victim_updated": "victim_cases.closed_at",
    "victim_told": "victim_cases.enhanced_rights",
}
Case = tuple[str, Judged]


class SeveralLogs(Product):
    """The product asked about rows of several logs at once."""

    def states(
        self,
        measure: str,
        logs: Mapping[str, Sequence[Mapping[str, Any]]],
        rules: Sequence[AppliedRule],
        as_at: datetime,
        bank_holidays: Sequence[tuple[str, date]] = (),
    ) -> dict[str, dict[str, Any]]:
        self.con.execute(run_script(Window(as_at), self._zones, bank_holidays))
        for log, found in logs.items():
            self.con.execute(log_script(LOGS[log], self._kept(log, found)))
        if measure != self._laid_out:
            judge(self.con, measures()[measure], rules)
        else:
            # The measure's views are there already: binding them again for every example takes half the time.
            again = rules_script(measures()[measure], rules)
            self.con.execute(again + "create or replace table facts as select * from judged")
        self._laid_out = measure
        cases = self.con.sql("select * from facts").to_arrow_table().to_pylist()
        assert len({case["case_id"] for case in cases}) == len(cases), "two cases of one name"
        return {case["case_id"]: case for case in cases}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> SeveralLogs:
    return SeveralLogs(tmp_path_factory.mktemp("rows"), ZONES, Window(AS_AT))


def drawn(measure: str, random: Random, as_at: datetime) -> tuple[list[AppliedRule], dict[str, AskedThere]]:
    """Any definition of the measure as rules, and as the oracle is asked, by force."""
    limit = LIMITS.get(measure, TWENTY_EIGHT_DAYS)
    limits = {"": limit} if limit else {}
    if measure == "victim_told":
        limits["enhanced"] = Limit(1, "working_days")
    default = rule(measure, limits)
    definition = random.choice(every_combination(default, measures()[measure].switches))
    asked = {
        force: AskedThere(
            definition,
            {"": timedelta(microseconds=limit.microseconds)} if limit and limit.microseconds else {},
            as_at,
            zone,
            days=limit.amount if limit and limit.unit == "days" else None,
            months=limit.amount if limit and limit.unit == "months" else None,
            working_days={"": 5, "enhanced": 1},
        )
        for force, zone in ZONES.items()
    }
    return [AppliedRule(default, force, definition) for force in ZONES], asked


def agree(found: Mapping[str, Mapping[str, Any]], expected: Iterable[Case], zones: Mapping[str, str]) -> None:
    """Every case the oracle sees is there, with its state, reason, day and times; and no other."""
    wanted = dict(expected)
    assert found.keys() == wanted.keys()
    for case_id, one in wanted.items():
        seen = found[case_id]
        assert (seen["state"], seen["reason"]) == (one.state, one.reason), (case_id, seen, one)
        if one.started_at is not None:
            assert seen["clock_started_at"] == one.started_at.replace(tzinfo=None)
            assert seen["local_day"] == local_day(one.started_at, zones[seen["force"]])
        if one.due_at is not None and one.state in ("met", "missed", "pending"):
            assert seen["due_at"] == one.due_at.replace(tzinfo=None), (case_id, seen, one)
        if one.elapsed is not None:
            assert seen["elapsed_seconds"] == one.elapsed / timedelta(seconds=1)


ROW_BY_ROW = {
    "messages": ("message_answered", "detail_followed_up"),
    "dissatisfactions": (
        "dissatisfaction_acknowledged",
        "handling_discussed",
        "in_person_offered",
        "plan_agreed",
        "plan_kept",
    ),
}


KINDS = ("public", "public", "public", "test")


def without_kind(log: Log) -> Log:
    """The log without its kind, which is drawn here: mostly the public's."""
    return replace(log, columns=tuple(column for column in log.columns if column.name != "kind"))


@pytest.mark.parametrize(("log", "measure"), [(log, each) for log, names in ROW_BY_ROW.items() for each in names])
def test_one_row_one_case(log: str, measure: str, product: SeveralLogs) -> None:
    oracle = oracle_of(measure)
    assert oracle is not None

    @EXAMPLES
    @given(SEEDS)
    def agreeing(seed: int) -> None:
        random = Random(seed)
        night = random.choice(list(NIGHTS.values()))
        as_at = night + timedelta(hours=random.choice((30, 24 * 29, 24 * 40)))
        limits = (timedelta(hours=24), timedelta(days=28))
        lacks = [LACKING[measure].partition(".")[2]] if measure in LACKING else []
        circumstances = Circumstances(seed, night, as_at, limits, lacks, {"reply_needed": True})
        rules, asked = drawn(measure, random, as_at)
        given_rows = [
            {**row, LOGS[log].keys[0]: f"{force} {number}", "kind": random.choice(KINDS)}
            for force in ZONES
            for number, row in enumerate(rows(without_kind(LOGS[log]), force, circumstances, 50))
        ]
        expected: list[Case] = []
        for row in given_rows:
            seen = known_with_plans(row, as_at, LOGS[log].dated_by)
            judged = oracle(seen, asked[row["force"]]) if seen else None
            if judged:
                expected.append((row[LOGS[log].keys[0]], judged))
        agree(product.states(measure, {log: given_rows}, rules, as_at), expected, ZONES)

    agreeing()


def victims(random: Random, measure: str) -> list[dict[str, Any]]:
    return [victim_rows.victim_case(random, number, LACKING[measure]) for number in range(100)]


def seen_as_at(found: Sequence[Mapping[str, Any]], begins: str) -> Iterator[Mapping[str, Any]]:
    return (seen for row in found if (seen := known_with_plans(row, AS_AT, begins)))


@EXAMPLES
@given(SEEDS)
def test_contact_agreed(product: SeveralLogs, seed: int) -> None:
    random = Random(seed)
    cases = victims(random, "contact_agreed")
    rules, asked = drawn("contact_agreed", random, AS_AT)
    expected = [
        (case["crime_id"], contact_agreed(case, asked[case["force"]])) for case in seen_as_at(cases, "opened_at")
    ]
    agree(product.states("contact_agreed", {"victim_cases": cases}, rules, AS_AT), expected, ZONES)


@EXAMPLES
@given(SEEDS)
def test_victim_updated(product: SeveralLogs, seed: int) -> None:
    random = Random(seed)
    cases = victims(random, "victim_updated")
    contacts = [contact for case in cases[::2] for contact in victim_rows.contacts(random, case)]
    # A contact of a case that nobody delivered is no case.
    contacts += [
        {**contact, "crime_id": "unheard-of", "contact_id": contact["contact_id"] + "x"} for contact in contacts[:2]
    ]
    rules, asked = drawn("victim_updated", random, AS_AT)
    expected = []
    contacted: dict[str, list[datetime]] = defaultdict(list)
    for contact in seen_as_at(contacts, "contacted_at"):
        contacted[contact["crime_id"]].append(contact["contacted_at"])
    for case in seen_as_at(cases, "opened_at"):
        own = contacted[case["crime_id"]]
        for judged in victim_updated(case, own, asked[case["force"]]):
            assert judged.started_at is not None
            start = judged.started_at.replace(tzinfo=None)
            text = start.isoformat() if not start.microsecond else start.isoformat().rstrip("0")
            expected.append((f"{case['crime_id']}/{text}Z", judged))
    logs = {"victim_cases": cases, "victim_contacts": contacts}
    agree(product.states("victim_updated", logs, rules, AS_AT), expected, ZONES)


@EXAMPLES
@given(SEEDS)
def test_victim_told(product: SeveralLogs, seed: int) -> None:
    random = Random(seed)
    cases = victims(random, "victim_told")
    events = [event for case in cases for event in victim_rows.events(random, case)]
    days = victim_rows.bank_holidays(random)
    rules, asked = drawn("victim_told", random, AS_AT)
    there = {
        force: replace(each, bank_holidays={day for of, day in days if of == force}) for force, each in asked.items()
    }
    known_cases = {case["crime_id"]: case for case in seen_as_at(cases, "opened_at")}
    expected = [
        (event["event_id"], victim_told(event, known_cases.get(event["crime_id"]), there[event["force"]]))
        for event in seen_as_at(events, "happened_at")
    ]
    logs = {"victim_cases": cases, "victim_events": events}
    agree(product.states("victim_told", logs, rules, AS_AT, days), expected, ZONES)


@EXAMPLES
@given(SEEDS)
def test_explained(product: SeveralLogs, seed: int) -> None:
    random = Random(seed)
    missed = [victim_rows.missed_case(random, number) for number in range(100)]
    said = [victim_rows.explanation(random, number, case) for number, case in enumerate(random.sample(missed, 40))]
    naive = [{**case, "missed_at": case["missed_at"].replace(tzinfo=None)} for case in missed]
    product.con.register("kept_missed_cases", pa.Table.from_pylist(naive))
    product.con.execute("create or replace view missed_cases as select * from kept_missed_cases")
    rules, asked = drawn("explained", random, AS_AT)
    known_said = list(seen_as_at(said, "recorded_at"))
    expected = [
        (f"{case['measure']}/{case['case_id']}", judged)
        for case in missed
        if case["standard"] == "spec" and (judged := explained(case, known_said, asked[case["force"]]))
    ]
    agree(product.states("explained", {"explanations": said}, rules, AS_AT), expected, ZONES)
