"""Logs for both engines to judge: rows as nasty as the oracle tests draw them, two forces in two time zones.

Times lie on limits and a microsecond beside them, on the clock changes of both zones, at local midnights and at the
moment of judging; any of them may be missing, columns undelivered, records open or contradictory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from checks.logs import LOGS
from connectors.lake.schema import log_schema, schema_of
from tests.checks.oracle import neighbourhood_rows, victim_rows
from tests.checks.oracle.delivered_rows import NIGHTS, Circumstances, rows
from tests.checks.oracle.victim_rows import AS_AT, ZONES

Rows = list[dict[str, Any]]
Drawer = Any
LIMITS = (timedelta(seconds=10), timedelta(seconds=30), *(timedelta(minutes=n) for n in (15, 20, 60, 24 * 60, 48 * 60)))
BANK_HOLIDAYS = [(force, day) for force in ZONES for day in (date(2025, 12, 25), date(2026, 4, 3), date(2026, 4, 6))]
# A month, or 28 days, before the clocks change in one of the zones.
BEFORE_CHANGES = (
    date(2025, 9, 26), date(2025, 9, 28), date(2025, 10, 2), date(2025, 10, 5), date(2026, 2, 8), date(2026, 3, 1),
)  # fmt: skip
# The logs of which one row is one case or one call, and columns their source may not deliver.
ROW_BY_ROW = {
    "calls": ["abandoned_at", "dialled_at"],
    "incidents": ["arrived_at", "eta_given", "setting_final"],
    "messages": ["opened_at", "detail_promised_for"],
    "dissatisfactions": ["became_aware_at", "plan_due_at"],
}
BY_NEIGHBOURHOOD: dict[str, tuple[Drawer, tuple[str, ...]]] = {
    "neighbourhoods": (neighbourhood_rows.neighbourhoods, ()),
    "meetings": (neighbourhood_rows.meetings, ("held",)),
    "updates": (neighbourhood_rows.updates, ("outcomes",)),
    "duties": (neighbourhood_rows.duties, ()),
    "agreed_hours": (neighbourhood_rows.agreed_hours, ()),
    "postings": (neighbourhood_rows.postings, ("ended_on",)),
    "team_pages": (neighbourhood_rows.team_pages, ("base_given",)),
    "surveys": (neighbourhood_rows.century, ()),
    "counter_visits": (neighbourhood_rows.counter_visits, ("advertised_open",)),
}


def drawn_logs(seed: int = 2008) -> dict[str, Rows]:
    """Every log, and the missed cases of a run before (`cases`)."""
    random = Random(seed)
    logs: dict[str, Rows] = {name: _row_by_row(name, lacks, random) for name, lacks in ROW_BY_ROW.items()}
    for name, (draw, lacks) in BY_NEIGHBOURHOOD.items():
        logs[name] = []
        for force, zone in ZONES.items():
            there = neighbourhood_rows.Drawn(random.randint(0, 2**32), AS_AT, zone, lacks)
            logs[name] += [{**row, "force": force} for row in draw(there)]
    return {log: _distinct(log, found) for log, found in {**logs, **_victims(random)}.items()} | _missed(random)


def _row_by_row(log: str, lacks: Sequence[str], random: Random) -> Rows:
    found: Rows = []
    # What weights the kinds of calls knows nothing of those of messages.
    drawn = [column for column in LOGS[log].columns if log == "calls" or column.name != "kind"]
    contract = replace(LOGS[log], columns=tuple(drawn))
    for force in ZONES:
        for night in NIGHTS.values():
            likely: Mapping[str, object] = {"reply_needed": True}
            given = Circumstances(random.randint(0, 2**32), min(night, AS_AT), AS_AT, LIMITS, lacks, likely)
            told = rows(contract, force, given, 120)
            found += [
                {"kind": "public", **row, contract.keys[0]: f"{night:%y%m%d} {row[contract.keys[0]]}"} for row in told
            ]
    return found


def _victims(random: Random) -> dict[str, Rows]:
    cases = [victim_rows.victim_case(random, number, "victim_cases.agreed_at") for number in range(300)]
    cases += _due_as_clocks_change(random)
    return {
        "victim_cases": cases,
        "victim_contacts": [row for case in cases for row in victim_rows.contacts(random, case)],
        "victim_events": [row for case in cases for row in victim_rows.events(random, case)],
    }


def _due_as_clocks_change(random: Random) -> Rows:
    """Open cases, a quarter of an hour apart, whose limit may end in an hour that comes twice or not at all."""
    found: Rows = []
    still_open = dict.fromkeys(("agreed_at", "update_every_days", "update_until", "updates_declined_at", "closed_at"))
    for force, zone in ZONES.items():
        for day in BEFORE_CHANGES:
            midnight = datetime.combine(day, time(), ZoneInfo(zone))
            for quarter in range(16):
                opened = {"force": force, "opened_at": (midnight + quarter * timedelta(minutes=15)).astimezone(UTC)}
                found.append({**victim_rows.victim_case(random, 1000 + len(found)), **still_open, **opened})
    return found


def _missed(random: Random) -> dict[str, Rows]:
    standard = {"standard": "policing_pledge_2008", "state": "missed"}
    missed = [victim_rows.missed_case(random, number) | standard for number in range(300)]
    said = [victim_rows.explanation(random, number, case) for number, case in enumerate(random.sample(missed, 120))]
    return {"cases": [row | {"due_at": row["missed_at"]} for row in missed], "explanations": said}


def _distinct(log: str, found: Rows) -> Rows:
    return list({tuple(row[name] for name in LOGS[log].keys): row for row in found}.values())


def kept(folder: Path, logs: Mapping[str, Rows]) -> dict[str, list[str]]:
    """The rows as the lake keeps them, one Parquet file for each force; the files of each log."""
    files: dict[str, list[str]] = {}
    for log, found in logs.items():
        of_cases = log == "cases"
        schema = schema_of("cases") if of_cases else log_schema(LOGS[log])
        parts = ("standard", "measure", "force", "month") if of_cases else ("force", "month")
        shape = pa.schema([field for field in schema if field.name not in parts])
        slices: dict[tuple[str, ...], Rows] = {}
        for row in found:
            slices.setdefault(tuple(row.get(part) or "2026-01" for part in parts), []).append(row)
        for names, own in slices.items():
            inside = [f"{part}={name}" for part, name in zip(parts, names, strict=True)]
            path = folder.joinpath(log, *inside, "rows.parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(own, shape), path)
            files.setdefault(log, []).append(str(path))
    return files
