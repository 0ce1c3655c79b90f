"""A broken promise explained: the store takes it, the next night judges the closing promise by it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from checks.explanation import Scope
from connectors.store.engine import open_store
from connectors.store.explaining import explain
from tests.journey.logs import incident, write
from tests.journey.pledge import Pledge

FIRST = "2026-03-03T06:00:00Z"
DAY = date(2026, 3, 2)
# Missed at 12:15 and 13:15 on 2 March; 28 local days later that moment is an hour earlier in UTC: summer time.
LATE = [incident("i1", "2026-03-02 12:00:00", 16), incident("i2", "2026-03-02 13:00:00", 20)]
OTHER_DAY = incident("i3", "2026-03-01 12:00:00", 30)


@pytest.fixture
def missed(pledge: Pledge) -> Pledge:
    write(pledge.input, "incidents", [*LATE, OTHER_DAY])
    assert pledge.run(FIRST).code == 0
    return pledge


def say(pledge: Pledge, scope: Scope, at: datetime) -> None:
    with open_store(pledge.store).begin() as conn:
        explain(conn, scope, "demand_exceeded_capacity", "Planted words of an officer", "U1", at)


def breach(pledge: Pledge, case_id: str) -> Scope:
    return Scope(next(row["breach_id"] for row in pledge.rows("breaches") if row["case_id"] == case_id))


def explained(pledge: Pledge, as_at: str) -> dict[str, str]:
    said = pledge.run(as_at)
    assert said.code == 0, said.err
    return {name.removeprefix("attend_emergency/"): state for name, state in pledge.states("explained").items()}


def test_within_28_days_it_is_met_and_after_them_missed(missed: Pledge) -> None:
    assert explained(missed, FIRST) == {"i1": "pending", "i2": "pending", "i3": "pending"}
    say(missed, breach(missed, "i1"), datetime(2026, 3, 30, 11, 15, tzinfo=UTC))
    say(missed, breach(missed, "i2"), datetime(2026, 3, 30, 12, 15, 0, 1, tzinfo=UTC))
    assert explained(missed, "2026-03-29T06:00:00Z") == {"i1": "pending", "i2": "pending", "i3": "pending"}
    assert explained(missed, "2026-04-10T06:00:00Z") == {"i1": "met", "i2": "missed", "i3": "missed"}


def test_a_day_explained_covers_all_of_its_breaches_and_a_late_one(missed: Pledge) -> None:
    say(missed, Scope(measure="attend_emergency", force="norfolk", day=DAY), datetime(2026, 3, 3, 8, tzinfo=UTC))
    assert explained(missed, "2026-03-04T06:00:00Z") == {"i1": "met", "i2": "met", "i3": "pending"}
    write(missed.input, "incidents", [*LATE, OTHER_DAY, incident("i4", "2026-03-02 23:50:00", 40)])
    assert explained(missed, "2026-03-05T06:00:00Z") == {"i1": "met", "i2": "met", "i3": "pending", "i4": "met"}
    status = {row["case_id"]: row["status"] for row in missed.rows("breaches")}
    assert status == {"i1": "explained", "i2": "explained", "i3": "open", "i4": "explained"}


def test_the_same_night_again_adds_nothing_and_the_words_stay_in_the_store(missed: Pledge) -> None:
    say(missed, Scope(measure="attend_emergency", force="norfolk", day=DAY), datetime(2026, 3, 3, 8, tzinfo=UTC))
    explained(missed, "2026-03-04T06:00:00Z")
    before, versions = missed.tables(), missed.versions()
    said = missed.run("2026-03-04T06:00:00Z")
    assert said.code == 0
    assert "Planted" not in said.err
    after = missed.tables()
    assert {name for name in after if after[name] != before[name]} == {"runs"}
    assert missed.versions() == versions
    log = DeltaTable(str(missed.lake / "explanations")).to_pyarrow_table().to_pylist()
    assert [(row["measure"], row["missed_on"], row["breach_id"]) for row in log] == [("attend_emergency", DAY, None)]
    assert "Planted" not in repr(log)
    files = [path for path in Path(missed.folder).rglob("*") if path.is_file() and "pledge.sqlite" not in path.name]
    assert not [path for path in files if b"Planted" in path.read_bytes()]
    delivery = [row for row in after["deliveries"] if row["log"] == "explanations"]
    assert [(row["rows_read"], row["rows_admitted"], row["fitness"]) for row in delivery] == [(1, 1, "fit")]
