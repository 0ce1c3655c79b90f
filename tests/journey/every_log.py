"""A little of every log, so that every measure has cases: one force, two neighbourhoods, two nights in March 2026."""

from __future__ import annotations

import csv
from pathlib import Path

from checks.logs import LOGS
from tests.journey.logs import call, incident

NIGHTS = ("2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z")
STANDARDS = ("--standard", "policing_pledge_2008", "--standard", "victims_code_2021_right_6")
Row = dict[str, str]

_MESSAGE = {"neighbourhood": "N1", "area": "north", "kind": "public", "reply_needed": "true"}
_CRIME = {"area": "north", "neighbourhood": "N1", "enhanced_rights": "false"}
_DISSATISFIED = {"area": "north", "neighbourhood": "N1"}
_PAGE = {
    "neighbourhood": "N1", "officers_named": "2", "contact_methods": "1", "base_given": "true",
    "how_to_work_given": "true",
}  # fmt: skip
_DUTY = {"area": "north", "neighbourhood": "N1", "officer_id": "O1"}
_FULL = {"crime_map": "true", "outcomes": "true", "action_taken": "true", "force_performance": "true"}


def rows() -> dict[str, list[Row]]:
    """The rows of each log, `force` left to `deliver`."""
    told: dict[str, list[Row]] = {
        "calls": [
            call("a", "2026-03-01 10:00:00", 5), call("b", "2026-03-01 11:00:00", 30),
            call("n", "2026-03-01 12:00:00", 40, line="101"),
        ],
        "incidents": [
            incident("e", "2026-03-01 10:00:00", 10),
            incident("v", "2026-03-01 11:00:00", 90, grade_first="priority", grade_final="priority", vulnerable="true"),
            incident(
                "p", "2026-03-01 12:00:00", 20, grade_first="priority", grade_final="priority",
                neighbourhood_priority="true",
            ),
            incident(
                "s", "2026-03-01 09:00:00", None, grade_first="scheduled", grade_final="scheduled",
                appointment_at="2026-03-02 09:00:00", appointment_kept_at="2026-03-02 09:05:00",
                closed_at="2026-03-02 10:00:00",
            ),
            incident(
                "r", "2026-03-01 13:00:00", None, grade_first="resolution_without_deployment",
                grade_final="resolution_without_deployment", advice_given_at="2026-03-01 13:10:00",
                closed_at="2026-03-01 13:30:00",
            ),
        ],
        "messages": [
            {**_MESSAGE, "message_id": "M/1", "received_at": "2026-02-25 10:00:00"},
            {
                **_MESSAGE, "message_id": "M2", "received_at": "2026-02-26 10:00:00",
                "responded_at": "2026-02-26 12:00:00", "detail_promised_for": "2026-02-28 12:00:00",
                "detail_sent_at": "2026-03-01 12:00:00",
            },
        ],
        "victim_cases": [
            {**_CRIME, "crime_id": "C/1", "opened_at": "2026-01-05 10:00:00", "agreed_at": "2026-01-06 10:00:00"},
            {**_CRIME, "crime_id": "C2", "opened_at": "2026-01-05 10:00:00", "closed_at": "2026-02-20 10:00:00"},
        ],
        "victim_contacts": [
            {"contact_id": "K1", "crime_id": "C/1", "contacted_at": "2026-01-20 10:00:00"},
            {"contact_id": "K2", "crime_id": "C/1", "contacted_at": "2026-02-10 10:00:00"},
        ],
        "victim_events": [
            {
                "event_id": "E1", "crime_id": "C/1", "event": "arrested", "happened_at": "2026-02-02 10:00:00",
                "told_at": "2026-02-03 10:00:00",
            },
        ],
        "duties": [
            {
                **_DUTY, "duty_id": f"D{day}", "started_at": f"2026-02-{day:02} 08:00:00",
                "ended_at": f"2026-02-{day:02} 16:00:00", "activity": "abstracted" if day == 3 else "visible",
            }
            for day in (2, 3, 4)
        ],
        "agreed_hours": [
            {
                "neighbourhood": "N1", "weekday": "monday", "from_time": "09:00", "to_time": "11:00",
                "valid_from_on": "2026-01-01",
            },
        ],
        "postings": [
            {"officer_id": "O1", "neighbourhood": "N1", "started_on": "2024-01-01"},
            {"officer_id": "O2", "neighbourhood": "N1", "started_on": "2024-01-01", "ended_on": "2025-06-30"},
        ],
        "neighbourhoods": [
            {"neighbourhood": "N1", "area": "north", "active_from": "2023-01-01 00:00:00"},
            {"neighbourhood": "N2", "area": "north", "active_from": "2023-01-01 00:00:00"},
        ],
        "team_pages": [{**_PAGE, "checked_at": "2026-02-14 12:00:00", "last_changed_at": "2026-01-14 12:00:00"}],
        "meetings": [
            {
                "meeting_id": "G1", "neighbourhood": "N1", "kind": "surgery", "starts_at": "2026-01-14 18:00:00",
                "held": "true",
            },
            {
                "meeting_id": "G2", "neighbourhood": "N1", "kind": "meeting", "starts_at": "2026-02-14 18:00:00",
                "held": "false",
            },
        ],
        "updates": [{**_FULL, "update_id": "U1", "neighbourhood": "N1", "published_at": "2026-01-31 23:30:00"}],
        "surveys": [
            {
                "response_id": f"R{number}", "answered_on": f"2025-{1 + number % 12:02}-15", "area": "north",
                "ethnic_group": "white" if number % 2 else "minority", "treatment_satisfied": "true",
            }
            for number in range(24)
        ],
        "counter_visits": [
            {
                "visit_id": "V1", "area": "north", "station": "S", "visited_at": "2026-02-14 12:00:00",
                "advertised_open": "true", "found_open": "false",
            },
        ],
        "dissatisfactions": [
            {
                **_DISSATISFIED, "complaint_id": "X1", "reported_at": "2026-01-14 12:00:00",
                "acknowledged_at": "2026-01-16 12:00:00", "handling_discussed_at": "2026-01-17 12:00:00",
                "in_person_offered_at": "2026-01-17 12:00:00", "plan_agreed_at": "2026-01-18 12:00:00",
                "plan_due_at": "2026-01-20 12:00:00", "plan_done_at": "2026-01-22 12:00:00",
            },
        ],
        "explanations": [
            {
                "explanation_id": "Z1", "measure": "message_answered", "missed_on": "2026-02-25", "reason": "demand",
                "recorded_at": "2026-02-28 12:00:00", "recorded_by": "a manager",
            },
        ],
    }  # fmt: skip
    return told


def second_night() -> dict[str, list[Row]]:
    """What the next night brings: a late call, a corrected message, a contact, and meetings held after all."""
    told = rows()
    return {
        "calls": [call("late", "2026-03-01 12:00:00", 90)],
        "messages": [{**told["messages"][0], "responded_at": "2026-02-25 11:00:00"}],
        "victim_contacts": [{"contact_id": "K3", "crime_id": "C/1", "contacted_at": "2026-03-01 10:00:00"}],
        "meetings": [{**told["meetings"][1], "held": "true"}],
    }


def deliver(folder: Path, told: dict[str, list[Row]]) -> Path:
    """Write these rows into a folder, all of norfolk, one file for each log; returns the folder."""
    folder.mkdir(exist_ok=True)
    for log, said in told.items():
        with (folder / f"{log}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(LOGS[log].by_name))
            writer.writeheader()
            writer.writerows({**row, "force": "norfolk"} for row in said)
    return folder
