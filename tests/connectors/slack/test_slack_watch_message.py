"""The at-risk list as a channel reads it: golden files, ten lines at most, local times, nothing personal."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.at_risk import Clock, groups
from connectors.slack.blocks import Message
from connectors.slack.watch_message import WatchList, ended_message, watch_message
from tests.slack_limits import fault

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 3, 28, 10, 15, tzinfo=UTC)  # the Saturday before the clocks go forward
TITLES = {
    "message_answered": "messages to a neighbourhood team answered within a day",
    "victim_updated": "victims kept informed at least once a month, or as often as agreed",
}
ZONES = {"norfolk": "Europe/London", "kent": "Europe/London", "dover": "Europe/Paris"}


def clock(case: str, minutes: float, measure: str = "message_answered", force: str = "norfolk") -> Clock:
    return Clock(measure, force, case, "", "pending", NOW + timedelta(minutes=minutes))


def told(*clocks: Clock, **more: object) -> WatchList:
    return replace(WatchList(NOW, tuple(groups(clocks)), TITLES, ZONES, "Europe/London"), **more)  # type: ignore[arg-type]


FEW = told(
    *(clock(f"M-10{number}", 20 + 15 * number) for number in range(8)),
    clock("K-7/2026-02-28T11:00:00Z", 45, "victim_updated", "kent"),
    clock("K-9/2026-03-01T09:00:00Z", 60 * 23, "victim_updated", "kent"),
    saved=(3, 5),
    missed=(1, 0),
    blind=(("kent", "messages"),),
    admitted_at=NOW - timedelta(hours=5),
)
MANY = told(*(clock(f"M-{number}", number, force=f"force-{number}") for number in range(14)))
LISTS = {
    "watch_few": watch_message("at_risk/x", FEW),
    "watch_many": watch_message("at_risk/x", MANY),
    "watch_empty": watch_message("at_risk/x", told(saved=(9, 2))),
    "watch_ended": ended_message("at_risk/x", NOW, "Europe/London"),
}


@pytest.mark.parametrize("name", LISTS)
def test_reads_as_its_golden_file_and_keeps_to_slacks_limits(name: str) -> None:
    message = LISTS[name]
    assert fault({"channel": "C0123456789", "text": message.text, "blocks": list(message.blocks)}) == ""
    for suffix, found in (("txt", message.text + "\n"), ("json", _blocks(message))):
        path = GOLDEN / f"{name}.{suffix}"
        if os.environ.get("PLEDGE_WRITE_GOLDEN"):
            path.write_text(found, "utf-8")
        assert found == path.read_text("utf-8")


def _blocks(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False, indent=1) + "\n"


def lines(message: Message) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "section"]


def test_ten_lines_at_most_and_what_is_left_out_is_said() -> None:
    assert len(lines(LISTS["watch_many"])) == 10
    assert "… and 5 more" in lines(LISTS["watch_many"])[-1]
    ten = told(*(clock(f"M-{number}", number, force=f"force-{number}") for number in range(10)))
    assert len(lines(watch_message("at_risk/x", ten))) == 10
    assert "more" not in lines(watch_message("at_risk/x", ten))[-1]


def test_times_are_local_to_the_force_and_know_the_clock_change() -> None:
    paris = watch_message("at_risk/x", told(clock("M-1", 20, force="dover")))
    assert "M-1 by 11:35." in paris.text  # 10:35 UTC
    tomorrow = watch_message("at_risk/x", told(clock("M-1", 60 * 23)))
    assert "M-1 by tomorrow 10:15." in tomorrow.text  # 09:15 UTC, summer time by then
    midnight = watch_message("at_risk/x", told(clock("M-1", 60 * 13.75)))
    assert "M-1 by the end of today." in midnight.text


@pytest.mark.parametrize(
    "case_id",
    ["jane.doe@example.org", "Jane Doe, 4 High Street", "<!channel>", "+44 7700 900123", "07700900123", "Jane.Doe", ""],
)
def test_what_is_no_plain_reference_is_not_shown(case_id: str) -> None:
    message = watch_message("at_risk/x", told(clock(case_id, 20)))
    assert "a record whose reference is not shown by 10:35" in message.text
    assert not case_id or case_id not in message.text + message.as_json()
