"""How far back a night judges: 400 days, and no further than what was never judged before.

A run without a window judges everything once. From then on a night judges the days of the look-back again, whatever
came late for them; older days are final, and stay as they were judged unless `--from/--to` asks for them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from checks.commitment import Measure
from checks.logs import LOGS, Log
from checks.revision import LOOK_BACK_DAYS
from connectors.lake.reaching import Reach, files_reaching
from connectors.lake.tables import Lake
from dags.plan import Plan

Row = Mapping[str, Any]
Slice = tuple[str, ...]
# Keys of a run's `input_key`, beside the versions of the logs: the version of the lake's cases, whether every force and
# day was recorded up to it, the forces it was limited to, and the first day it judged again ('' = every day).
CASES, WHOLE, FORCES, JUDGED_FROM = "cases", "whole", "forces", "judged_from"
# … and why it judged days that are final, as part of which backfill.
REASON, BACKFILL = "reason", "backfill"

# How far a file of these logs reaches. Each of their rows is a case, or part of one, on a day that one of its own
# times names, whatever else the case rests on is read whole: the other logs are small, or their cases hang together
# over years (a victim's contacts).
_ROW_BY_ROW = ("calls", "incidents", "messages", "dissatisfactions", "victim_events", "team_pages", "counter_visits")
_DUTIES = Reach(("started_at", "ended_at"), open_ended=("ended_at",), with_earliest=True)
# When a missed case was missed: its explanation is owed from then on.
_MISSED = Reach(("due_at", "clock_stopped_at", "clock_started_at"))


# A case of the first days may hang on a record of days before: a call on its incident, a duplicate on its original.
_BEFORE = timedelta(days=62)


def reach_of(log: Log) -> Reach | None:
    """How far a file of a log reaches; None = the log is always read whole."""
    if log.name == "duties":
        return _DUTIES
    return Reach(log.moments) if log.name in _ROW_BY_ROW else None


def first_day(as_at: datetime) -> date:
    """The first local day a night judges again: the first of the month 400 days ago."""
    return (as_at.date() - timedelta(days=LOOK_BACK_DAYS)).replace(day=1)


def first_figure(day: date) -> date:
    """The first day of the figures that a case of `day` or later can change: twelve months in a row may end there."""
    months = day.year * 12 + day.month - 12
    return date(months // 12, months % 12 + 1, 1)


def first_day_of(measure: Measure, day: date) -> date:
    """From which local day on a measure is judged again: a case that covers a year is dated by that year's first."""
    return day if "month" in measure.periods else first_figure(day)


def judged_whole(run: Row, standard: str, force: str) -> bool:
    """Whether a run ended that judged every day of a force by a standard."""
    if run["status"] != "done" or run["window_from"] or run["window_to"] or not run["input_key"]:
        return False
    said = input_of(run)
    return standard in json.loads(run["standards"]) and bool(said.get(WHOLE) or force in said.get(FORCES, ()))


def input_of(run: Row) -> dict[str, Any]:
    return json.loads(run["input_key"]) if run["input_key"] else {}


@dataclass(frozen=True)
class LookBack:
    """From which day one force's slices are judged; `standing` are those the lake holds cases of, by their first
    month, and `judged` the newest whole run by standard."""

    plan: Plan
    lake: Lake
    force: str
    standing: Mapping[Slice, str]
    judged: Mapping[str, Row]
    late: set[str] = field(default_factory=set)

    @property
    def day(self) -> date:
        return first_day(self.plan.moment)

    def judged_from(self, measure: Measure, standard: str, versions: Mapping[str, int]) -> date | None:
        """The first local day on which a slice is judged, None = every day.

        Every day where it was never judged as a whole, or older days than any it has cases of came in since.
        Notes in `late` the months before the look-back whose rows changed and are not judged again.
        """
        first_case = self.standing.get((standard, measure.name, self.force))
        if standard not in self.judged or first_case is None:
            return None
        day = first_day_of(measure, self.day)
        since = input_of(self.judged[standard])
        # The closing promise is about the missed cases of every measure.
        logs = versions if "missed_cases" in measure.sql else measure.logs
        changed = {
            month
            for log in logs
            if log in versions
            for month in self.lake.changed_months(log, since.get(log), versions[log], self.force)
        }
        old = {month for month in changed if month[:4].isdigit() and month < f"{day:%Y-%m}"}
        if old and min(old) < first_case:
            return None
        self.late.update(old)
        return day

    def files(self, versions: Mapping[str, int]) -> dict[str, list[str]]:
        """The files of the force's logs that a case of the look-back can rest on."""
        return files_back_to(self.lake, self.day, versions, [self.force])

    def missed_files(self, day: date | None, standards: Collection[str]) -> list[str]:
        """The files of cases whose promise may have been broken on the day or later."""
        if day is None:
            return self.lake.files("cases", standard=standards, force=[self.force])
        return files_reaching(self.lake, "cases", day, _MISSED, standard=standards, force=[self.force])


def files_back_to(lake: Lake, day: date, versions: Mapping[str, int], forces: Sequence[str]) -> dict[str, list[str]]:
    """The files of the forces' logs that a case of the day or later can rest on."""
    found = {}
    for name, version in versions.items():
        reach = reach_of(LOGS[name])
        found[name] = (
            files_reaching(lake, name, day - _BEFORE, reach, version, force=forces)
            if reach
            else lake.files(name, version, force=forces)
        )
    return found


def look_back(plan: Plan, lake: Lake, force: str, runs: Sequence[Row], standards: Sequence[str]) -> LookBack | None:
    """How far back a night looks; None where the run was told its days."""
    if plan.first_day or plan.last_day:
        return None
    newest_first = sorted(runs, key=lambda row: row["run_number"], reverse=True)
    found = {name: next((row for row in newest_first if judged_whole(row, name, force)), None) for name in standards}
    judged = {name: row for name, row in found.items() if row is not None}
    return LookBack(plan, lake, force, first_months(lake, force), judged)


def first_months(lake: Lake, force: str = "") -> dict[Slice, str]:
    """The first month of cases of each (standard, measure, force) the lake holds."""
    of_force = {"force": [force]} if force else {}
    actions = lake.actions("cases", None, **of_force)
    names = ("standard", "measure", "force", "month")
    found: dict[Slice, str] = {}
    for *slice_, month in zip(*(actions[f"partition.{name}"].to_pylist() for name in names), strict=True):
        found[tuple(slice_)] = min(month, found.get(tuple(slice_), month))
    return found
