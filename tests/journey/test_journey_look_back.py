"""A night judges what can have changed and states what can have changed: the same tables as by judging everything.

`NIGHTS_TRIED=20 pytest tests/journey/test_journey_look_back.py` for more random histories.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.database import connect
from checks.logs import LOGS, Kind
from connectors.lake.cases import read_cases
from connectors.lake.schema import CASES
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store.newest import KEYS
from dags import steps
from dags.look_back import first_day
from dags.plan import new_plan
from tests.journey import every_log
from tests.journey.pledge import Pledge

Row = dict[str, str]
TRIED = int(os.environ.get("NIGHTS_TRIED", "1"))
NIGHTS = ("2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z", "2026-04-01T06:00:00Z")
UNDATED = ("neighbourhoods", "postings", "agreed_hours")
FIRST = first_day(datetime.fromisoformat(NIGHTS[-1])).isoformat()
STANDARDS = tuple(word for word in every_log.STANDARDS if not word.startswith("--"))
# What says when and by which run a thing was found, not what was found.
OF_THE_RUN = {
    "run_id", "run_number", "opened_run", "closed_run", "first_run", "last_changed_run", "restated", "restated_why",
    "signal", "signal_rules", "signal_why", "assurance", "trial",
}  # fmt: skip


def shifted(text: str, by: timedelta) -> str:
    form = "%Y-%m-%d %H:%M:%S" if len(text) > 10 else "%Y-%m-%d"
    return (datetime.strptime(text, form) + by).strftime(form)


def moved(log: str, row: Row, name: str, by: timedelta) -> Row:
    """The row as another record, another time: whatever names a record gets the name, too."""
    told = {}
    for column, value in row.items():
        kind = LOGS[log].by_name[column].kind if column in LOGS[log].by_name else Kind.TEXT
        is_time = kind in (Kind.MOMENT, Kind.DATE) and value
        told[column] = shifted(value, by) if is_time else value
        if column.endswith("_id") and column != "officer_id" and value:
            told[column] = f"{value}{name}"
    return told


def history(chance: random.Random, last: str, days: int, copies: int) -> dict[str, list[Row]]:
    """Records of every log, spread over the days before the last one."""
    told = every_log.rows()
    latest = datetime.strptime("2026-03-02", "%Y-%m-%d")
    end = datetime.strptime(last[:10], "%Y-%m-%d") - timedelta(days=1)
    found = {log: list(rows) if log in UNDATED else [] for log, rows in told.items()}
    for number in range(copies):
        by = end - latest - timedelta(days=chance.randrange(days), hours=chance.randrange(24))
        for log in found.keys() - set(UNDATED):
            found[log] += [moved(log, row, f"~{last[5:10]}{number}", by) for row in told[log]]
    return found


def corrected(chance: random.Random, log: str, row: Row) -> Row:
    """The record with one of its values changed, emptied or given."""
    columns = [c for c in LOGS[log].columns if (not c.key and c.kind in (Kind.MOMENT, Kind.FLAG)) or c.values]
    column = chance.choice(columns)
    if column.kind is Kind.FLAG:
        value = chance.choice(("true", "false", ""))
    elif column.values:
        value = chance.choice(column.values)
    else:
        before = row.get(column.name) or row.get(LOGS[log].dated_by) or "2026-01-01 00:00:00"
        value = shifted(before, timedelta(hours=chance.choice((-30, -1, 1, 5, 700)))) if chance.random() < 0.8 else ""
    return {**row, column.name: value or row.get(column.name, "") if column.required else value}


def deliveries(seed: int) -> Iterator[dict[str, list[Row]]]:
    """What each night brings: two years, then new, late, corrected and repeated records."""
    chance = random.Random(seed)
    held = history(chance, NIGHTS[0], 700, 15)
    yield held
    recent = NIGHTS[0][:4]
    for night in NIGHTS[1:]:
        late = history(chance, night, 300, 3)
        told: dict[str, list[Row]] = {}
        for log, rows in held.items():
            dated = LOGS[log].dated_by
            known = [row for row in rows if dated and row.get(dated, "") > f"{int(recent) - 1}-06"]
            changed = [corrected(chance, log, row) for row in chance.sample(known, min(4, len(known)))]
            new = [] if log in UNDATED else late[log]
            if chance.random() < 0.7 and (new or changed):
                told[log] = [*new, *changed, *chance.sample(known, min(1, len(known)))]
                keys = LOGS[log].keys
                told[log] = list({tuple(row.get(key) for key in keys): row for row in told[log]}.values())
                held[log] = [*rows, *new]
        if chance.random() < 0.5:
            told["postings"] = [{"officer_id": "O1", "neighbourhood": "N1", "started_on": "2024-01-01",
                                 "ended_on": f"2026-0{chance.randrange(1, 3)}-10"}]  # fmt: skip
        yield told


def standing(pledge: Pledge) -> dict[str, list[str]]:
    """What the tables say now of the days of the last night's look-back, without the run that said it and figures that
    have no case left."""
    found = pledge.tables()
    for name in ("verdicts", "commitments", "sensitivity"):
        newest: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in sorted(found[name], key=lambda row: row["run_number"]):
            newest[tuple(row[key] for key in KEYS[name])] = row
        found[name] = [row for row in newest.values() if not _is_empty(row) and row["period_start"] >= FIRST]
    # What was concluded of days that have no case left stays, as it does when everything is judged.
    counted = {_place(row) for row in found["verdicts"]}
    found["commitments"] = [row for row in found["commitments"] if _place(row) in counted]
    found["cases"] = [row for row in found["cases"] if row["local_day"] >= FIRST]
    open_breaches = [row for row in found["breaches"] if row["status"] != "withdrawn" and row["local_day"] >= FIRST]
    lake = Lake(str(pledge.lake))
    con = connect()
    read_cases(con, lake.files("cases"), "found")
    columns = ", ".join(name for name in CASES if name not in OF_THE_RUN)
    kept = con.execute(f"select {columns} from found where local_day >= '{FIRST}'").fetchall()
    told = {name: found[name] for name in ("verdicts", "commitments", "cases", "sensitivity")}
    said = {**told, "breaches": open_breaches}
    return {
        name: sorted(str({k: v for k, v in row.items() if k not in OF_THE_RUN}) for row in rows)
        for name, rows in said.items()
    } | {"cases of the lake": sorted(map(str, kept))}


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("standard", "commitment", "force", "area", "period", "period_start"))


def _is_empty(row: dict[str, Any]) -> bool:
    counts = row.get("cases", 1) or row.get("excluded", 0) or row.get("timed", 0)
    return not counts and row["verdict"] in ("too_few", "no_target")


def admitted(pledge: Pledge, folder: Path, night: str) -> None:
    """A night that was killed after it admitted what came."""
    settings = replace(Settings(), lake=str(pledge.lake), store=pledge.store)
    moment = datetime.fromisoformat(night)
    plan = new_plan(settings, moment, moment, input=str(folder), standards=STANDARDS)
    steps.start(plan, settings)
    steps.admit(plan, settings)
    steps.fail(plan)


@pytest.mark.parametrize("seed", range(TRIED))
def test_the_same_as_judging_everything(tmp_path: Path, seed: int) -> None:
    ours, whole = Pledge(tmp_path / "ours"), Pledge(tmp_path / "whole")
    for number, (night, told) in enumerate(zip(NIGHTS, deliveries(seed), strict=True)):
        folder = every_log.deliver(tmp_path / f"night_{number}", told)
        run = ours("run", "--input", str(folder), "--as-at", night, *every_log.STANDARDS)
        assert run.code in (0, 1), run.err
        if night != NIGHTS[-1]:
            admitted(whole, folder, night)
    assert whole("run", "--input", str(folder), "--as-at", night, *every_log.STANDARDS).code == run.code
    by_nights, at_once = standing(ours), standing(whole)
    for name, rows in at_once.items():
        lacking, beyond = sorted(set(rows) - set(by_nights[name])), sorted(set(by_nights[name]) - set(rows))
        assert (lacking[:3], beyond[:3], len(lacking), len(beyond)) == ([], [], 0, 0), name
    # One of the runs is judged anew, every one where more histories are tried.
    newest = [] if TRIED > 1 else ["--run", ours.rows("runs")[-1]["run_id"]]
    verified = ours("verify", "--recompute", *newest)
    assert verified.code == 0, verified.err
