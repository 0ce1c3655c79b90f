"""Files are read as far as their times reach, not by the month they are filed under."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from checks.logs import LOGS
from connectors.lake.merge import merge
from connectors.lake.reaching import Reach, files_between, files_reaching
from connectors.lake.tables import Lake
from tests.connectors.lake.conftest import Deliver

INCIDENTS = """
incident_id,force,origin,grade_first,setting_first,received_at,appointment_at
old,norfolk,public,scheduled,urban,2025-01-10 10:00:00,2025-01-12 10:00:00
due,norfolk,public,scheduled,urban,2025-02-10 10:00:00,2026-03-31 23:30:00
new,norfolk,public,scheduled,urban,2026-04-10 10:00:00,
"""
DUTIES = """
duty_id,force,neighbourhood,officer_id,started_at,ended_at,activity
first,norfolk,N1,O1,2024-12-01 08:00:00,2024-12-01 16:00:00,visible
old,norfolk,N1,O1,2025-01-10 08:00:00,2025-01-10 16:00:00,visible
open,norfolk,N1,O1,2025-02-10 08:00:00,,visible
"""


def months(files: list[str]) -> list[str]:
    return [part.removeprefix("month=") for file in files for part in Path(file).parts if part.startswith("month=")]


def test_a_planned_time_lets_an_old_file_reach(lake: Lake, deliver: Deliver) -> None:
    merge(lake, deliver("incidents", INCIDENTS), set(), "d1", "")
    reach = Reach(LOGS["incidents"].moments)
    assert months(files_reaching(lake, "incidents", date(2026, 4, 1), reach, force=["norfolk"])) == [
        "2025-02",
        "2026-04",
    ], "midnight in London may still be the day before in UTC"
    assert months(files_reaching(lake, "incidents", date(2026, 4, 3), reach)) == ["2026-04"]
    assert files_reaching(lake, "incidents", date(2026, 4, 1), reach, force=["essex"]) == []
    assert len(files_reaching(lake, "incidents", date(2026, 4, 3), Reach(("no_such_time",)))) == 3, "in doubt: all"


def test_what_is_open_reaches_without_end_and_the_first_is_always_wanted(lake: Lake, deliver: Deliver) -> None:
    merge(lake, deliver("duties", DUTIES), set(), "d1", "")
    reach = Reach(("started_at", "ended_at"), open_ended=("ended_at",), with_earliest=True)
    assert months(files_reaching(lake, "duties", date(2026, 4, 1), reach)) == ["2024-12", "2025-02"]


def test_a_file_whose_texts_lie_elsewhere_is_not_named(lake: Lake, deliver: Deliver) -> None:
    merge(lake, deliver("incidents", INCIDENTS), set(), "d1", "")

    def named(least: str, greatest: str, column: str = "incident_id") -> list[str]:
        return months(files_between(lake, "incidents", column, least, greatest))

    assert named("due", "due") == ["2025-02"], "the exact limits"
    assert named("e", "new") == ["2026-04"]
    assert named("a", "z") == ["2025-01", "2025-02", "2026-04"]
    assert named("p", "q") == []
    assert len(named("p", "q", "no_such_column")) == 3, "in doubt: all"
    assert files_between(lake, "incidents", "incident_id", "a", "z", force=["essex"]) == []
