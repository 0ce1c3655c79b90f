"""Small logs, written by hand: rows as dicts with only what matters, the rest filled in."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

Row = dict[str, str]


def call(call_id: str, at: str, seconds: float | None = 5, **more: str) -> Row:
    """A 999 call to norfolk, answered after so many seconds (None: neither answered nor abandoned nor ended)."""
    row = {"call_id": call_id, "force": "norfolk", "area": "north", "line": "999", "kind": "public", "received_at": at}
    for column in ("answered_at", "abandoned_at", "ended_at"):
        row[column] = ""
    if seconds is not None:
        row["answered_at"], row["ended_at"] = later(at, seconds), later(at, seconds + 60)
    return {**row, **more}


def incident(incident_id: str, at: str, minutes: float | None = 10, **more: str) -> Row:
    """An urban emergency in norfolk, reached after so many minutes (None: nobody there yet, and still open)."""
    row = {
        "incident_id": incident_id, "force": "norfolk", "area": "north", "neighbourhood": "N1", "origin": "public",
        "received_at": at, "created_at": later(at, 30), "grade_first": "emergency", "grade_final": "emergency",
        "setting_first": "urban", "setting_final": "urban", "vulnerable": "false", "neighbourhood_priority": "false",
        "eta_given": "true", "dispatched_at": later(at, 60), "arrived_at": "", "appointment_at": "",
        "appointment_requested_later": "false", "appointment_kept_at": "", "advice_given_at": "", "cancelled_at": "",
        "duplicate_of": "", "closed_at": "",
    }  # fmt: skip
    if minutes is not None:
        row["arrived_at"], row["closed_at"] = later(at, minutes * 60), later(at, minutes * 60 + 3600)
    return {**row, **more}


def later(at: str, seconds: float) -> str:
    return (datetime.fromisoformat(at) + timedelta(seconds=seconds)).isoformat(sep=" ")


def write(folder: Path, log: str, rows: list[Row], without: tuple[str, ...] = ()) -> Path:
    """Write `<log>.csv`; a log without rows has the header of its builder's rows all the same."""
    path = folder / f"{log}.csv"
    example = rows[0] if rows else {"calls": call, "incidents": incident}[log]("x", "2026-01-01 00:00:00")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [name for name in example if name not in without], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path
