"""Integrity signals from a run on delivered files: each planted in the north, none of them in the south."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from checks.integrity import signals
from tests.journey.conftest import AS_AT
from tests.journey.logs import Row, call, incident, later, write
from tests.journey.pledge import Pledge

START = "2026-02-02 00:01:07"
AREAS = ("north", "south")
# What is planted in the north, counted by hand: the flagged, of how many, and how many of what else.
PLANTED = {
    "appointment_opened_as_incident_closes": ("appointment_offered", 20, 20),
    "arrival_equal_to_dispatch": ("attend_emergency", 12, 60),
    "closed_without_arrival": ("attend_emergency", 15, 75),
    "downgraded_before_arrival": ("attend_emergency", 10, 35),
    "edits_after_the_fact": ("victim_updated", 10, 30),
    "piling_up_under_limit": ("answer_999", 30, 40),
    "responses_recorded_in_bulk": ("message_answered", 12, 12),
    "round_clock_times": ("attend_emergency", 48, 60),  # 45 rounded, and 3 of the other 15 by themselves
}


def moment(number: int, minutes: int = 61) -> str:
    """Of cases that come 61 minutes apart, no minute of the hour more often than another."""
    return later(START, number * minutes * 60)


def calls() -> list[Row]:
    """In the last second before the limit 30 of 40 in the north, 10 of 30 in the south."""
    rows = []
    for area, waits in (("north", [9.5] * 30 + [8.5] * 5 + [10.5] * 5), ("south", [9.5, 8.5, 10.5] * 10)):
        rows += [call(f"{area}{n}", moment(n), wait, area=area) for n, wait in enumerate(waits)]
    return rows


def emergencies() -> list[Row]:
    """In each area 40 reached in time and 20 late; 15 of the north are closed although nobody came."""
    rows = []
    for area in AREAS:
        is_planted = area == "north"
        for n in range(60):
            row = incident(f"{area}{n:02}", moment(n), 10 if n < 40 else 25, area=area)
            if is_planted and n % 4:
                arrived = datetime.fromisoformat(row["arrived_at"])
                row["arrived_at"] = str(arrived.replace(minute=arrived.minute // 5 * 5, second=30))
            if is_planted and n % 5 == 0:
                row["dispatched_at"] = row["arrived_at"]
            if is_planted and 40 <= n < 50:
                row["grade_final"] = "priority"
            rows.append(row)
    closed = later(START, 20 * 86400)
    return rows + [incident(f"never{n:02}", moment(n), None, closed_at=closed) for n in range(15)]


def scheduled() -> list[Row]:
    """Closed in the very minute of the appointment in the north; anywhere in ten minutes of it in the south."""
    rows = []
    for n in range(20):
        for area, gap in (("north", 20), ("south", 60 * (n - 10) + 30)):
            at, due = moment(n), later(moment(n), 86400)
            more = {"area": area, "grade_first": "scheduled", "grade_final": "scheduled", "appointment_at": due}
            rows.append(incident(f"s{area}{n:02}", at, None, **more, closed_at=later(due, gap)))
    return rows


def messages() -> list[Row]:
    """Twelve answers in one second in the north; in the south each at its own."""
    row = {"force": "norfolk", "neighbourhood": "N1", "kind": "public", "reply_needed": "true"}
    north = [{"message_id": f"n{n}", "area": "north", "received_at": moment(n), **row} for n in range(12)]
    south = [{"message_id": f"s{n}", "area": "south", "received_at": moment(n), **row} for n in range(12)]
    answered = later(moment(12), 3 * 3600 + 133)
    return [m | {"responded_at": answered} for m in north] + [
        m | {"responded_at": later(m["received_at"], 1000)} for m in south
    ]


def victims() -> tuple[list[Row], list[Row]]:
    """Ten of thirty contacts in the north are written down eight days later."""
    cases, contacts = [], []
    for area in AREAS:
        for n in range(30):
            crime = f"{area}{n:02}"
            cases.append({"crime_id": crime, "force": "norfolk", "area": area, "opened_at": moment(n)})
            contacted = later(moment(n), 86400)
            recorded = later(contacted, 8 * 86400 if area == "north" and n % 3 == 0 else 600)
            contact = {"contact_id": crime, "force": "norfolk", "crime_id": crime}
            contacts.append(contact | {"contacted_at": contacted, "recorded_at": recorded})
    return cases, contacts


def deliver(folder: Path, incidents: Sequence[Row]) -> None:
    cases, contacts = victims()
    write(folder, "calls", calls())
    write(folder, "incidents", list(incidents))
    write(folder, "messages", messages())
    write(folder, "victim_cases", cases)
    write(folder, "victim_contacts", contacts)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    pledge = Pledge(tmp_path_factory.mktemp("planted"))
    deliver(pledge.input, emergencies() + scheduled())
    said = pledge.run(AS_AT)
    assert said.code == 0, said.err
    return pledge


@pytest.fixture
def copied(planted: Pledge, tmp_path: Path) -> Pledge:
    """The planted folder as it was, to run again in."""
    shutil.copytree(planted.folder, tmp_path / "copied")
    return Pledge(tmp_path / "copied")


def test_every_signal_is_planted_here() -> None:
    assert set(PLANTED) == set(signals())


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_in_the_north_is_found_there_and_not_in_the_south(planted: Pledge, name: str) -> None:
    rows = {row["area"]: row for row in planted.rows("integrity", "--signal", name)}
    assert set(rows) == {"", "north"}, "the force is always told of, an area only where it is unusual"
    north = rows["north"]
    assert (north["measure"], north["count"], north["of"]) == PLANTED[name]
    assert north["notable"]
    assert north["p_adjusted"] <= 0.01
    assert north["sentence"].startswith(f"{north['count']} of {north['of']} ")
    assert north["sentence"].endswith("Look here.")
    assert 1 <= len(north["cases"].split(",")) <= 5


def test_what_it_is_compared_with(planted: Pledge) -> None:
    north = {row["signal"]: row for row in planted.rows("integrity", "--area", "north")}
    assert {name: row["compared_with"] for name, row in north.items()} == {
        "appointment_opened_as_incident_closes": "chance",
        "arrival_equal_to_dispatch": "rest",
        "closed_without_arrival": "rest",
        "downgraded_before_arrival": "control",
        "edits_after_the_fact": "rest",
        "piling_up_under_limit": "chance",
        "responses_recorded_in_bulk": "chance",
        "round_clock_times": "chance",
    }
    assert north["closed_without_arrival"]["base_rate"] == 0
    # Around the limit 5 + 5; the cubic through them expects 6⅔ of 16⅔ in the second between.
    assert north["piling_up_under_limit"]["base_rate"] == pytest.approx(0.4)
    # One force alone has no other to be compared with, and nothing is said to be unusual.
    whole = {row["signal"]: row for row in planted.rows("integrity") if not row["area"]}
    assert (whole["closed_without_arrival"]["count"], whole["closed_without_arrival"]["of"]) == (15, 135)
    assert not whole["closed_without_arrival"]["notable"]
    assert whole["closed_without_arrival"]["base_rate"] is None


def test_the_table_shows_what_is_notable_and_all_of_it_when_asked(planted: Pledge) -> None:
    said = planted("integrity")
    assert b"edits_after_the_fact" in said.out
    assert b"nothing to compare" not in said.out
    assert "--all shows them" in said.err
    assert b"nothing to compare" in planted("integrity", "--all").out
    assert {row["signal"] for row in planted.rows("integrity", "--measure", "answer_999")} == {"piling_up_under_limit"}
    assert planted.rows("integrity", "--force", "suffolk") == []
    refused = planted("integrity", "--signal", "heaping")
    assert refused.code == 2
    assert "piling_up_under_limit" in refused.sentence


def test_the_same_night_twice_adds_nothing(copied: Pledge) -> None:
    before = copied.tables()
    assert copied.run(AS_AT).code == 0
    after = copied.tables()
    assert {name for name in after if after[name] != before[name]} == {"runs"}


def test_what_is_no_longer_unusual_or_no_longer_there_is_said_so(copied: Pledge) -> None:
    first = copied.rows("runs")[0]["run_id"]
    kept = [row for row in emergencies() if not row["incident_id"].startswith("never")]
    corrected = [row | {"dispatched_at": later(row["received_at"], 60)} for row in kept]
    # The fifteen that nobody reached turn out to be reached, and no appointment was ever made.
    reached = [incident(f"never{n:02}", moment(n), 10) for n in range(15)]
    deliver(copied.input, corrected + reached + [row | {"appointment_at": ""} for row in scheduled()])
    assert copied.run("2026-03-04T06:00:00Z").code == 0
    now = {(row["signal"], row["area"]): row for row in copied.rows("integrity")}
    for name in ("closed_without_arrival", "arrival_equal_to_dispatch"):
        assert (now[name, "north"]["count"], now[name, "north"]["notable"]) == (0, False)
    gone = now["appointment_opened_as_incident_closes", "north"]
    assert (gone["of"], gone["notable"], gone["sentence"]) == (0, False, "No record of this kind is left to look at.")
    then = {(row["signal"], row["area"]): row for row in copied.rows("integrity", "--run", first)}
    assert then["closed_without_arrival", "north"]["notable"]


def test_a_window_says_nothing_of_the_whole(copied: Pledge) -> None:
    before = copied.tables()["integrity_signals"]
    assert copied.run(AS_AT, "--from", "2026-02-03", "--to", "2026-02-03").code == 0
    assert copied.tables()["integrity_signals"] == before


def test_a_damaged_file_of_one_force_does_not_keep_the_others_from_being_looked_into(copied: Pledge) -> None:
    rows = [row | {"force": "suffolk"} for row in emergencies()]
    folder = copied.folder / "more"
    folder.mkdir()
    write(folder, "incidents", rows)
    assert copied("run", "--input", str(folder), "--as-at", AS_AT).code == 0
    before = {(row["signal"], row["force"], row["area"]): row for row in copied.rows("integrity")}
    for path in (copied.lake / "incidents").rglob("force=suffolk/**/*.parquet"):
        path.write_bytes(b"PAR1 not any more PAR1")
    contacts = [row | {"recorded_at": later(row["contacted_at"], 60)} for row in victims()[1]]
    write(copied.input, "victim_contacts", contacts)
    assert copied.run("2026-03-04T06:00:00Z").code == 3
    after = {(row["signal"], row["force"], row["area"]): row for row in copied.rows("integrity")}
    assert before["edits_after_the_fact", "norfolk", "north"]["notable"]
    assert not after["edits_after_the_fact", "norfolk", "north"]["notable"]
    suffolk = {key: row for key, row in after.items() if key[1] == "suffolk"}
    assert suffolk == {key: row for key, row in before.items() if key[1] == "suffolk"}
    assert suffolk


def test_a_force_that_delivers_only_calls_has_no_row_of_the_other_logs(pledge: Pledge) -> None:
    write(pledge.input, "calls", calls())
    assert pledge.run(AS_AT).code == 0
    assert {row["signal"] for row in pledge.rows("integrity")} == {"piling_up_under_limit", "round_clock_times"}
    assert pledge.rows("delays") == []


def test_every_format(planted: Pledge) -> None:
    said = planted("integrity", "--format", "csv")
    assert len(list(csv.DictReader(said.out.decode().splitlines()))) == len(planted.rows("integrity"))
